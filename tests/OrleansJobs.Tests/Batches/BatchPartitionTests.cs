using OrleansJobs.Batches;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Batches;

/// <summary>How a partition gathers jobs into batches, hands them out, and counts them.</summary>
public class BatchPartitionTests
{
    private const string Key = "tenant/7";
    private const long Wait = 5000;

    private static readonly WorkerProfile Worker = CoreDriver.Worker() with { Batches = [new("work", new(3, Wait))] };

    private readonly CoreDriver _driver = new();

    [Fact]
    public void AFullBatch_GoesAtOnce_AsOneOfThoseThatAreWanted()
    {
        _driver.Take(Worker);
        Submit("a", "b");
        Assert.Empty(_driver.Take(Worker, 10));
        Submit("c", "d");
        var batch = _driver.Take(Worker);
        Assert.Equal(["a", "b", "c"], batch.Select(lease => lease.Id));
        Assert.All(batch, lease => Assert.Equal(batch[0].Token, lease.Batch));
        Assert.Equal(3, batch.Select(lease => lease.Token).Distinct().Count());
        Assert.Empty(_driver.Take(Worker, 10));
    }

    [Fact]
    public void WhatHasWaitedLongEnough_GoesWithWhatIsThere_AndTheClockWakesFor()
    {
        _driver.Take(Worker);
        Submit("a");
        _driver.Now += 1000;
        Submit("b");
        var due = _driver.Now + Wait - 1000;
        Assert.Equal(due, _driver.Core.NextDue(_driver.Now));
        Assert.Equal(0, _driver.Core.Dispatch.CountReadyFor(Worker, due - 1, 10, null, out _));
        _driver.Now = due;
        Assert.Equal(1, _driver.Core.Dispatch.CountReadyFor(Worker, due, 10, null, out _));
        Assert.Equal(["a", "b"], _driver.Take(Worker).Select(lease => lease.Id));
    }

    [Fact]
    public void WhatWaitsForOthers_SaysSo()
    {
        _driver.Take(Worker);
        Submit("a", "b");
        var job = _driver.Core.Jobs.Find("b")!;
        var reason = Assert.Single(_driver.Core.Jobs.Batches.Refine(StatusOf.Live(job, _driver.Now), job, _driver.Now).WaitingFor);
        Assert.Equal((WaitReasons.Batch, 2, 3, _driver.Now + Wait), (reason.What, reason.Done, reason.Of, reason.Until!.Value.ToUnixTimeMilliseconds()));
        _driver.Now += Wait;
        Assert.Equal(WaitReasons.Slot, Assert.Single(_driver.Core.Jobs.Batches.Refine(StatusOf.Live(job, _driver.Now), job, _driver.Now).WaitingFor).What);
    }

    [Fact]
    public void JobsOfDifferentKeysTypesQueuesAndPriorities_NeverGoTogether()
    {
        _driver.Take(Worker with { Types = ["work", "other"], Batches = [new("work", new(9, 0)), new("other", new(9, 0))] });
        var number = 0;
        foreach (var key in (string?[])[null, "tenant/1", "tenant/2"])
        {
            foreach (var type in (string[])["work", "other"])
            {
                foreach (var queue in (string[])["default", "mail"])
                {
                    foreach (var priority in (int[])[1, 4])
                        for (var i = 0; i < 2; i++) _driver.Submit($"{number++}", job => job with { Key = key, Type = type, Queue = queue, Priority = priority });
                }
            }
        }

        _driver.Commit();
        var leases = _driver.Take(Worker with { Types = ["work", "other"], Batches = [new("work", new(9, 0)), new("other", new(9, 0))] }, 100);
        var batches = new List<Lease[]>();
        BatchLeases.Each(leases, static lease => Assert.Fail($"{lease.Id} goes alone"), batches.Add);
        Assert.Equal((48, 24), (leases.Count, batches.Count));
        Assert.All(batches, batch => Assert.Single(batch.Select(lease => _driver.Core.Jobs.Find(lease.Id)!.Lane).Distinct()));
    }

    [Fact]
    public void ABatch_IsOneOfThoseThatAKeyMayHave_UntilTheLastOfItHasEnded()
    {
        Rule(new() { Concurrency = 1 });
        _driver.Take(Worker);
        SubmitKeyed("a", "b", "c", "d", "e", "f");
        var batch = _driver.Take(Worker, 10);
        Assert.Equal(3, batch.Count);
        Assert.Equal(1, _driver.Core.Keys.Find(Key)!.Running);
        Assert.Empty(_driver.Take(Worker, 10));
        _driver.Report(batch[0], ReportKind.Succeeded);
        _driver.Report(batch[1], ReportKind.FailedOnce, error: new("error", null, "no"), delay: TimeSpan.FromHours(1));
        Assert.Empty(_driver.Take(Worker, 10));
        _driver.Report(batch[2], ReportKind.Succeeded);
        Assert.Equal(["d", "e", "f"], _driver.Take(Worker, 10).Select(lease => lease.Id));
    }

