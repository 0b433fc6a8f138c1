using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Cluster;

public sealed class OneSilo : IAsyncLifetime
{
    public TestGrid Grid { get; private set; } = null!;

    public async Task InitializeAsync() => Grid = await TestGrid.StartAsync();

    public async Task DisposeAsync() => await Grid.DisposeAsync();
}

/// <summary>The life of single jobs, through the client, on a silo with Redis.</summary>
public class JobLifeTests(OneSilo silo) : IClassFixture<OneSilo>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TestGrid _grid = silo.Grid;

    [Fact]
    public async Task Submit_RunsTheHandlerAndKeepsItsResult()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "hello");
        Assert.Equal("hello", await job.ResultAsync<string>().WaitAsync(Patience));
        var status = await job.GetStatusAsync();
        Assert.Equal((JobState.Success, 1, 1L, 1L), (status.State, status.Attempt, status.Current, status.Total));
        Assert.Equal("succeeded", Assert.Single(status.Attempts).Outcome);
    }

    [Fact]
    public async Task Watch_ShowsProgressAndThenTheEnd_WithGrowingVersions()
    {
        var job = await _grid.Jobs.SubmitAsync("gate", 0);
        var seen = new List<JobStatus>();
        await foreach (var status in job.WatchAsync(new CancellationTokenSource(Patience).Token))
        {
            seen.Add(status);
            if (status.Message == "Waiting at the gate") _grid.Handlers.Release(job.Id);
        }

        Assert.Contains(seen, status => status is { State: JobState.Progress, Current: 1, Total: 2 });
        Assert.Equal(JobState.Success, seen[^1].State);
        Assert.Equal(seen.Select(status => status.Version).Distinct().Order(), seen.Select(status => status.Version));
    }

    [Fact]
    public async Task Countdown_StartsNotBefore()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "x", new() { Countdown = TimeSpan.FromMilliseconds(800) });
        Assert.Equal(JobPhase.Scheduled, (await job.GetStatusAsync()).Phase);
        var end = await job.WaitAsync().WaitAsync(Patience);
        Assert.True(end.StartedAt >= end.SubmittedAt + TimeSpan.FromMilliseconds(800), $"{end.SubmittedAt:O} {end.StartedAt:O}");
    }

    [Fact]
    public async Task Failure_IsRetriedThenToldWithTypeAndMessage()
    {
        var job = await _grid.Jobs.SubmitAsync("fail", "broken");
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => job.ResultAsync<int>().WaitAsync(Patience));
        Assert.Equal(new JobError(JobErrorCodes.Error, "InvalidDataException", "broken"), failed.Error);
        Assert.Equal([1, 2, 3], failed.Status.Attempts.Select(attempt => attempt.Number));
        var starts = _grid.Handlers.Starts.Where(start => start.Id == job.Id).ToList();
        Assert.Equal(starts.Select(start => start.Token).Order(), starts.Select(start => start.Token));
        Assert.Equal(3, starts.Count);
    }

    [Fact]
    public async Task Retry_RunsAFailedJobAgain_AndTheStatusFollows()
    {
        var job = await _grid.Jobs.SubmitAsync("fail", "broken", new() { Retry = new() { Attempts = 1 } });
        await job.WaitAsync().WaitAsync(Patience);
        Assert.Equal(JobState.Failure, (await job.GetStatusAsync()).State);
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(job.Id, 8));
        Assert.Equal(JobChangeOutcome.Done, (await partition.Retry(job.Id, new("test"))).Outcome);
        var again = await job.WaitAsync().WaitAsync(Patience);
        Assert.Equal(2, again.Attempts.Length);
        Assert.Equal(2, (await job.GetStatusAsync()).Attempt);
    }

    [Fact]
    public async Task Arguments_ThatDoNotFit_FailAtOnce()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", new { not = "a string" });
        var end = await job.WaitAsync().WaitAsync(Patience);
        Assert.Equal((JobState.Failure, JobErrorCodes.BadArgs, 1), (end.State, end.Error?.Code, end.Attempts.Length));
    }

    [Theory]
    [InlineData("large", 2_000_000, JobErrorCodes.ResultTooLarge)]
    [InlineData("cycle", 0, JobErrorCodes.BadResult)]
    public async Task Results_ThatCannotBeKept_FailWithTheirCode(string type, int args, string code)
    {
        var job = await _grid.Jobs.SubmitAsync(type, args);
        Assert.Equal(code, (await job.WaitAsync().WaitAsync(Patience)).Error?.Code);
    }

    [Fact]
    public async Task Cancel_WhenWaiting_EndsItForGood()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "x", new() { Countdown = TimeSpan.FromHours(1) });
        Assert.True(await job.CancelAsync("not needed"));
        await Assert.ThrowsAsync<JobCancelledException>(() => job.ResultAsync<string>().WaitAsync(Patience));
        Assert.False(await job.CancelAsync());
        Assert.DoesNotContain(_grid.Handlers.Starts, start => start.Id == job.Id);
    }

    [Fact]
    public async Task Cancel_WhenRunning_StopsTheHandler()
    {
        var job = await _grid.Jobs.SubmitAsync("gate", 0);
        await _grid.Handlers.Started(job.Id);
        Assert.True(await job.CancelAsync());
        Assert.Equal(JobState.Revoked, (await job.WaitAsync().WaitAsync(Patience)).State);
    }

    [Fact]
    public async Task Checkpoint_OutlivesFailedAttempts()
    {
        var job = await _grid.Jobs.SubmitAsync("checkpoint", 0);
        Assert.Equal(2, await job.ResultAsync<int>().WaitAsync(Patience));
    }

    [Fact]
    public async Task GivenId_TheSameContentIsTheFirstJob_OtherContentIsRefused()
    {
        var id = "order-" + JobIds.New();
        var first = await _grid.Jobs.SubmitAsync("echo", "a", new() { Id = id });
        await first.WaitAsync().WaitAsync(Patience);
        var second = await _grid.Jobs.SubmitAsync("echo", "a", new() { Id = id });
        Assert.Equal(SubmitOutcome.Replayed, second.Receipt!.Outcome);
        Assert.Equal(JobState.Success, second.Receipt.Status!.State);
        await Assert.ThrowsAsync<JobConflictException>(() => _grid.Jobs.SubmitAsync("echo", "b", new() { Id = id }));
        Assert.Single(_grid.Handlers.Starts, start => start.Id == id);
    }

    [Fact]
    public async Task GivenId_WhenAHundredSubmitAtOnce_OneJobRunsOnce()
    {
        var id = "once-" + JobIds.New();
        var handles = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => _grid.Jobs.SubmitAsync("echo", "a", new() { Id = id })));
        await handles[0].WaitAsync().WaitAsync(Patience);
        Assert.Single(handles, handle => handle.Receipt!.Outcome == SubmitOutcome.Accepted);
        Assert.Single(_grid.Handlers.Starts, start => start.Id == id);
    }

    [Fact]
    public async Task Retention_WhenOver_TheJobIsGoneAndItsIdIsFree()
    {
        var id = "brief-" + JobIds.New();
        var options = new SubmitOptions { Id = id, Retention = TimeSpan.FromMilliseconds(1) };
        var job = await _grid.Jobs.SubmitAsync("echo", "a", options);
        await WaitUntilAsync(async () => (await _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, 8)).Get(id)) is null);
        var again = await _grid.Jobs.SubmitAsync("echo", "other", options with { Retention = TimeSpan.FromHours(1) });
        Assert.Equal(SubmitOutcome.Accepted, again.Receipt!.Outcome);
        Assert.Equal("other", await again.ResultAsync<string>().WaitAsync(Patience));
        Assert.Equal(job.Id, again.Id);
    }

    [Fact]
    public async Task Expiry_EndsAJobThatNobodyStarted()
    {
        var job = await _grid.Jobs.SubmitAsync("nobody-knows", 0, new() { ExpiresAfter = TimeSpan.FromMilliseconds(300) });
        await Assert.ThrowsAsync<JobExpiredException>(() => job.ResultAsync<string>().WaitAsync(Patience));
    }

    [Fact]
    public async Task Pause_HoldsAQueueUntilItIsResumed()
    {
        await _grid.Grid.Pause("held", new("test", "maintenance"));
        var held = await _grid.Jobs.SubmitAsync("echo", "a", new() { Queue = "held" });
        var other = await _grid.Jobs.SubmitAsync("echo", "b");
        await other.WaitAsync().WaitAsync(Patience);
        Assert.Equal(JobPhase.Waiting, (await held.GetStatusAsync()).Phase);
        var queue = (await _grid.Grid.GetQueues()).Value.Single(queue => queue.Name == "held");
        Assert.Equal((true, "maintenance", 1L), (queue.Paused, queue.Reason, queue.Pending));
        await _grid.Grid.Resume("held");
        await held.WaitAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task List_PagesThroughAllPartitions_NewestFirst()
    {
        var tag = new Dictionary<string, string> { ["run"] = JobIds.New() };
        var ids = new List<string>();
        for (var i = 0; i < 40; i++) ids.Add((await _grid.Jobs.SubmitAsync("echo", "x", new() { Tags = tag, Countdown = TimeSpan.FromHours(1) })).Id);
        var query = new JobQuery { Tags = [new("run", tag["run"])], Limit = 7 };
        var listed = new List<JobStatus>();
        do
        {
            var page = await _grid.Jobs.ListAsync(query);
            listed.AddRange(page.Jobs);
            query = query with { Cursor = page.Cursor };
        }
        while (query.Cursor is not null);
        Assert.Equal(ids.Order(), listed.Select(job => job.Id).Order());
        Assert.Equal(listed.Select(job => job.SubmittedAt).OrderDescending(), listed.Select(job => job.SubmittedAt));
    }

    [Fact]
    public async Task FutureJobs_AddNoActivation()
    {
        var management = _grid.Cluster.Client.GetGrain<Orleans.Runtime.IManagementGrain>(0);
        await _grid.Grid.GetStats();
        var before = await management.GetTotalActivationCount();
        var jobs = Enumerable.Range(0, 5000).Select(_ => new JobSubmission
        {
            Id = JobIds.New(), Type = "echo", Args = "\"x\""u8.ToArray(), Countdown = 3_600_000, Queue = "future",
        }).ToList();
        var receipts = await _grid.Jobs.SubmitManyAsync(jobs);
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Accepted, receipt.Outcome));
        Assert.InRange(await management.GetTotalActivationCount() - before, -1000, 20);
        Assert.Equal(5000, (await _grid.Grid.GetQueues()).Value.Single(queue => queue.Name == "future").Pending);
        Assert.Equal(0, (await _grid.Grid.GetStats()).Orphans);
    }

    [Fact]
    public async Task Wait_WhenThePartitionIsToMove_IsAnsweredAndDoesNotKeepIt()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "x", new() { Countdown = TimeSpan.FromHours(1) });
        var status = await job.GetStatusAsync();
        var number = JobIds.PartitionOf(job.Id, TestGrid.Partitions);
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(number);
        var wait = partition.Wait(job.Id, status.Version, TimeSpan.FromSeconds(30));
        await WaitUntilAsync(async () => (await partition.Get(job.Id)) is not null);

        // An activation does not end while it is asked, and answers nothing more: it would be out of reach until the wait is over.
        var elsewhere = SiloAddress.New(System.Net.IPAddress.Loopback, 1, 1);
        Assert.False(await _grid.Cluster.Client.GetGrain<IPartitionWork>(number).Wake(elsewhere, new MembershipVersion(long.MaxValue)));
        Assert.Equal(status.Version, (await wait.WaitAsync(TimeSpan.FromSeconds(20)))?.Version);
        Assert.Equal(status.Version, (await partition.Get(job.Id).WaitAsync(TimeSpan.FromSeconds(20)))?.Version);
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }
}
