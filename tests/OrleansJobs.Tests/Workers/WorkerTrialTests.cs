using System.Collections.Concurrent;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class WorkerTrialTests
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _releases = new();
    private readonly ConcurrentQueue<string> _started = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Suspects_RunOneAfterTheOther_EachStoredAsAlone_AndNothingBeside()
    {
        using var worker = Held(slots: 8);
        worker.Partitions[0].Add("held", "\"before\"");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 1);
        for (var i = 0; i < 6; i++) Suspect(worker, i % 4, $"{i}");
        await worker.Until(() => worker.Partitions.Trials.Asked == 1);
        await worker.Settled();
        // What runs goes on; nothing new starts, and no suspect beside it.
        worker.Partitions[1].Submit("held", "\"after\"");
        Assert.Equal(0, worker.Engine.TryReserve("default", "held", 1));
        await worker.Settled();
        Assert.Equal(["before"], _started);
        Release("before");
        for (var done = 0; done < 6; done++)
        {
            await worker.Until(() => _started.Count == done + 2);
            await worker.Settled();
            Assert.Equal(done + 2, _started.Count);
            Assert.Single(worker.Partitions.Alone);
            Release(_started.Last());
        }

        await worker.Until(() => _started.Last() == "after");
        Assert.Empty(worker.Partitions.Alone);
        Assert.Equal((1, 1), (worker.Partitions.Trials.Asked, worker.Partitions.Trials.GivenBack));
        Release("after");
        await worker.Idle();
    }

    [Fact]
    public async Task WhenItsTimeIsOver_OthersComeInOnlyAfterThatIsStored()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        Suspect(worker, 0, "suspect");
        await worker.Until(() => _started.Count == 1);
        worker.Partitions[1].Submit("held", "\"other\"");
        var heard = new TaskCompletionSource();
        worker.Partitions[0].Before = request => request.Trial is { IsOver: true } ? heard.Task : Task.CompletedTask;
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.Settled();
        Assert.Single(worker.Partitions.Alone);
        Assert.Single(_started);
        heard.SetResult();
        await worker.Until(() => _started.Count == 2);
        Assert.Empty(worker.Partitions.Alone);
        await worker.Until(() => worker.Partitions.Trials.GivenBack == 1);
        Release("suspect");
        Release("other");
        await worker.Idle();
    }

    [Fact]
    public async Task WhenItsTimeIsOverBeforeItIsStoredAsAlone_TheSuspectRunsInCompany()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        var claim = new TaskCompletionSource();
        var claimed = new TaskCompletionSource();
        worker.Partitions[0].Before = request =>
        {
            if (request.Trial is not { IsOver: false }) return Task.CompletedTask;
            claimed.TrySetResult();
            return claim.Task;
        };
        Suspect(worker, 0, "suspect");
        await claimed.Task;
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.Settled();
        Assert.Empty(_started);
        claim.SetResult();
        await worker.Until(() => _started.Count == 1);
        Assert.Empty(worker.Partitions.Alone);
        worker.Partitions[1].Submit("held", "\"other\"");
        await worker.Until(() => _started.Count == 2);
        Release("suspect");
        Release("other");
        await worker.Idle();
    }

    [Fact]
    public async Task ASiloThatDoesNotGetEmptyInTime_GivesTheTurnBack_AndTakesOneSuspectInCompany()
    {
        using var worker = Held(slots: 8);
        worker.Partitions[0].Add("held", "\"long\"");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 1);
        for (var i = 0; i < 3; i++) Suspect(worker, i, $"{i}");
        await worker.Until(() => worker.Partitions.Trials.Asked == 1);
        await worker.Settled();
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.Until(() => _started.Count == 2);
        await worker.Until(() => worker.Partitions.Trials.GivenBack == 1);
        await worker.Settled();
        Assert.Equal(2, _started.Count);
        Assert.Empty(worker.Partitions.Alone);
        // With one in company there is no point in standing empty.
        Assert.Equal(1, worker.Partitions.Trials.Asked);
        worker.Partitions[3].Submit("held", "\"beside\"");
        await worker.Until(() => _started.Count == 3);
        foreach (var name in _started) Release(name);
        await worker.Until(() => _started.Count == 4);
        Assert.Single(worker.Partitions.Alone);
        foreach (var name in new[] { "0", "1", "2" }) Release(name);
        await worker.Idle();
    }

    [Fact]
    public async Task AStuckHandler_IsCompany()
    {
        using var worker = Held(slots: 8, options => options.CancelGrace = TimeSpan.FromSeconds(1));
        var lease = worker.Partitions[0].Add("deaf", "\"deaf\"");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 1);
        worker.Engine.Cancel(new(lease.Id, lease.Token));
        _time.Advance(TimeSpan.FromSeconds(1));
        await worker.Partitions.WaitForReports(1);
        Suspect(worker, 1, "suspect");
        await worker.Until(() => worker.Partitions.Trials.Asked == 1);
        await worker.Settled();
        Assert.Single(_started);
        Release("deaf");
        await worker.Until(() => _started.Count == 2);
        Assert.Single(worker.Partitions.Alone);
        Release("suspect");
        await worker.Idle();
    }

    [Fact]
    public async Task ADrain_EndsTheTrialBeforeTheSiloGoes()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        Suspect(worker, 0, "suspect");
        await worker.Until(() => _started.Count == 1);
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        await worker.Until(() => !worker.Partitions.Alone.Any());
        Release("suspect");
        await drained;
        Assert.Equal(ReportKind.Succeeded, Assert.Single(worker.Partitions.Reports).Kind);
    }

    [Fact]
    public async Task WhileNobodyCanBeAsked_SuspectsWait_AndTheOthersRun()
    {
        using var worker = Held(slots: 8);
        worker.Partitions.Trials.Answer = () => throw new TimeoutException();
        worker.Engine.Start();
        Suspect(worker, 0, "suspect");
        await worker.Until(() => worker.Partitions.Trials.Asked == 1);
        worker.Partitions[1].Submit("held", "\"other\"");
        await worker.Until(() => _started.Count == 1);
        worker.Partitions.Trials.Answer = () => Task.FromResult<TimeSpan?>(TimeSpan.FromMinutes(1));
        // The pause before it asks again begins when the first answer has come, which may be now.
        await worker.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return worker.Partitions.Trials.Asked == 2;
        });
        Release("other");
        await worker.Until(() => _started.Count == 2);
        Release("suspect");
        await worker.Idle();
    }

    [Fact]
    public async Task ACancel_BeforeItIsStoredAsAlone_EndsIt()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        var claim = new TaskCompletionSource();
        var claimed = new TaskCompletionSource();
        worker.Partitions[0].Before = request =>
        {
            if (request.Trial is null) return Task.CompletedTask;
            claimed.TrySetResult();
            return claim.Task;
        };
        var lease = Suspect(worker, 0, "suspect");
        await claimed.Task;
        worker.Engine.Cancel(new(lease.Id, lease.Token));
        claim.SetResult();
        Assert.Equal(ReportKind.Cancelled, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        await worker.Until(() => worker.Partitions.Trials.GivenBack == 1);
        Assert.Empty(_started);
        await worker.Idle();
    }

    [Fact]
    public async Task AReportThatIsRefused_IsNoReasonToLetOthersIn_UntilThePartitionHasSaidThatNothingIsAlone()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        var lease = Suspect(worker, 0, "suspect");
        await worker.Until(() => _started.Count == 1);
        worker.Partitions[0].Lose(lease);
        Release("suspect");
        await worker.Until(() => worker.Partitions[0].Requests.Any(request => request.Trial is { IsOver: true }));
        worker.Partitions[1].Submit("held", "\"other\"");
        await worker.Until(() => _started.Count == 2);
        Release("other");
        await worker.Idle();
    }

    /// <summary>It had the one place for suspects when it came.</summary>
    [Fact]
    public async Task ASuspectThatIsNotTaken_LeavesThePlaceToOthers()
    {
        using var worker = Held(slots: 8);
        worker.Engine.Start();
        worker.Partitions[0].Generation = 2;
        worker.Engine.Confirm(0, 2, []);
        worker.Partitions[0].Submit("held", "\"lost\"", with: lease => lease with { Token = FencingToken.Make(1, 7), IsSuspect = true, Crashes = 2 });
        Assert.Equal(ReportKind.Postponed, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        Suspect(worker, 1, "later");
        await worker.Until(() => _started.Count == 1);
        Assert.Equal("later", _started.Single());
        Release("later");
        await worker.Idle();
    }

    [Fact]
    public async Task ASuspectThatNeverReturns_KeepsNoOtherFromRunning()
    {
        using var worker = Held(slots: 8, options => options.CancelGrace = TimeSpan.FromSeconds(1));
        worker.Engine.Start();
        var deaf = Suspect(worker, 0, "deaf");
        await worker.Until(() => _started.Count == 1);
        worker.Engine.Cancel(new(deaf.Id, deaf.Token));
        _time.Advance(TimeSpan.FromSeconds(1));
        await worker.Partitions.WaitForReports(1);
        Suspect(worker, 1, "next");
        // The silo cannot stand empty any more, which it finds out in its next turn.
        await worker.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return _started.Count == 2;
        });
        Assert.Empty(worker.Partitions.Alone);
        Release("next");
        await worker.Partitions.WaitForReports(1);
        Release("deaf");
        await worker.Idle();
    }

    /// <summary>What is asked of others neither takes the place of the suspect nor, when it comes back without one, has everybody asked again.</summary>
    [Fact]
    public async Task WhereASuspectMayComeInCompany_OnlyThoseWhoHaveOneAreAskedForIt()
    {
        using var worker = Held(slots: 8);
        worker.Engine.SetPaused(["later"], 1);
        worker.Partitions[3].Add("held", "\"long\"");
        worker.Engine.Start();
        await worker.Until(() => _started.Count == 1 && Enumerable.Range(0, 4).All(i => worker.Partitions[i].Requests.Count > 0));
        worker.Partitions[0].Submit("held", "\"paused\"", "later");
        await worker.Until(() => worker.Partitions[0].Requests.Count == 2);
        Suspect(worker, 1, "suspect");
        // Slots may be set aside for an answer that is under way, too: the turn has begun only once it was asked for.
        await worker.Until(() => worker.Partitions.Trials.Asked == 1);
        await worker.Settled();
        await worker.Until(() => !TakesWork(worker));
        var answer = new TaskCompletionSource();
        worker.Partitions[2].Before = request => request.Want > 0 ? answer.Task : Task.CompletedTask;
        worker.Partitions[2].Submit("held", "\"beside\"");
        await worker.Until(() => worker.Partitions[2].Requests is [.., { Want: 0 }]);
        await worker.Settled();

        await worker.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            return _started.Count == 2;
        });
        Assert.Equal("suspect", _started.Last());
        answer.SetResult();
        await worker.Until(() => _started.Count == 3);
        await worker.Settled();
        Assert.InRange(worker.Partitions[0].Requests.Count, 2, 5);
        foreach (var name in _started) Release(name);
        await worker.Idle();
    }

    private static bool TakesWork(TestWorker worker)
    {
        var got = worker.Engine.TryReserve("default", "held", 1);
        worker.Engine.Release("default", got);
        return got > 0;
    }

    private static Lease Suspect(TestWorker worker, int partition, string name) =>
        worker.Partitions[partition].Submit("held", $"\"{name}\"", with: lease => lease with { IsSuspect = true, Crashes = 2 });

    private TestWorker Held(int slots, Action<JobGridOptions>? configure = null)
    {
        return new TestWorker(
            grid => grid.AddJob<string>("held", Handle).AddJob<string>("deaf", Handle),
            options =>
            {
                options.Slots = slots;
                configure?.Invoke(options);
            },
            _time);

        async Task Handle(string name, JobContext job, CancellationToken cancellation)
        {
            _started.Enqueue(name);
            await _releases.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Release(string name) => _releases.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