    [Fact]
    public void ABatch_IsOneStartOfARate()
    {
        Rule(new() { Rate = new(1, 60_000, 2) });
        _driver.Take(Worker);
        SubmitKeyed([.. Enumerable.Range(0, 12).Select(i => $"j{i:00}")]);
        Assert.Equal(6, _driver.Take(Worker, 10).Count);
        Assert.Empty(_driver.Take(Worker, 10));
        _driver.Now += 60_000;
        Assert.Equal(3, _driver.Take(Worker, 10).Count);
    }

    [Fact]
    public void AnotherActivation_FindsOneAttempt_AndOneCrashForEachOfThem()
    {
        Rule(new() { Concurrency = 1 });
        _driver.Take(Worker);
        SubmitKeyed("a", "b", "c", "d");
        Assert.Equal(3, _driver.Take(Worker, 10).Count);
        _driver.Reopen();
        Assert.Equal(1, _driver.Core.Keys.Find(Key)!.Running);
        Assert.Empty(_driver.Take(Worker, 10));
        _driver.Core.Suspects.Crash(CoreDriver.SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        Assert.Equal(0, _driver.Core.Keys.Find(Key)!.Running);
        var again = _driver.Take(Worker with { Silo = CoreDriver.SiloB }, 10);
        Assert.Equal(["a", "b", "c"], again.Select(lease => lease.Id));
        Assert.All(again, lease => Assert.Equal(2, lease.Attempt));
    }

    [Fact]
    public void LeasesThatNeverArrived_ComeAgainTogether_AndOneThatIsUndoneGoesAlone()
    {
        _driver.Take(Worker);
        Submit("a", "b", "c");
        var batch = _driver.Take(Worker);
        var missing = _driver.Core.Attempts.MissingAt(CoreDriver.SiloA.ToParsableString(), []);
        Assert.Equal(batch.Select(lease => (lease.Id, lease.Token, lease.Batch)).Order(), missing.Select(lease => (lease.Id, lease.Token, lease.Batch)).Order());
        _driver.Core.Attempts.Undo(new(batch[0].Id, batch[0].Token), _driver.Now);
        _driver.Commit();
        Assert.Equal(2, _driver.Core.Jobs.Leased.Count);
        _driver.Now += Wait;
        Assert.Equal("a", Assert.Single(_driver.Take(Worker)).Id);
    }

    [Fact]
    public void LeasesThatNeverArrived_WaitForOthersNoMore()
    {
        _driver.Take(Worker);
        Submit("a", "b");
        _driver.Now += Wait;
        var batch = _driver.Take(Worker);
        Assert.Equal(2, batch.Count);
        _driver.Now += 100;
        _driver.Reopen();
        foreach (var lease in batch) _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
        _driver.Commit();
        _driver.Take(Worker, 0);
        Assert.Equal(["a", "b"], _driver.Take(Worker).Select(lease => lease.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABatchThatNeverStarted_IsNoStartOfARate_AndOneOfWhichAnyDidIsOne(bool anyDid)
    {
        Rule(new() { Rate = new(1, 86_400_000) });
        _driver.Take(Worker);
        SubmitKeyed("a", "b", "c", "d", "e", "f");
        var batch = _driver.Take(Worker, 10);
        Assert.Equal(["a", "b", "c"], batch.Select(lease => lease.Id));
        foreach (var lease in batch)
        {
            Assert.Empty(_driver.Take(Worker, 10));
            _driver.Core.Attempts.Report(new() { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Returned, NeverStarted = !anyDid || lease.Id != "b" }, _driver.Now);
            _driver.Commit();
        }

        Assert.Equal(anyDid ? 0 : 3, _driver.Take(Worker, 10).Count);
        Assert.Empty(_driver.Take(Worker, 10));
    }

    [Fact]
    public void AnOrder_IsKeptAcrossTypes()
    {
        Rule(new() { Concurrency = 1, Order = KeyOrder.Fifo });
        var worker = Worker with { Types = ["work", "other"] };
        _driver.Take(worker);
        SubmitKeyed("a", "b");
        _driver.Submit("x", job => job with { Key = Key, Type = "other" });
        SubmitKeyed("c");
        var first = _driver.Take(worker, 10);
        Assert.Equal(["a", "b"], first.Select(lease => lease.Id));
        foreach (var lease in first) _driver.Report(lease, ReportKind.Succeeded);
        var second = Assert.Single(_driver.Take(worker, 10));
        Assert.Equal("x", second.Id);
        _driver.Report(second, ReportKind.Succeeded);
        _driver.Now += Wait;
        Assert.Equal("c", Assert.Single(_driver.Take(worker, 10)).Id);
    }

    [Fact]
    public void FromALineFarLongerThanMemoryHolds_BatchesAreFullAllTheSame()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, WindowJobs = 16 });
        var worker = Worker with { Batches = [new("work", new(100, Wait))] };
        for (var i = 0; i < 250; i++) driver.Submit($"j{i:000}", job => job with { Key = Key });
        driver.Commit();
        driver.Reopen();
        foreach (var size in (int[])[100, 100, 50])
        {
            if (size < 100) driver.Now += Wait;
            List<Lease> batch = [];
            // What memory has not is asked for, and is there when the worker is told and comes again.
            for (var turn = 0; turn < 4 && batch.Count == 0; turn++) batch = driver.Take(worker);
            Assert.Equal(size, batch.Count);
            Assert.Single(batch.Select(lease => lease.Batch).Distinct());
            Assert.True(driver.Core.Jobs.Find("j249") is null || size == 50, "Memory keeps more than it may.");
        }
    }

    [Fact]
    public void WorkersThatSayDifferentThings_AreGivenWhatAllCanLiveWith_AndOneWithoutBatchesSingleJobs()
    {
        _driver.Take(Worker);
        _driver.Take(Worker with { Silo = CoreDriver.SiloB, Batches = [new("work", new(2, 9000))] });
        Assert.Equal(new BatchPolicy(2, Wait), _driver.Core.Jobs.Batches.Of("work"));
        Submit("a", "b", "c");
        Assert.Equal(2, _driver.Take(Worker).Count);
        _driver.Core.Jobs.Batches.Forget(CoreDriver.SiloB);
        Submit("d", "e");
        var outside = CoreDriver.Worker(SiloAddress.FromParsableString("127.0.0.1:11113@1"));
        var single = Assert.Single(_driver.Take(outside));
        Assert.Equal(("c", 0L), (single.Id, single.Batch));
        // Nobody runs them in batches any more.
        _driver.Core.Jobs.Batches.Forget(CoreDriver.SiloA);
        Assert.Equal(["d", "e"], _driver.Take(outside, 10).Select(lease => lease.Id));
    }

    [Fact]
    public void WhatIsCancelledOrTooLate_LeavesTheBatchToTheOthers()
    {
        _driver.Take(Worker);
        _driver.Submit("late", job => job with { ExpiresAfter = 100 });
        Submit("a", "b");
        _driver.Now += 200;
        Submit("c", "d");
        Assert.Equal(["a", "b", "c"], _driver.Take(Worker).Select(lease => lease.Id));
    }

    [Fact]
    public void JobsOfOtherTypes_AreAskedNothing()
    {
        _driver.Take(Worker);
        var before = _driver.Core.Changes.Count;
        var worker = CoreDriver.Worker(null, "plain") with { Batches = Worker.Batches };
        _driver.Submit("p", job => job with { Type = "plain" });
        var lease = Assert.Single(_driver.Take(worker));
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.Equal((0L, 0L), (lease.Batch, _driver.Core.Jobs.Find("p")?.Track.Batch ?? 0));
        // The job, and its end.
        Assert.Equal(2, _driver.Core.Changes.Count - before);
        Assert.Null(_driver.Core.Jobs.Lanes.Single(lane => lane.Type == "plain").Batch);
    }

    [Fact]
    public void WhatWaitsForAnotherJob_SaysThat_ThoughItsTimeIsNever()
    {
        _driver.Take(Worker);
        var leader = _driver.Submit("leader", job => job with { Type = "plain" });
        var follower = _driver.Core.Dependencies.Submit(Following("follower", leader.Id), _driver.Now);
        _driver.Commit();
        var waits = Assert.Single(_driver.Core.Jobs.Batches.Refine(StatusOf.Live(follower, _driver.Now), follower, _driver.Now).WaitingFor);
        Assert.Equal(WaitReasons.Job, waits.What);
    }

    [Fact]
    public void ABatch_EndsWhereItsArgumentsFillAMessage()
    {
        _driver.Take(Worker);
        foreach (var id in (string[])["a", "b", "c"]) _driver.Submit(id, job => job with { Args = [(byte)'"', .. new string('x', 3 << 20).Select(c => (byte)c), (byte)'"'] });
        _driver.Commit();
        _driver.Now += Wait;
        Assert.Equal(["a", "b"], _driver.Take(Worker, 10).Select(lease => lease.Id));
        Assert.Equal(["c"], _driver.Take(Worker, 10).Select(lease => lease.Id));
    }

    [Fact]
    public void WhatWasHandedOutBefore_WaitsForOthersNoMore()
    {
        _driver.Take(Worker);
        Submit("a");
        _driver.Now += Wait;
        var lease = Assert.Single(_driver.Take(Worker));
        _driver.Report(lease, ReportKind.Returned);
        Assert.Equal("a", Assert.Single(_driver.Take(Worker)).Id);
    }

    private static JobSubmission Following(string id, string leader) => new() { Id = id, Type = "work", Queue = "default", Args = "1"u8.ToArray(), After = [new(leader, DependencyOn.Success)] };

    private void Rule(KeyRule rule)
    {
        var keys = _driver.Core.Keys;
        keys.Rules.Take("tenant", keys.Rules.Next("tenant", rule, null, _driver.Now));
        keys.Changed("tenant", _driver.Now);
        _driver.Commit();
    }

    private void Submit(params string[] ids)
    {
        foreach (var id in ids) _driver.Submit(id);
        _driver.Commit();
    }

    private void SubmitKeyed(params string[] ids)
    {
        foreach (var id in ids) _driver.Submit(id, job => job with { Key = Key });
        _driver.Commit();
    }
}
