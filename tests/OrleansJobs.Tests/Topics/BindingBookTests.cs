using OrleansJobs.Hosting;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Topics;

namespace OrleansJobs.Tests.Topics;

/// <summary>What the home of bindings stores and tells, and what every partition stores of it.</summary>
public class BindingBookTests
{
    private readonly JobGridOptions _options = new() { Partitions = 1, Topics = { MaxBindings = 5, MaxBindingBytes = 2000 } };
    private readonly CoreDriver _driver;

    public BindingBookTests() => _driver = new CoreDriver(_options);

    [Fact]
    public void WhatIsPut_IsThereAfterTheNextOpening_AndWhatIsDeletedIsNot()
    {
        Put("a", "orders.#", """{"x":1}""");
        Put("b", "#");
        Put("a", "orders.*");
        Assert.True(_driver.Core.Bindings.Delete("b", _driver.Now));
        Assert.False(_driver.Core.Bindings.Delete("b", _driver.Now));
        var version = _driver.Core.Bindings.Known;
        _driver.Commit();
        _driver.Reopen();
        Assert.Equal((null, version.Number), (_driver.Core.Bindings.Find("b"), _driver.Core.Bindings.Known.Number));
        Assert.Equal(("orders.*", "work", null), (_driver.Core.Bindings.Find("a")!.Pattern, _driver.Core.Bindings.Find("a")!.Type, _driver.Core.Bindings.Find("a")!.Args));
    }

    [Fact]
    public void AVersionOfBeforeOpeningsCounted_IsRead()
    {
        Assert.Equal(new(0, 7), BindingRecord.DecodeVersion(BitConverter.GetBytes(7L)));
        Assert.Equal(new(3, 7), BindingRecord.DecodeVersion(BindingRecord.Encode(new BindingsVersion(3, 7))));
    }

    [Fact]
    public void Versions_OnlyGrow_AlsoWhereTheClockGoesBack_AndOverOpenings()
    {
        var last = 0L;
        for (var i = 0; i < 6; i++)
        {
            var version = Put("a", $"k{i}").Version;
            Assert.True(version > last, $"{version} after {last}");
            last = version;
            _driver.Commit();
            if (i == 2) _driver.Now -= 100_000;
            if (i == 4) _driver.Reopen();
        }
    }

    [Fact]
    public void WhoKnowsAVersion_IsToldWhatHasChangedSince_AndWhoKnowsNone_ReadsAll()
    {
        Put("a", "x");
        var first = _driver.Core.Bindings.Known;
        Put("b", "y");
        _driver.Core.Bindings.Delete("a", _driver.Now);
        var changes = _driver.Core.Bindings.ChangesAfter(first);
        Assert.False(changes.HasGap);
        Assert.Equal([("b", true), ("a", false)], changes.Changes.Select(change => (change.Name, change.Binding is not null)));
        _driver.Commit();
        _driver.Reopen();
        Assert.True(_driver.Core.Bindings.ChangesAfter(first).HasGap);
        // Of what the opening before it has said, nobody knows whether all of it was kept.
        Assert.True(_driver.Core.Bindings.ChangesAfter(changes.Version).HasGap);
        Assert.False(_driver.Core.Bindings.ChangesAfter(_driver.Core.Bindings.Known).HasGap);
        Assert.Equal(["b"], _driver.Core.Bindings.Page("", 10).Bindings.Select(binding => binding.Id));
    }

    [Fact]
    public void Pages_AreInTheOrderOfNames()
    {
        foreach (var id in (string[])["c", "a", "b"]) Put(id, "x");
        var page = _driver.Core.Bindings.Page("", 2);
        Assert.Equal("a b True", $"{string.Join(" ", page.Bindings.Select(binding => binding.Id))} {page.HasMore}");
        page = _driver.Core.Bindings.Page("b", 2);
        Assert.Equal("c False", $"{string.Join(" ", page.Bindings.Select(binding => binding.Id))} {page.HasMore}");
    }

    [Fact]
    public void Bounds_CountNamesAndBytes_AndWhatIsReplacedMakesRoom()
    {
        for (var i = 0; i < 5; i++) Put($"b{i}", "x");
        Assert.True(_driver.Core.Bindings.IsFullFor(Binding("more", "x")));
        Assert.False(_driver.Core.Bindings.IsFullFor(Binding("b1", "y")));
        var large = $$"""{"x":"{{new string('x', 1900)}}"}""";
        Put("b1", "x", large);
        Assert.False(_driver.Core.Bindings.IsFullFor(Binding("b1", "x", large)));
        Assert.True(_driver.Core.Bindings.IsFullFor(Binding("b2", "x", large)));
        _driver.Core.Bindings.Delete("b1", _driver.Now);
        Assert.False(_driver.Core.Bindings.IsFullFor(Binding("b2", "x", large)));
    }

