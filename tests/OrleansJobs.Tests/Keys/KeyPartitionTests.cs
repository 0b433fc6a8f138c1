using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>Limits of keys as a partition keeps them.</summary>
public class KeyPartitionTests
{
    private const string Key = "tenant/7";
    private readonly CoreDriver _driver = new();

    [Fact]
    public void NoMoreRunThanMay_AndAnEndLetsTheNextStart()
    {
        Rule(new() { Concurrency = 2 });
        for (var i = 0; i < 5; i++) Submit($"j{i}");
        var leases = _driver.Take(want: 10);
        Assert.Equal(["j0", "j1"], leases.Select(lease => lease.Id));
        Assert.Empty(_driver.Take(want: 10));
        _driver.Report(leases[0], ReportKind.Succeeded);
        Assert.Equal("j2", Assert.Single(_driver.Take(want: 10)).Id);
        Assert.Equal(2, _driver.Core.Keys.Find(Key)!.Running);
    }

    [Fact]
    public void PermitsComeBack_WhenTheLeasesDo_AndWithAnotherActivationToo()
    {
        Rule(new() { Concurrency = 1 });
        Submit("a");
        Submit("b");
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        _driver.Core.Suspects.Crash(CoreDriver.SiloA.ToParsableString(), _driver.Now);
        var lease = Assert.Single(_driver.Take(CoreDriver.Worker(CoreDriver.SiloB), 5));
        Assert.Equal("a", lease.Id);
        _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void ARate_SurvivesAnotherActivation()
    {
        Rule(new() { Rate = new(1, 60_000, 2) });
        for (var i = 0; i < 5; i++) Submit($"j{i}");
        Assert.Equal(2, _driver.Take(want: 5).Count);
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        _driver.Now += 59_999;
        Assert.Empty(_driver.Take(want: 5));
        _driver.Now += 1;
        Assert.Single(_driver.Take(want: 5));
        Assert.Equal(_driver.Now + 60_000, _driver.Core.NextDue(_driver.Now));
        // What clocks may differ by gives nothing, where another activation goes on.
        _driver.Now += 60_000;
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        _driver.Now += (long)_driver.Options.ClockTolerance.TotalMilliseconds;
        Assert.Single(_driver.Take(want: 5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatNeverStarted_IsNoStartOfARate(bool isUndone)
    {
        Rule(new() { Rate = new(1, 86_400_000) });
        Submit("a");
        var lease = Assert.Single(_driver.Take(want: 5));
        _driver.Now += 250;
        if (isUndone)
        {
            _driver.Reopen();
            _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
            _driver.Commit();
            // For as long as clocks may differ by, time has given nothing back.
            _driver.Now += 2 * (long)_driver.Options.ClockTolerance.TotalMilliseconds;
        }
        else Return(lease);

        lease = Assert.Single(_driver.Take(want: 5));
        // One that did start counts, whatever becomes of it.
        _driver.Report(lease, ReportKind.Returned);
        Assert.Empty(_driver.Take(want: 5));
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
    }

    [Fact]
    public void WhatNeverStarted_GivesNothingBack_OfARateThatDidNotCountIt()
    {
        foreach (var id in (string[])["a", "b", "c"]) Submit(id);
        var early = Assert.Single(_driver.Take());
        _driver.Now += 1000;
        Rule(new() { Rate = new(1, 86_400_000) });
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
        Return(early);
        Assert.Empty(_driver.Take(want: 5));
        // Nor of one whose place time has given to another by now.
        Rule(new() { Rate = new(1, 1000) });
        _driver.Now += 86_400_000;
        var late = Assert.Single(_driver.Take(want: 5));
        _driver.Now += 1000;
        Assert.Single(_driver.Take(want: 5));
        Return(late);
        Assert.Empty(_driver.Take(want: 5));
    }

    [Fact]
    public void ARateThatHasRecovered_IsForgotten()
    {
        Rule(new() { Rate = new(1, 1000) });
        Submit("a");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        Assert.NotNull(_driver.Rows(new(GridLayout.Keys.Rates), Key)[0]);
        _driver.Now += 1000;
        Sweep();
        Assert.Null(_driver.Rows(new(GridLayout.Keys.Rates), Key)[0]);
        _driver.Core.Jobs.Index.ForgetAll();
        _driver.Core.Keys.Sweep(_driver.Now);
        Assert.Empty(_driver.Core.Keys.Lines);
        Assert.False(_driver.Core.Keys.HasTurns);
    }

    [Fact]
    public void InOrder_OneThatIsToRunAgain_HoldsTheOthers()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        Submit("b", type: "work");
        Submit("a", priority: 9);
        Submit("c");
        var lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Report(lease, ReportKind.FailedOnce, error: new("error", null, "no"), delay: TimeSpan.FromSeconds(5));
        Assert.Empty(_driver.Take(want: 5));
        _driver.Now += 5000;
        _driver.Reopen();
        lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Report(lease, ReportKind.Succeeded);
        lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("a", lease.Id);
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.Equal("c", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void InOrderOfStarts_OneThatIsToRunAgain_LetsOthersPass_AndComesByWhenItIsDue_OrWhereItStood()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.FifoStart });
        foreach (var id in (string[])["a", "b", "c"]) Submit(id);
        var lease = Assert.Single(_driver.Take(want: 5));
        _driver.Report(lease, ReportKind.FailedOnce, error: new("error", null, "no"), delay: TimeSpan.FromSeconds(5));
        lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Now += 5000;
        _driver.Report(lease, ReportKind.Returned);
        // What is handed back is due at once, and stands where it stood.
        lease = Assert.Single(_driver.Take(want: 5));
        Assert.Equal("b", lease.Id);
        _driver.Report(lease, ReportKind.Succeeded);
        // What had to wait stands among the others by when it is due: behind those that were submitted before that, before those that come later.
        Submit("d");
        foreach (var id in (string[])["c", "a", "d"])
        {
            lease = Assert.Single(_driver.Take(want: 5));
            Assert.Equal(id, lease.Id);
            _driver.Report(lease, ReportKind.Succeeded);
        }
    }

    [Fact]
    public void SubmitsOfOneMillisecond_StartInTheOrderInWhichTheyCame()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"{(i * 37) % 50:00}-x")];
        foreach (var id in ids) Submit(id);
        _driver.Reopen();
        Assert.Equal(ids, ids.Select(_ =>
        {
            var lease = Assert.Single(_driver.Take(want: 3));
            _driver.Report(lease, ReportKind.Succeeded);
            return lease.Id;
        }));
    }

    [Fact]
    public void AnotherRule_HoldsAtOnce_AndWhatRunsGoesOn()
    {
        for (var i = 0; i < 6; i++) Submit($"j{i}");
        var leases = _driver.Take(want: 3);
        Assert.Equal(3, leases.Count);
        Rule(new() { Concurrency = 2 });
        Assert.Empty(_driver.Take(want: 5));
        _driver.Report(leases[0], ReportKind.Succeeded);
        Assert.Empty(_driver.Take(want: 5));
        _driver.Report(leases[1], ReportKind.Succeeded);
        Assert.Single(_driver.Take(want: 5));
        Rule(new() { Concurrency = 4 });
        Assert.Equal(2, _driver.Take(want: 5).Count);
    }

    [Fact]
    public void APausedKey_StartsNothing_AndOthersDo()
    {
        Rule(new() { Concurrency = 5 }, "tenant", isPaused: true);
        Submit("a");
        _driver.Submit("b", job => job with { Key = "other/1" });
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        Rule(new() { Concurrency = 5 }, "tenant");
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void ASingleKeysRule_GoesBeforeItsPrefixs_AndThatBeforeTheConfigured()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, Keys = { ["tenant"] = new() { Concurrency = 3 }, ["tenant/9"] = new() { Concurrency = 1 } } });
        var rules = driver.Core.Keys.Rules;
        Assert.Equal((3, "configuration"), (rules.RuleOf(Key).Rule!.Concurrency!.Value, rules.RuleOf(Key).From));
        rules.Take("tenant", rules.Next("tenant", new() { Concurrency = 4 }, null, driver.Now));
        Assert.Equal((4, "tenant"), (rules.RuleOf(Key).Rule!.Concurrency!.Value, rules.RuleOf(Key).From));
        Assert.Equal((1, "configuration"), (rules.RuleOf("tenant/9").Rule!.Concurrency!.Value, rules.RuleOf("tenant/9").From));
        rules.Take(Key, rules.Next(Key, new() { Concurrency = 5 }, null, driver.Now));
        Assert.Equal((5, Key), (rules.RuleOf(Key).Rule!.Concurrency!.Value, rules.RuleOf(Key).From));
        // What is older than what is known changes nothing.
        Assert.False(rules.Take(Key, new KeySetting(1, null, null)));
        rules.Take(Key, rules.Next(Key, null, null, driver.Now));
        Assert.Equal("tenant", rules.RuleOf(Key).From);
        Assert.Equal(default, rules.RuleOf("other"));
    }

    [Fact]
    public void ALineThatIsLongerThanTheWindow_StaysInOrder()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, WindowJobs = 16 });
        var rules = driver.Core.Keys.Rules;
        rules.Take(Key, rules.Next(Key, new() { Concurrency = 1, Order = KeyOrder.Fifo }, null, driver.Now));
        string[] ids = [.. Enumerable.Range(0, 200).Select(i => $"{(i * 73) % 200:000}-x")];
        for (var i = 0; i < ids.Length; i++) driver.Submit(ids[i], job => job with { Key = Key, Type = i % 3 == 0 ? "work" : "other" });
        driver.Commit();
        driver.Reopen();
        var order = new List<string>();
        while (order.Count < ids.Length)
        {
            var lease = Assert.Single(driver.Take(CoreDriver.Worker(null, "work", "other"), want: 3));
            driver.Report(lease, ReportKind.Succeeded);
            order.Add(lease.Id);
        }

        Assert.Equal(ids, order);
    }

    [Fact]
    public void WhatCameTooSoon_IsNoMoreLetIn_ByAskingForItAgain()
    {
        Rule(new() { Rate = new(1, 60_000, 1, Rejects: true) });
        var jobs = Enumerable.Range(0, 3).Select(i => _driver.Core.Jobs.SubmitInside(new() { Id = $"j{i}", Type = "work", Args = "{}"u8.ToArray(), Key = Key }, _driver.Now)).ToArray();
        _driver.Commit();
        Assert.Equal([null, JobErrorCodes.Throttled, JobErrorCodes.Throttled], jobs.Select(job => job.Outcome?.Error?.Code));
        Assert.False(Retry("j1"));
        _driver.Now += 60_000;
        Assert.True(Retry("j1"));
        Assert.False(Retry("j2"));
        // Counted as those that are submitted are.
        Assert.Equal(_driver.Now + 60_000, _driver.Core.Keys.TooSoon(Key, _driver.Now));
        // A flow that runs its children again is told of those that are refused still.
        Assert.True(Retry("j2", round: 3));
        var refused = _driver.Bring("j2");
        Assert.Equal((JobPlace.Finished, JobErrorCodes.Throttled, 3), (refused.Place, refused.Outcome!.Error!.Code, refused.Track.Round));
        Assert.Equal(JobState.Failure, _driver.Status("j2")!.State);
        Assert.Equal(["j0", "j1"], _driver.Take(want: 5).Select(lease => lease.Id).Order());
        // One that ran, and failed by the same word, was counted when it came.
        _driver.Core.Attempts.Report(new() { Id = "j1", Token = _driver.Core.Jobs.FindLeased("j1")!.Track.Token, Kind = ReportKind.Failed, Error = new(JobErrorCodes.Throttled, null, "by its handler") }, _driver.Now);
        _driver.Commit();
        Assert.True(Retry("j1"));

        bool Retry(string id, int? round = null)
        {
            var isDone = _driver.Core.Orders.Retry(_driver.Bring(id), new("test"), _driver.Now, round);
            _driver.Commit();
            return isDone;
        }
    }

    [Fact]
    public void WhatFollowsFromSomethingAccepted_OpensNoMoreLanesOfKeysThanThereMayBe()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, MaxLanes = 20, MaxLanesPerKey = 5 });
        var children = Enumerable.Range(0, 40).Select(i => Start($"c{i}", $"tenant/{i}", i < 10 ? "somebody" : null)).ToArray();
        driver.Commit();
        var refused = children.Where(child => child.Outcome?.Error?.Code == JobErrorCodes.Overloaded).Select(child => child.Id).ToList();
        Assert.Equal(5, refused.Count(id => int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture) < 10));
        Assert.Equal((20, 20), (children.Count(child => child.Outcome is null), driver.Core.Jobs.Unfinished));
        // What has a place finds it, and what has no key is taken as ever.
        Assert.Null(Start("more", "tenant/0", "somebody").Outcome);
        Assert.Null(Start("plain", null, null).Outcome);

        LiveJob Start(string id, string? key, string? owner) =>
            driver.Core.Jobs.SubmitInside(new() { Id = id, Type = "work", Args = "{}"u8.ToArray(), Key = key, Owner = owner }, driver.Now);
    }

    [Fact]
    public void OfWhatJobsSayOfTheWeight_TheNewestCounts_InWhateverOrderTheyAreRead()
    {
        foreach (var (id, weight) in (ValueTuple<string, int?>[])[("a", 2), ("b", 5), ("c", null)]) _driver.Submit(id, job => job with { Key = Key, Weight = weight, Countdown = 60_000 });
        _driver.Commit();
        _driver.Reopen();
        foreach (var id in (string[])["c", "b", "a"]) _driver.Bring(id);
        Assert.Equal(5, _driver.Core.Keys.Find(Key)!.Weight);
        _driver.Submit("d", job => job with { Key = Key, Weight = 3 });
        Assert.Equal(3, _driver.Core.Keys.Find(Key)!.Weight);
    }

    [Fact]
    public void WithoutKeys_NothingIsKeptOfThem()
    {
        _driver.Submit("plain");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        Assert.Empty(_driver.Core.Keys.Lines);
        Assert.False(_driver.Core.Keys.HasTurns);
        Assert.Null(_driver.Core.Keys.NextWake);
    }

    private void Return(Lease lease)
    {
        Assert.True(_driver.Core.Attempts.Report(new() { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Returned, NeverStarted = true }, _driver.Now));
        _driver.Commit();
    }

    private void Sweep()
    {
        _driver.Core.Keys.Sweep(_driver.Now);
        _driver.Commit();
    }

    private LiveJob Submit(string id, string type = "work", int priority = JobLimits.DefaultPriority)
    {
        var job = _driver.Submit(id, job => job with { Key = Key, Type = type, Priority = priority });
        _driver.Commit();
        return job;
    }

    private void Rule(KeyRule rule, string name = Key, bool isPaused = false)
    {
        var keys = _driver.Core.Keys;
        keys.Rules.Take(name, keys.Rules.Next(name, rule, isPaused ? new("test", DateTimeOffset.UnixEpoch) : null, _driver.Now));
        keys.Changed(name, _driver.Now);
        _driver.Commit();
    }
}
