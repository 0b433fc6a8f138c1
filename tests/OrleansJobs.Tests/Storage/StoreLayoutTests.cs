using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

public class StoreLayoutTests
{
    public static readonly TheoryData<string> BadNames = ["", " ", "A", "aB", "a1", "a-b", "a.names", "a:b", "a_b", "{a}", "é", "a ", "meta", "grid"];

    private static readonly Func<StoreLayout, string, StorePart>[] Kinds =
    [
        (layout, name) => layout.Rows(name), (layout, name) => layout.Rows(name, readAtOpening: true), (layout, name) => layout.Set(name),
        (layout, name) => layout.Sets(name), (layout, name) => layout.Sets(name, readAtOpening: true), (layout, name) => layout.Logs(name),
        (layout, name) => layout.Counters(name), (layout, name) => layout.GridRows(name),
    ];

    /// <summary>As the first part of a layout, and as a later one.</summary>
    [Theory]
    [MemberData(nameof(BadNames))]
    public void ABadName_IsRefused(string name)
    {
        foreach (var kind in Kinds)
        {
            var layout = new StoreLayout();
            Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => kind(layout, name)).Message);
            layout.Rows("rows");
            Assert.Throws<ArgumentException>(() => kind(layout, name));
            Assert.Equal("rows", Assert.Single(layout.Parts).Name);
        }
    }

    [Fact]
    public void ANameThatIsTaken_IsRefused_WhateverItsKind()
    {
        foreach (var first in Kinds)
        {
            var layout = new StoreLayout();
            var part = first(layout, "taken");
            foreach (var second in Kinds) Assert.Contains("'taken'", Assert.Throws<ArgumentException>(() => second(layout, "taken")).Message);
            Assert.Same(part, Assert.Single(layout.Parts));
        }
    }

    [Fact]
    public void Parts_AreThoseThatWereAskedFor_InOrder()
    {
        var layout = new StoreLayout();
        StorePart[] parts = [.. Kinds.Select((kind, i) => kind(layout, $"part{(char)('a' + i)}"))];
        Assert.Equal(parts, layout.Parts);
        Assert.Equal(Enumerable.Range(0, parts.Length), parts.Select(part => part.Ordinal));
    }

    [Fact]
    public void ASetAmongOthers_HasAName() => Assert.Throws<ArgumentException>(() => TestLayout.Told[""]);

    [Fact]
    public async Task AnOpening_IsNotAskedForWhatItDoesNotRead()
    {
        var opening = await new MemoryPartitionStore(TestLayout.Layout).OpenAsync(0);
        Assert.Contains("heads", Assert.Throws<ArgumentException>(() => opening.Rows(TestLayout.Heads)).Message);
        Assert.Contains("quiet", Assert.Throws<ArgumentException>(() => opening.Sets(TestLayout.Quiet)).Message);
    }
}