    [Fact]
    public void WhatAPartitionMustKnow_IsStored_AndALaterOpeningOfTheirHomeGoesBeforeAllThatEarlierOnesSaid()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = Enumerable.Range(2, 100).First(partitions => TopicHome.Of(partitions) != 0) });
        // Where nothing was ever bound, nothing is stored of it.
        driver.Core.Bindings.Know(new(3, 0));
        Assert.False(driver.Core.Changes.HasAny);
        foreach (var (told, known) in ((BindingsVersion, BindingsVersion)[])[
            (new(3, 7), new(3, 7)), (new(3, 5), new(3, 7)), (new(2, 9), new(3, 7)), (new(4, 6), new(4, 6)), (new(5, 0), new(5, 0))])
        {
            driver.Core.Bindings.Know(told);
            driver.Commit();
            driver.Reopen();
            Assert.Equal(known, driver.Core.Bindings.Known);
        }
    }

    [Fact]
    public void AHomeThatKnowsLessThanItHadTold_CountsOnFromThere()
    {
        Put("a", "x");
        var told = _driver.Core.Bindings.Known with { Number = _driver.Core.Bindings.Known.Number + 1_000_000 };
        _driver.Core.Bindings.Know(told);
        Assert.True(Put("b", "y").Version > told.Number);
        Assert.False(_driver.Core.Bindings.ChangesAfter(told).HasGap);
        _driver.Commit();
        _driver.Reopen();
        Assert.True(_driver.Core.Bindings.Known.Number > told.Number);
        Assert.Throws<InvalidOperationException>(() => _driver.Core.Bindings.Know(new(_driver.Core.Generation + 1, 0)));
    }

    [Theory]
    [InlineData("", "x", "work", null, null, "/id")]
    [InlineData("a b", "x", "work", null, null, "/id")]
    [InlineData("a", "x..y", "work", null, null, "/pattern")]
    [InlineData("a", "x", "no type", null, null, "/type")]
    [InlineData("a", "x", "oj-flow", null, null, "/type")]
    [InlineData("a", "x", "work", "no queue", null, "/queue")]
    [InlineData("a", "x", "work", "oj-flows", null, "/queue")]
    [InlineData("a", "x", "work", null, "[]", "/args")]
    [InlineData("a", "x", "work", null, "{", "/args")]
    [InlineData("a", "x", "work", null, """{"event":1}""", "/args/event")]
    [InlineData("a", "x", "work", null, """{"\u0065vent":1}""", "/args/event")]
    [InlineData("a", "x", "work", null, """{"x\ud800":1}""", "/args")]
    [InlineData("a", "x", "work", null, """{"x":{"y":["\udc00"]}}""", "/args")]
    [InlineData("a", "x", "work", null, """{"x":1}{}""", "/args")]
    public void WhatIsNoBinding_IsRefused(string id, string pattern, string type, string? queue, string? args, string pointer)
    {
        var binding = new TopicBinding { Id = id, Pattern = pattern, Type = type, Queue = queue, Args = args is null ? null : System.Text.Encoding.UTF8.GetBytes(args) };
        Assert.Equal(pointer, Assert.Single(binding.Check()).Pointer);
    }

    [Fact]
    public void Arguments_AreTheBindings_WithWhatWasPublished_OrThatAlone()
    {
        var told = new TopicEvent { Id = "oj-1", EventId = "e-1", Key = "a.b", Data = """{"n":[1, 2]}"""u8.ToArray() };
        Assert.Equal("""{"n":[1, 2]}""", System.Text.Encoding.UTF8.GetString(TopicArgs.Of(Binding("a", "#"), told)));
        Assert.Equal(
            """{"to":"x", "deep":{"event":1},"event":{"id":"e-1","key":"a.b","data":{"n":[1, 2]}}}""",
            System.Text.Encoding.UTF8.GetString(TopicArgs.Of(Binding("a", "#", """{"to":"x", "deep":{"event":1}} """), told)));
        Assert.Equal("""{ "event":{"id":"e-1","key":"a.b","data":{"n":[1, 2]}}}""", System.Text.Encoding.UTF8.GetString(TopicArgs.Of(Binding("a", "#", "{ }"), told)));
    }

    /// <summary>Whatever a binding adds, an event that may be published fits a job.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(40_000)]
    [InlineData(256 << 10)]
    public void Arguments_FitAJob_WhateverABindingAdds(int limit)
    {
        var limits = new JobLimits { MaxArgsBytes = limit };
        Assert.InRange(TopicArgs.MostData(limits), 1, limit);
        var told = new TopicEvent
        {
            Id = "oj-1", EventId = new('"', TopicEvent.MaxIdLength), Key = new('+', TopicPatterns.MaxLength), Data = new byte[TopicArgs.MostData(limits)],
        };
        Array.Fill(told.Data, (byte)'1');
        Assert.True(TopicArgs.Of(Binding("a", "#"), told).Length <= limit);
        if (TopicArgs.MostArgs(limits) < 10) return;
        var args = $$"""{"x":"{{new string('x', TopicArgs.MostArgs(limits) - 8)}}"}""";
        Assert.InRange(TopicArgs.Of(Binding("a", "#", args), told).Length, limit / 2, limit);
    }

    private TopicBinding Put(string id, string pattern, string? args = null) => _driver.Core.Bindings.Put(Binding(id, pattern, args), _driver.Now);

    private static TopicBinding Binding(string id, string pattern, string? args = null) =>
        new() { Id = id, Pattern = pattern, Type = "work", Args = args is null ? null : System.Text.Encoding.UTF8.GetBytes(args) };
}
