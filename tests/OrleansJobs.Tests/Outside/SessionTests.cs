using System.Text;
using System.Text.Json;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Outside;

/// <summary>Workers outside, against silos with a real Redis: leases, reports, and what is said between them.</summary>
public sealed class SessionTests : IClassFixture<SessionTests.Fixture>
{
    private readonly TestGrid _grid;
    private readonly string _type = $"t{Guid.NewGuid():N}";

    public SessionTests(Fixture fixture) => _grid = fixture.Grid;

    private Task<JobHandle> SubmitAsync(SubmitOptions? options = null) => _grid.Jobs.SubmitAsync(_type, new { n = 7 }, options);

    private TestWorker Worker() => new(_grid, _type);

    [Fact]
    public async Task AJob_IsRun_AndItsResultIsTheWorkers()
    {
        var worker = Worker();
        var job = await SubmitAsync(new() { Tags = new Dictionary<string, string> { ["a"] = "b" } });
        var lease = await worker.TakeAsync();
        Assert.Equal((job.Id, _type, 1, "{\"n\":7}"), (lease.Name.Id, lease.Type, lease.Attempt, Encoding.UTF8.GetString(lease.Args)));
        Assert.Equal([new JobTag("a", "b")], lease.Tags);
        Assert.Equal(WorkSession.NameOf(SiloAddress.FromParsableString((await job.GetStatusAsync()).Silo!)), worker.Session);
        Assert.True(await worker.SucceedAsync(lease, "{\"ok\":true}"));
        Assert.True((await job.ResultAsync<JsonElement>()).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task AJobThatComes_WakesTheCallThatWaits()
    {
        var worker = Worker();
        await worker.CallAsync(want: 1);
        var waiting = worker.TakeAsync();
        await SubmitAsync();
        Assert.Equal(_type, (await waiting.WaitAsync(TestWorker.Patience)).Type);
    }

    [Fact]
    public async Task ALeaseWhoseAnswerWasLost_ComesAgain_AndCountsOnce()
    {
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        worker.Holds.Clear();
        var again = await worker.TakeAsync();
        Assert.Equal(lease.Name, again.Name);
        Assert.Equal(lease.Args, again.Args);
        Assert.True(await worker.SucceedAsync(again));
        Assert.Equal(1, (await job.WaitAsync()).Attempt);
    }

    [Fact]
    public async Task AReport_ThatIsRepeated_IsAnsweredAsTheFirst()
    {
        var worker = Worker();
        await SubmitAsync();
        var lease = await worker.TakeAsync();
        Assert.True(await worker.SucceedAsync(lease));
        Assert.True(await worker.SucceedAsync(lease));
        // Another outcome of the same attempt is too late, and is no news.
        Assert.True(await worker.FailAsync(lease));
    }

    [Fact]
    public async Task AReport_OfALeaseThatNeverWas_IsStale_AndOthersOfItsCallCount()
    {
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        worker.Holds.Clear();
        var answer = await worker.CallAsync(reports:
        [
            new WorkReport { Lease = new("nothing", 5), Outcome = WorkOutcome.Success },
            new WorkReport { Lease = lease.Name with { Token = lease.Name.Token - 1 }, Outcome = WorkOutcome.Success },
            new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Success },
        ]);
        Assert.Equal([false, false, true], answer.Taken);
        Assert.Equal(JobState.Success, (await job.WaitAsync()).State);
    }

    [Fact]
    public async Task Failures_AreTriedAgain_ByPolicyOrAsTheWorkerSays_AndCount()
    {
        var worker = Worker();
        var job = await SubmitAsync(new() { Attempts = 2 });
        var first = await worker.TakeAsync();
        Assert.Equal(2, first.Attempts);
        Assert.True(await worker.FailAsync(first, delay: TimeSpan.Zero));
        var second = await worker.TakeAsync();
        Assert.Equal(2, second.Attempt);
        Assert.True(second.Name.Token > first.Name.Token);
        Assert.True(await worker.FailAsync(second));
        var end = await job.WaitAsync();
        Assert.Equal((JobState.Failure, "It broke.", "Boom"), (end.State, end.Error!.Message, end.Error.Type));
    }

    [Fact]
    public async Task AFinalFailure_IsNotTriedAgain()
    {
        var worker = Worker();
        var job = await SubmitAsync(new() { Attempts = 5 });
        Assert.True(await worker.FailAsync(await worker.TakeAsync(), final: true));
        Assert.Equal((JobState.Failure, 1), ((await job.WaitAsync()).State, (await job.WaitAsync()).Attempt));
    }

    [Theory]
    [InlineData(WorkOutcome.Later, "postponed")]
    [InlineData(WorkOutcome.Returned, "returned")]
    public async Task AJobThatIsHandedBack_UsesUpNoAttempt(WorkOutcome outcome, string said)
    {
        var worker = Worker();
        var job = await SubmitAsync(new() { Attempts = 1 });
        var lease = await worker.TakeAsync();
        Assert.True(await worker.ReportAsync(new WorkReport { Lease = lease.Name, Outcome = outcome, Delay = TimeSpan.Zero }));
        Assert.True(await worker.SucceedAsync(await worker.TakeAsync()));
        var end = await job.WaitAsync();
        Assert.Equal((JobState.Success, 1), (end.State, end.Attempt));
        Assert.Equal(said, end.Attempts[0].Outcome);
    }

    [Fact]
    public async Task Goodbye_HandsBackWhatIsHeld_CountsNothing_AndMayBeRepeated()
    {
        var (worker, other) = (Worker(), Worker());
        var job = await SubmitAsync(new() { Attempts = 1 });
        var held = await worker.TakeAsync();
        await worker.CallAsync(bye: true);
        await worker.CallAsync(bye: true);
        var lease = await other.TakeAsync();
        Assert.Equal(1, lease.Attempt);
        Assert.True(await other.SucceedAsync(lease));
        var end = await job.WaitAsync();
        Assert.Equal(["returned", "succeeded"], end.Attempts.Select(attempt => attempt.Outcome));
        // One that calls again after its goodbye holds nothing, and may work.
        await SubmitAsync();
        Assert.Equal([new WorkCancel(held.Name, WorkCancelReason.Lost)], (await worker.CallAsync()).Cancel);
        worker.Holds.Clear();
        Assert.True(await worker.SucceedAsync(await worker.TakeAsync()));
    }

    [Fact]
    public async Task ANewerCall_EndsTheWaitOfTheOlder()
    {
        var worker = Worker();
        var waiting = worker.CallAsync(want: 1, wait: 60);
        // The older one has not come yet where it says at once that it is none; either way it ends before its wait is over.
        await worker.CallAsync();
        Assert.Empty((await waiting.WaitAsync(TimeSpan.FromSeconds(5))).Leases);
    }

    [Fact]
    public async Task ACancel_IsTold_AndTheJobEndsAsCancelled()
    {
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        await job.CancelAsync("enough");
        Assert.Equal(WorkCancelReason.Cancelled, await worker.ToldToStopAsync(lease));
        // Short of a result, whatever it says.
        Assert.True(await worker.FailAsync(lease));
        Assert.Equal(JobState.Revoked, (await job.WaitAsync()).State);
    }

    [Fact]
    public async Task ACancel_ThatIsNotHeeded_EndsTheJobAfterTheGrace_AndTheLeaseIsLost()
    {
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        await job.CancelAsync("enough");
        Assert.Equal(WorkCancelReason.Cancelled, await worker.ToldToStopAsync(lease));
        while (await worker.ToldToStopAsync(lease) is not WorkCancelReason.Lost)
        {
        }

        Assert.Equal(JobState.Revoked, (await job.WaitAsync()).State);
        Assert.False(await worker.SucceedAsync(lease));
    }

    [Fact]
    public async Task ATimeout_IsTold_AndCountsAsTheWorkerReportsIt()
    {
        var worker = Worker();
        var job = await SubmitAsync(new() { Timeout = TimeSpan.FromSeconds(1), Attempts = 1 });
        var lease = await worker.TakeAsync();
        Assert.Equal(TimeSpan.FromSeconds(1), lease.Timeout);
        Assert.Equal(WorkCancelReason.Timeout, await worker.ToldToStopAsync(lease));
        Assert.True(await worker.ReportAsync(new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Failure, Error = new(JobErrorCodes.Timeout, null, "Too long.") }));
        Assert.Equal(JobErrorCodes.Timeout, (await job.WaitAsync()).Error!.Code);
    }

