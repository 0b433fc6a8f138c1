using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>What is left of keys that nothing is said of any more, and what plain jobs see of keys whose jobs have gone.</summary>
public class KeyNamesTests
{
    private readonly CoreDriver _driver = new(new JobGridOptions { Partitions = 1, MaxKeyRules = 10 });

    [Fact]
    public void NamesThatNothingIsSaidOfAnyMore_AreForgotten()
    {
        for (var i = 0; i < 100; i++)
        {
            var name = $"tenant/{i}";
            Assert.False(_driver.Core.Keys.Rules.IsFull);
            Say(name, new() { Concurrency = 1 });
            Say(name, null);
            Assert.Null(_driver.Rows(new(GridLayout.Keys.Settings), name)[0]);
            Sweep();
            Assert.Null(_driver.Core.Keys.Rules.Last(name));
        }

        // Those that count are the ones with something said of them.
        for (var i = 0; i < 10; i++) Say($"tenant/{i}", new() { Concurrency = 1 });
        Assert.True(_driver.Core.Keys.Rules.IsFull);
    }

    [Fact]
    public void APrefix_IsRememberedForAnHour_SoThatNoOldWordCounts()
    {
        Say("tenant", new() { Concurrency = 1 });
        var old = _driver.Core.Keys.Rules.Find("tenant")!;
        Say("tenant", null);
        Sweep();
        _driver.Reopen();
        Assert.False(_driver.Core.Keys.Rules.Take("tenant", old));
        _driver.Now += 3_600_001;
        Sweep();
        Sweep();
        Assert.Null(_driver.Core.Keys.Rules.Last("tenant"));
        Assert.Null(_driver.Rows(new(GridLayout.Keys.Settings), "tenant")[0]);
    }

    [Fact]
    public void ANameThatIsSaidAgain_WhileItsRowIsBeingStruck_Stays()
    {
        var rules = _driver.Core.Keys.Rules;
        Say("tenant/1", new() { Concurrency = 1 });
        rules.Take("tenant/1", rules.Next("tenant/1", null, null, _driver.Now));
        rules.Sweep(_driver.Now);
        rules.Take("tenant/1", rules.Next("tenant/1", new() { Concurrency = 2 }, null, _driver.Now));
        _driver.Commit();
        Sweep();
        _driver.Reopen();
        Assert.Equal(2, _driver.Core.Keys.Rules.Find("tenant/1")!.Rule!.Concurrency);
    }

    [Fact]
    public void KeysWhoseJobsHaveGone_CostPlainJobsNothing()
    {
        _driver.Submit("keyed", job => job with { Key = "tenant/1" });
        _driver.Submit("plain");
        _driver.Commit();
        var lane = _driver.Core.Jobs.Find("plain")!.Lane;
        _driver.Core.Jobs.Index.Advance(_driver.Now);
        Assert.True(_driver.Core.Keys.HasTurnsIn(lane));
        var leases = _driver.Take(want: 5);
        Assert.Equal(2, leases.Count);
        // Its lane is kept for a while, empty.
        Assert.Contains(_driver.Core.Jobs.Lanes, other => other.Line is not null);
        Assert.False(_driver.Core.Keys.HasTurns);
        Assert.False(_driver.Core.Keys.HasTurnsIn(lane));
    }

    [Fact]
    public void WhatAKeyOfSeveralLanesAllows_IsCountedOnce()
    {
        string[] types = ["a", "b", "c"];
        Say("tenant/1", new() { Concurrency = 2 });
        foreach (var type in types)
        {
            for (var i = 0; i < 3; i++) _driver.Submit($"{type}{i}", job => job with { Key = "tenant/1", Type = type });
        }

        _driver.Submit("plain", job => job with { Type = "a" });
        _driver.Commit();
        Assert.Equal(3, Count(CoreDriver.Worker(null, types)));
        Assert.Equal(2, Count(CoreDriver.Worker(null, "b")));
        Assert.Equal(3, _driver.Take(CoreDriver.Worker(null, types), 10).Count);
        Assert.Equal(0, Count(CoreDriver.Worker(null, types)));
    }

    private int Count(WorkerProfile worker) => _driver.Core.Dispatch.CountReadyFor(worker, _driver.Now, 100, null, out _);

    private void Say(string name, KeyRule? rule)
    {
        var keys = _driver.Core.Keys;
        Assert.True(keys.Rules.Take(name, keys.Rules.Next(name, rule, null, _driver.Now)));
        keys.Changed(name, _driver.Now);
        _driver.Commit();
    }

    private void Sweep()
    {
        _driver.Core.Keys.Sweep(_driver.Now);
        _driver.Commit();
    }
}
