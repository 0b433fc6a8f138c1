namespace OrleansJobs.Tests.Cluster;

/// <summary>What was true of a job that had ended is told only for as long as it is true.</summary>
public class EndedJobTests(OneSilo silo) : IClassFixture<OneSilo>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly SubmitOptions Later = new() { Countdown = TimeSpan.FromHours(1) };
    private readonly TestGrid _grid = silo.Grid;

    [Fact]
    public async Task Status_WhenTheRetentionIsOver_IsNotTheOldEnd()
    {
        var job = await EndBrieflyAsync("over-" + JobIds.New());
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.GetStatusAsync());
    }

    [Fact]
    public async Task Status_WhenTheIdIsAnotherJobs_IsThatJobs()
    {
        var old = await EndBrieflyAsync("again-" + JobIds.New());
        var job = await _grid.Jobs.SubmitAsync("gate", 0, new() { Id = old.Id });
        await _grid.Handlers.Started(job.Id);
        var status = await job.GetStatusAsync();
        Assert.Equal(JobState.Progress, status.State);
        _grid.Handlers.Release(job.Id);
        Assert.Equal(JobState.Success, (await job.WaitAsync().WaitAsync(Patience)).State);
        Assert.Equal(JobState.Success, (await job.GetStatusAsync()).State);
    }

    [Fact]
    public async Task Versions_OfAJobThatTakesAnId_LieAboveThoseOfTheOneBefore()
    {
        var id = "versions-" + JobIds.New();
        var last = 0L;
        for (var life = 0; life < 5; life++)
        {
            var job = await _grid.Jobs.SubmitAsync("echo", $"{life}", Later with { Id = id });
            var first = await job.GetStatusAsync();
            Assert.True(first.Version > last, $"life {life} begins with {first.Version}, after {last}");
            await job.CancelAsync();
            last = (await job.GetStatusAsync()).Version;
            Assert.InRange(last, first.Version + 1, (1L << 53) - 1);
            Assert.True(await job.DeleteAsync());
            await Assert.ThrowsAsync<JobNotFoundException>(() => job.GetStatusAsync());
        }
    }

    [Fact]
    public async Task Watch_AfterTheVersionOfAnEarlierJob_SeesTheNewOne()
    {
        var id = "watch-" + JobIds.New();
        var old = await _grid.Jobs.SubmitAsync("echo", "a", new() { Id = id });
        var end = await old.WaitAsync().WaitAsync(Patience);
        Assert.Equal(JobState.Success, (await old.GetStatusAsync()).State);
        Assert.True(await old.DeleteAsync());
        var job = await _grid.Jobs.SubmitAsync("echo", "b", Later with { Id = id });
        await using var seen = job.WatchAsync(end.Version).GetAsyncEnumerator();
        Assert.True(await seen.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(JobPhase.Scheduled, seen.Current.Phase);
    }

    [Fact]
    public async Task End_WhenReadAgain_IsNotReadFromTheStoreAgain()
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "x");
        await job.WaitAsync().WaitAsync(Patience);
        // The first look makes the job's grain know the end, the second its partition.
        var end = await job.GetStatusAsync();
        await job.GetStatusAsync();
        _grid.Redis.Pause();
        try
        {
            for (var i = 0; i < 20; i++) Assert.Equal(end.Version, (await job.GetStatusAsync().WaitAsync(Patience)).Version);
        }
        finally
        {
            _grid.Redis.Resume();
        }
    }

    /// <summary>A job that was cancelled, looked at, and is past its retention.</summary>
    private async Task<JobHandle> EndBrieflyAsync(string id)
    {
        var job = await _grid.Jobs.SubmitAsync("echo", "old", Later with { Id = id, Retention = TimeSpan.FromSeconds(1) });
        await job.CancelAsync();
        Assert.Equal(JobState.Revoked, (await job.GetStatusAsync()).State);
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, TestGrid.Partitions));
        using var patience = new CancellationTokenSource(Patience);
        while (await partition.Get(id) is not null) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        return job;
    }
}
