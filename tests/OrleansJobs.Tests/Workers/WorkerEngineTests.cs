using System.Collections.Concurrent;
using System.Text;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class WorkerEngineTests
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _releases = new();
    private readonly ConcurrentQueue<string> _started = new();

    [Fact]
    public async Task Start_AsksEveryPartition_AndRunsWhatTheyHave()
    {
        using var worker = new TestWorker(grid => grid.AddJob("double", (int args, JobContext job, CancellationToken ct) => Task.FromResult(args * 2)));
        for (var i = 0; i < 100; i++) worker.Partitions[i % 4].Add("double", $"{i}");
        worker.Engine.Start();
        var reports = await worker.Partitions.WaitForReports(100);
        Assert.All(reports, report => Assert.Equal(ReportKind.Succeeded, report.Kind));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 2), reports.Select(report => int.Parse(Encoding.UTF8.GetString(report.Result!))).Order());
    }

    /// <summary>Which queues are paused is read before the start, and partitions of its silo may live sooner.</summary>
    [Fact]
    public async Task BeforeItIsStarted_ItTakesNothing()
    {
        using var worker = Held(slots: 2);
        Assert.Equal(0, worker.Engine.TryReserve("default", "held", 1));
        worker.Engine.Start();
        Reserve(worker, 2);
        await worker.Settled();
        Assert.Empty(_started);
    }

    [Fact]
    public async Task AnIdleWorker_IsCalledByAHint_EveryTime()
    {
        using var worker = new TestWorker(grid => grid.AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask));
        worker.Engine.Start();
        for (var round = 0; round < 300; round++)
        {
            worker.Partitions[round % 4].Submit("work", "1");
            await worker.Partitions.WaitForReports(1);
        }
    }

    [Fact]
    public async Task AnIdleWorker_AsksNobody()
    {
        using var worker = new TestWorker(grid => grid.AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask));
        worker.Engine.Start();
        worker.Partitions[0].Submit("work", "1");
        await worker.Partitions.WaitForReports(1);
        await worker.Idle();
        await worker.Settled();
        var before = Exchanges(worker);
        await worker.Settled();
        Assert.Equal(before, Exchanges(worker));
    }

    [Fact]
    public async Task AFullWorker_StartsNoMoreThanItsSlots_AndTakesTheNextWhenOneIsFree()
    {
        using var worker = Held(slots: 2);
        for (var i = 0; i < 6; i++) worker.Partitions[i % 4].Add("held", $"{i}");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 2);
        await worker.Settled();
        Assert.Equal(2, _started.Count);
        Assert.Equal(2, worker.Partitions.LeasedCount);
        for (var done = 1; done <= 6; done++)
        {
            await worker.Until(() => _started.Count == Math.Min(6, done + 1));
            Release(int.Parse(_started.ElementAt(done - 1)));
            await worker.Partitions.WaitForReports(1);
        }
    }

    [Fact]
    public async Task AFullWorkerThatIsHinted_SaysSoAtOnce_SoThatAnotherIsTold()
    {
        using var worker = Held(slots: 1);
        worker.Engine.Start();
        worker.Partitions[0].Submit("held", "0");
        await worker.Until(() => _started.Count == 1);
        worker.Partitions[1].Add("held", "1");
        worker.Engine.Hint(1);
        await worker.Until(() => worker.Partitions[1].Requests is [.., { Want: 0 }]);
        Release(0);
        await worker.Until(() => _started.Count == 2);
        Release(1);
        await worker.Idle();
    }

    [Fact]
    public async Task AnExchangeThatFails_FreesItsSlots_KeepsItsReports_AndIsSentAgain()
    {
        using var worker = Held(slots: 1);
        worker.Engine.Start();
        worker.Partitions[0].Submit("held", "0");
        await worker.Until(() => _started.Count == 1);
        var away = 3;
        worker.Partitions[0].Before = _ => Interlocked.Decrement(ref away) >= 0 ? throw new TimeoutException() : Task.CompletedTask;
        Release(0);
        await worker.Until(() => Volatile.Read(ref away) < 3);

        // The slot is free for others meanwhile.
        worker.Partitions[1].Submit("held", "1");
        await worker.Until(() => _started.Count == 2);
        Release(1);
        Assert.Equal(["p0-1", "p1-1"], (await worker.Partitions.WaitForReports(2)).Select(report => report.Id).Order());
    }

    [Fact]
    public async Task AnAnswerThatIsLost_LosesNoLease_AndRunsNoneTwice()
    {
        using var worker = Held(slots: 4);
        var lost = 0;
        worker.Partitions[0].After = request => request.Want > 0 && Interlocked.Increment(ref lost) == 1 ? throw new TimeoutException() : Task.CompletedTask;
        for (var i = 0; i < 2; i++) worker.Partitions[0].Add("held", $"{i}");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 2);
        Assert.NotNull(worker.Partitions[0].Requests[1].Held);
        Release(0);
        Release(1);
        Assert.Equal(2, (await worker.Partitions.WaitForReports(2)).Length);
        Assert.Equal(2, _started.Count);
        Assert.Null(worker.Partitions[0].Requests[^1].Held);
    }

    [Fact]
    public async Task AReportWhoseAnswerIsLost_IsSentAgain()
    {
        using var worker = Held(slots: 1);
        worker.Engine.Start();
        worker.Partitions[0].Submit("held", "0");
        await worker.Until(() => _started.Count == 1);
        var lost = 0;
        worker.Partitions[0].After = request => request.Reports.Length > 0 && Interlocked.Increment(ref lost) == 1 ? throw new TimeoutException() : Task.CompletedTask;
        Release(0);
        await worker.Until(() => worker.Partitions[0].Requests.Count(request => request.Reports.Length > 0) == 2);
        Assert.Single(worker.Partitions.Reports);
    }

    [Fact]
    public async Task ALeaseThatComesTwice_IsRunOnce()
    {
        using var worker = Held(slots: 4);
        worker.Engine.Start();
        var lease = worker.Partitions[0].AddLeased("held", "0");
        for (var i = 0; i < 3; i++)
        {
            Reserve(worker, 1);
            worker.Engine.Start([lease]);
        }

        await worker.Until(() => _started.Count == 1);
        Release(0);
        await worker.Idle();
        Assert.True(worker.Engine.TryReserve("default", "held", 4) == 4, "A slot was not given back.");
        worker.Engine.Start([lease]);
        await worker.Settled();
        Assert.Single(_started);
    }

    [Fact]
    public async Task TryReserve_KeepsASlotForTheLease_OrGivesItBack()
    {
        using var worker = Held(slots: 2);
        worker.Engine.Start();
        await worker.Until(() => Enumerable.Range(0, 4).All(i => worker.Partitions[i].Requests.Count > 0));
        await worker.Until(() => worker.Engine.TryReserve("default", "held", 2) == 2);
        Assert.Equal(0, worker.Engine.TryReserve("default", "held", 1));
        Assert.Equal(0, worker.Engine.TryReserve("default", "unknown", 1));
        worker.Engine.Release("default", 1);
        Assert.Equal(1, worker.Engine.TryReserve("default", "held", 2));
    }

    [Fact]
    public async Task ALeaseOfATypeThatIsNotHere_GoesBackForLater()
    {
        using var worker = Held(slots: 2);
        worker.Engine.Start();
        worker.Engine.Start([worker.Partitions[0].AddLeased("elsewhere")]);
        var report = Assert.Single(await worker.Partitions.WaitForReports(1));
        Assert.Equal(ReportKind.Postponed, report.Kind);
    }

    [Fact]
    public async Task Confirm_KnowsWhatRunsAndWhatIsNotDelivered_AndRefusesOlderLeasesFromThenOn()
    {
        using var worker = Held(slots: 4);
        worker.Engine.Start();
        var running = worker.Partitions[0].AddLeased("held", "0");
        var done = worker.Partitions[0].AddLeased("held", "1");
        var late = worker.Partitions[0].AddLeased("held", "2");
        Reserve(worker, 2);
        worker.Engine.Start([running, done]);
        await worker.Until(() => _started.Count == 2);
        worker.Partitions[0].Before = _ => throw new TimeoutException();
        Release(1);
        await worker.Until(() => worker.Engine.Describe().Busy == 1);

        Assert.Equal([running.Id, done.Id], worker.Engine.Confirm(0, 2, [Name(running), Name(done), Name(late)]));
        Reserve(worker, 1);
        worker.Engine.Start([late]);
        await worker.Settled();
        Assert.Equal(2, _started.Count);
        worker.Partitions[0].Generation = 2;
        worker.Partitions[0].Before = _ => Task.CompletedTask;
        Reserve(worker, 1);
        worker.Engine.Start([worker.Partitions[0].AddLeased("held", "3")]);
        await worker.Until(() => _started.Count == 3);
        Release(0);
        Release(3);
        Assert.Equal(["p0-1", "p0-2", "p0-3", "p0-4"], (await worker.Partitions.WaitForReports(4)).Select(report => report.Id).Order());
        Assert.Equal(ReportKind.Postponed, worker.Partitions.Reports.Single(report => report.Id == late.Id).Kind);
        Assert.Equal(0, worker.Partitions.LeasedCount);
    }

    /// <summary>A partition whose store has lost openings may give leases of a generation that this worker has been told to refuse: it must learn that nobody runs them.</summary>
    [Fact]
    public async Task ALeaseOfAnOlderGenerationThanConfirmed_IsHandedBack_AndNoneThatIsHereOrOver()
    {
        using var worker = Held(slots: 4);
        worker.Engine.Start();
        var (running, over) = (worker.Partitions[0].AddLeased("held", "0"), worker.Partitions[0].AddLeased("held", "1"));
        Reserve(worker, 2);
        worker.Engine.Start([running, over]);
        Release(1);
        await worker.Partitions.WaitForReports(1);
        await worker.Until(() => worker.Engine.Confirm(0, 2, [Name(running), Name(over)]) is [var held] && held == running.Id);

        var lost = worker.Partitions[0].Submit("held", "2");
        await worker.Partitions.WaitForReports(1);
        Reserve(worker, 2);
        worker.Engine.Start([running, over]);
        await worker.Settled();

        Assert.Equal([over.Id, lost.Id], worker.Partitions.Reports.Select(report => report.Id));
        Assert.Equal(ReportKind.Postponed, worker.Partitions.Reports.Last().Kind);
        Assert.Equal(1, worker.Partitions.LeasedCount);
        Release(0);
        await worker.Idle();
        Assert.Equal(["0", "1"], _started.Order());
    }

    /// <summary>An activation that has been succeeded may not know it yet; one whose store has lost the successor never learns of it but from workers.</summary>
    [Fact]
    public async Task APartitionBelowTheNewestGeneration_IsToldSo_AndOpensAnew()
    {
        using var worker = Held(slots: 4);
        worker.Engine.Start();
        worker.Partitions[0].Generation = 9;
        worker.Partitions[0].Submit("held", "0");
        await worker.Until(() => _started.Contains("0"));
        worker.Partitions[0].Generation = 5;

        worker.Partitions[0].Submit("held", "1", with: lease => lease with { Token = FencingToken.Make(10, 7) });
        await worker.Until(() => _started.Contains("1"));

        Assert.Equal((1, 10L), (worker.Partitions[0].Succeeded, worker.Partitions[0].Generation));
        Release(0);
        Release(1);
        await worker.Idle();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task AWorkerWhoseClockIsWrong_TakesNothing_UntilItIsRight(int daysAhead)
    {
        var time = new SkewedTime(TimeProvider.System);
        using var worker = new TestWorker(handlers => handlers.AddJob("any", (string? _, JobContext _, CancellationToken _) => Task.FromResult(0)), time: time, storeTime: TimeProvider.System);
        var lifecycle = new FakeLifecycle();
        worker.Clock.Participate(lifecycle);
        await lifecycle.StartAsync();
        worker.Engine.Start();
        await worker.Until(() => Enumerable.Range(0, 4).All(i => worker.Partitions[i].Requests.Count > 0));

        time.Offset = TimeSpan.FromDays(daysAhead);
        worker.Partitions[1].Submit("any");
        await worker.Until(() => worker.Partitions[1].Requests.Count == 2);
        Assert.Equal(0, worker.Partitions[1].Requests[1].Want);
        Assert.Equal(0, worker.Engine.TryReserve("default", "any", 1));
        time.Offset = TimeSpan.Zero;

        Assert.Equal(ReportKind.Succeeded, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        await lifecycle.StopAsync();
    }

    [Fact]
    public async Task Confirm_AfterTheReportIsDelivered_DoesNotHoldIt()
    {
        using var worker = Held(slots: 4);
        worker.Engine.Start();
        var lease = worker.Partitions[0].AddLeased("held", "0");
        Reserve(worker, 1);
        worker.Engine.Start([lease]);
        Release(0);
        await worker.Partitions.WaitForReports(1);
        await worker.Until(() => worker.Engine.Confirm(0, 1, [Name(lease)]).Length == 0);
    }

    [Fact]
    public async Task AQueueWithACap_IsKeptToIt_AndDoesNotHoldUpTheOthers()
    {
        using var worker = Held(slots: 4, options => options.Queues = new() { ["narrow"] = 1, ["wide"] = 3 });
        for (var i = 0; i < 4; i++) worker.Partitions[i].Add("held", $"{i}", queue: "narrow");
        for (var i = 10; i < 13; i++) worker.Partitions[i % 4].Add("held", $"{i}", queue: "wide");
        worker.Partitions[0].Add("held", "99", queue: "unserved");
        worker.Engine.Start();
        for (var done = 0; done < 4; done++)
        {
            await worker.Until(() => _started.Count(name => name.Length == 2) == 3 && _started.Count(name => name.Length == 1) == done + 1);
            await worker.Settled();
            Assert.Equal(done + 1, _started.Count(name => name.Length == 1));
            Release(int.Parse(_started.Last(name => name.Length == 1)));
            await worker.Partitions.WaitForReports(1);
        }

        Assert.DoesNotContain("99", _started);
        for (var i = 10; i < 13; i++) Release(i);
        await worker.Idle();
    }

    [Fact]
    public async Task APausedQueue_StartsNothing_UntilItIsResumed()
    {
        using var worker = Held(slots: 4);
        worker.Engine.SetPaused(["later"], 1);
        worker.Partitions[0].Add("held", "0", queue: "later");
        worker.Partitions[0].Add("held", "1");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 1);
        Assert.Equal(0, worker.Engine.TryReserve("later", "held", 1));
        await worker.Settled();
        Assert.Equal(["1"], _started);
        worker.Engine.SetPaused([], 2);
        await worker.Until(() => _started.Count == 2);
        Release(0);
        Release(1);
        await worker.Idle();
    }

    [Fact]
    public async Task JobsThatAreShort_AreLeasedAhead_AndEveryOneIsRunOnce()
    {
        var ran = new ConcurrentDictionary<string, int>();
        using var worker = new TestWorker(
            grid => grid.AddJob("tiny", (int args, JobContext job, CancellationToken ct) =>
            {
                ran.AddOrUpdate(job.Id, 1, (_, times) => times + 1);
                return Task.CompletedTask;
            }),
            options => options.Slots = 2);
        for (var i = 0; i < 4; i++) worker.Partitions[i].TakesBack = true;
        for (var i = 0; i < 20_000; i++) worker.Partitions[i % 4].Add("tiny", "1");
        worker.Engine.Start();
        Assert.Equal(20_000, (await worker.Partitions.WaitForReports(20_000)).Count(report => report.Kind == ReportKind.Succeeded));
        Assert.Equal(20_000, ran.Count);
        Assert.All(ran.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task GetProgress_SpeaksOfRunningAttemptsOnly()
    {
        var reported = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        using var worker = new TestWorker(grid => grid.AddJob("work", async (int args, JobContext job, CancellationToken ct) =>
        {
            job.Report(3, 10, "working");
            reported.SetResult();
            await release.Task;
        }));
        worker.Engine.Start();
        var lease = worker.Partitions[0].Submit("work", "1");
        await reported.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(new Progress(1, 3, 10, "working"), worker.Engine.GetProgress(Name(lease))!.Value with { Silence = 0 });
        Assert.Null(worker.Engine.GetProgress(new LeaseName(lease.Id, lease.Token + 1)));
        release.SetResult();
        await worker.Partitions.WaitForReports(1);
        await worker.Until(() => worker.Engine.GetProgress(Name(lease)) is null);
    }

    private static LeaseName Name(Lease lease) => new(lease.Id, lease.Token);

    private static int Exchanges(TestWorker worker) => Enumerable.Range(0, 4).Sum(i => worker.Partitions[i].Requests.Count);

    /// <summary>Slots may be set aside for an answer that is under way.</summary>
    private static void Reserve(TestWorker worker, int slots) =>
        Assert.True(SpinWait.SpinUntil(() => worker.Engine.TryReserve("default", "held", slots) is var got && (got == slots || GiveBack(worker, got)), TimeSpan.FromSeconds(30)));

    private static bool GiveBack(TestWorker worker, int slots)
    {
        worker.Engine.Release("default", slots);
        return false;
    }

    /// <summary>A worker whose handlers wait until they are released, by their argument.</summary>
    private TestWorker Held(int slots, Action<JobGridOptions>? configure = null) => new(
        grid => grid.AddJob("held", (int args, JobContext job, CancellationToken ct) =>
        {
            _started.Enqueue($"{args}");
            return _releases.GetOrAdd($"{args}", _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(ct);
        }),
        options =>
        {
            options.Slots = slots;
            configure?.Invoke(options);
        });

    private void Release(int args) => _releases.GetOrAdd($"{args}", _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
