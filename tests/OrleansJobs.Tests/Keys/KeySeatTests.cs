using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>Places in the line of a key: who keeps one, who loses it, and which lane goes first.</summary>
public class KeySeatTests
{
    private const string Key = "tenant/7";
    private static readonly JobError Error = new("error", null, "no");
    private readonly CoreDriver _driver = new(new JobGridOptions { Partitions = 1, WindowJobs = 8 });

    [Theory]
    [InlineData(KeyOrder.Any, false)]
    [InlineData(KeyOrder.Any, true)]
    [InlineData(KeyOrder.FifoStart, false)]
    [InlineData(KeyOrder.FifoStart, true)]
    public void AnOrderThatIsTakenBack_LetsOthersPass(KeyOrder order, bool reopens)
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        Submit("a");
        Submit("b");
        var lease = Assert.Single(_driver.Take(want: 5));
        _driver.Report(lease, ReportKind.FailedOnce, error: Error, delay: TimeSpan.FromHours(1));
        Assert.Empty(_driver.Take(want: 5));
        Rule(new() { Concurrency = 1, Order = order });
        // What is read from the store later on is looked at as well.
        if (reopens) _driver.Reopen();
        lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Report(lease, ReportKind.Succeeded);
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        _driver.Now += 3_600_000;
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void AnOrderThatIsTakenBack_LetsOthersPass_BehindManyThatWaitForTheirNextAttempt()
    {
        Rule(new() { Order = KeyOrder.Fifo });
        for (var i = 0; i < 30; i++) Submit($"{i:00}");
        // With any number at a time all start, fail, and keep their places.
        foreach (var lease in _driver.Take(want: 29).Concat(_driver.Take(want: 29)).ToList())
            if (lease.Id != "29") _driver.Report(lease, ReportKind.FailedOnce, error: Error, delay: TimeSpan.FromHours(1));
        Submit("last");
        Rule(new() { Order = KeyOrder.Any });
        _driver.Reopen();
        Assert.Contains("last", Enumerable.Range(0, 10).SelectMany(_ => _driver.Take(want: 5)).Select(lease => lease.Id));
        Assert.Equal(0, _driver.Core.Jobs.Orphans);
    }

    [Fact]
    public void ASeatThatWasTakenOver_IsKept_WhereTheAttemptIsGivenBack()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        var first = Submit("a");
        Submit("c");
        var replacing = Submit("b");
        _driver.Core.Orders.Cancel(first, new("test"), _driver.Now);
        _driver.Core.Jobs.TakeSeat(replacing, first.Seat);
        _driver.Commit();
        var lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Report(lease, ReportKind.Returned);
        _driver.Reopen();
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void AJobThatWasMovedForward_KeepsThePlaceOfWhenItWasDue()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        var job = _driver.Submit("a", job => job with { Key = Key, Countdown = 3_600_000 });
        _driver.Commit();
        _driver.Core.Orders.Move(job, _driver.Now, new("test"), _driver.Now);
        var lease = Assert.Single(_driver.Take(want: 5));
        _driver.Now += 10;
        Submit("b");
        _driver.Report(lease, ReportKind.FailedOnce, error: Error, delay: TimeSpan.FromSeconds(5));
        Assert.Empty(_driver.Take(want: 5));
        _driver.Reopen();
        _driver.Now += 5000;
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void AnotherPriority_LeavesOneThatTookAnothersSeat_InIt()
    {
        var first = Submit("a");
        _driver.Now += 10;
        Submit("c");
        var replacing = Submit("b");
        _driver.Core.Orders.Cancel(first, new("test"), _driver.Now);
        _driver.Core.Jobs.TakeSeat(replacing, first.Seat);
        _driver.Commit();
        Prioritise("b", 9);
        _driver.Reopen();
        Prioritise("c", 9);
        Assert.Equal(first.Seat, _driver.Bring("b").Seat);
        Assert.Equal(["b", "c"], _driver.Take(want: 2).Select(lease => lease.Id));
    }

    [Fact]
    public void AnotherPriority_MovesNobodyForward_WhoseNextAttemptIsDue()
    {
        Submit("a");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce, error: Error, delay: TimeSpan.FromMilliseconds(20));
        _driver.Now += 10;
        _driver.Submit("b", job => job with { Key = Key, Priority = 0 });
        _driver.Commit();
        _driver.Now += 20;
        var seat = _driver.Bring("a").Seat;
        Prioritise("a", 0);
        Assert.Equal(seat, _driver.Bring("a").Seat);
        _driver.Reopen();
        Assert.Equal(["b", "a"], _driver.Take(want: 2).Select(lease => lease.Id));
    }

    [Fact]
    public void LanesThatOtherPrioritiesMake_AreTheirsWhoMadeTheFirst()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, MaxLanesPerKey = 3 });
        for (var i = 0; i < 5; i++) driver.Submit($"{i}", job => job with { Owner = "greedy" });
        driver.Commit();
        Assert.Equal([null, null], ((int[])[5, 6]).Select(priority => driver.Core.Orders.Prioritise(driver.Bring($"{priority - 5}"), priority, new("test"), driver.Now)));
        Assert.Contains("'greedy'", driver.Core.Orders.Prioritise(driver.Bring("2"), 7, new("test"), driver.Now), StringComparison.Ordinal);
        Assert.Null(driver.Core.Orders.Prioritise(driver.Bring("2"), 6, new("test"), driver.Now));
    }

    [Fact]
    public void ASecondLane_IsShut_WhereTheFirstHasTheJobThatGoesFirst()
    {
        Rule(new() { Order = KeyOrder.Fifo });
        var job = Submit("a");
        // As a finished job of another type brings one when it is loaded.
        _driver.Core.Jobs.Index.Of(Lane.NameOf("default", JobLimits.DefaultPriority, "other", suspects: false, Key));
        _driver.Core.Jobs.Index.Advance(_driver.Now);
        Assert.True(job.Lane.IsReady(_driver.Now));
    }

    [Fact]
    public void OneThatIsSuspected_StillGoesFirst()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, PoisonCrashes = 2, PoisonCrashesInCompany = 100 });
        driver.Core.Keys.Rules.Take(Key, driver.Core.Keys.Rules.Next(Key, new() { Order = KeyOrder.Fifo }, null, driver.Now));
        driver.Core.Keys.Changed(Key, driver.Now);
        foreach (var id in (string[])["a", "b", "c"]) driver.Submit(id, job => job with { Key = Key });
        driver.Commit();
        Assert.Equal("a", Assert.Single(driver.Take()).Id);
        driver.Core.Suspects.Crash(CoreDriver.SiloA.ToParsableString(), driver.Now);
        driver.Commit();
        Assert.True(driver.Bring("a").Lane.Suspects);
        // Nobody asks for suspects here: those behind it wait all the same.
        Assert.Empty(driver.Take(CoreDriver.Worker(CoreDriver.SiloB), want: 5));
    }

    private LiveJob Submit(string id)
    {
        var job = _driver.Submit(id, job => job with { Key = Key });
        _driver.Commit();
        return job;
    }

    private void Prioritise(string id, int priority)
    {
        Assert.Null(_driver.Core.Orders.Prioritise(_driver.Bring(id), priority, new("test"), _driver.Now));
        _driver.Commit();
    }

    private void Rule(KeyRule rule)
    {
        var keys = _driver.Core.Keys;
        keys.Rules.Take(Key, keys.Rules.Next(Key, rule, null, _driver.Now));
        keys.Changed(Key, _driver.Now);
        _driver.Commit();
    }
}