    [Fact]
    public async Task AnAttemptThatSaysNothingNew_IsToStop_AndTheJobRunsAgain()
    {
        await _grid.Cluster.Client.GetGrain<IJobTypesGrain>(0).Announce([new() { Name = _type, StalledAfter = TimeSpan.FromSeconds(1), Attempts = 2 }], onlyNew: false);
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        Assert.Equal(WorkCancelReason.Stalled, await worker.ToldToStopAsync(lease));
        Assert.True(await worker.ReportAsync(new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Cancelled }));
        var again = await worker.TakeAsync();
        Assert.Equal((2, 2), (again.Attempt, again.Attempts));
        Assert.True(await worker.SucceedAsync(again));
        var ended = await job.WaitAsync();
        Assert.Equal((JobState.Success, JobErrorCodes.Stalled), (ended.State, ended.Attempts[0].Error?.Code));
    }

    [Fact]
    public async Task ACheckpoint_ComesWithTheNextLease_AndStaleOnesAreRefused()
    {
        var worker = Worker();
        await SubmitAsync();
        var first = await worker.TakeAsync();
        Assert.Null(first.Checkpoint);
        Assert.True(await worker.Grain.SaveCheckpoint(first.Name, "{\"page\":3}"u8.ToArray()));
        Assert.True(await worker.FailAsync(first, delay: TimeSpan.Zero));
        Assert.False(await worker.Grain.SaveCheckpoint(first.Name, "{\"page\":4}"u8.ToArray()));
        var second = await worker.TakeAsync();
        Assert.Equal("{\"page\":3}", Encoding.UTF8.GetString(second.Checkpoint!));
    }

    [Fact]
    public async Task Progress_IsSeen_WithItsMessageAndData()
    {
        var worker = Worker();
        var job = await SubmitAsync();
        var lease = await worker.TakeAsync();
        await worker.CallAsync(progress: [new() { Lease = lease.Name, Current = 3, Total = 9, Message = "Going", Data = "{\"done\":[1]}"u8.ToArray() }]);
        await worker.CallAsync(progress: [new() { Lease = lease.Name, Current = 4, Total = 9 }]);
        var seen = await Gateway.Eventually.AnswersAsync(() => job.GetStatusAsync(), status => status.Current == 4);
        Assert.Equal((9L, "Going", "{\"done\":[1]}"), (seen.Total, seen.Message, Encoding.UTF8.GetString(seen.Data!)));
        Assert.True(await worker.SucceedAsync(lease));
        var end = await job.WaitAsync();
        Assert.Equal((4L, 9L, "{\"done\":[1]}"), (end.Current, end.Total, Encoding.UTF8.GetString(end.Data!)));
    }

    [Fact]
    public async Task JobsOfAPausedQueue_Wait_AndComeWhenItIsResumed()
    {
        var worker = Worker();
        await worker.CallAsync(want: 1);
        var queue = "q" + _type[..20];
        await _grid.Grid.Pause(queue, new("tests", null));
        await SubmitAsync(new() { Queue = queue });
        await SubmitAsync();
        var open = await worker.TakeAsync();
        Assert.Equal("default", open.Queue);
        var waiting = worker.TakeAsync();
        await _grid.Grid.Resume(queue);
        Assert.Equal(queue, (await waiting.WaitAsync(TestWorker.Patience)).Queue);
    }

    [Fact]
    public async Task WhatATypeIsSaidToBe_CountsFromTheAnswerOn()
    {
        var worker = Worker();
        await worker.CallAsync(want: 1);
        foreach (var attempts in Enumerable.Range(2, 4))
        {
            await _grid.Cluster.Client.GetGrain<IJobTypesGrain>(0).Announce([new() { Name = _type, Attempts = attempts, Timeout = TimeSpan.FromMinutes(attempts) }], onlyNew: false);
            await SubmitAsync();
            var lease = await worker.TakeAsync();
            Assert.Equal((attempts, TimeSpan.FromMinutes(attempts)), (lease.Attempts, lease.Timeout));
            Assert.True(await worker.SucceedAsync(lease));
        }
    }

    [Fact]
    public async Task AWorkerOfSomeQueues_GetsNoOthers()
    {
        var worker = Worker();
        await SubmitAsync();
        var mine = await SubmitAsync(new() { Queue = "mine" });
        var call = new WorkCall { Sequence = 1_000_000, Types = [_type], Queues = ["mine"], Want = 5, Wait = TimeSpan.FromSeconds(5) };
        var answer = await worker.Grain.Call(call);
        Assert.Equal([mine.Id], answer.Leases.Select(lease => lease.Name.Id));
    }

    [Fact]
    public async Task ManyJobs_AreTakenAndReportedInBatches_EachOnce()
    {
        var worker = Worker();
        var jobs = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => SubmitAsync()));
        var seen = new HashSet<string>();
        WorkReport[] reports = [];
        while (seen.Count < jobs.Length || reports.Length > 0)
        {
            var answer = await worker.CallAsync(want: 40, wait: 5, reports: reports);
            Assert.All(answer.Taken, Assert.True);
            Assert.True(answer.Leases.Length <= 40);
            Assert.All(answer.Leases, lease => Assert.True(seen.Add(lease.Name.Id)));
            reports = [.. answer.Leases.Select(lease => new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Success })];
        }

        var ends = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(TestWorker.Patience);
        Assert.All(ends, end => Assert.Equal((JobState.Success, 1), (end.State, end.Attempt)));
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestGrid Grid { get; private set; } = null!;

        public async Task InitializeAsync() => Grid = await TestGrid.StartAsync(silos: 2, options => options.CancelGrace = TimeSpan.FromSeconds(2));

        public async Task DisposeAsync() => await Grid.DisposeAsync();
    }
}
