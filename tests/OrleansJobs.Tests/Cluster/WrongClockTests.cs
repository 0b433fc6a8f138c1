using OrleansJobs.Faults.Silos;

namespace OrleansJobs.Tests.Cluster;

/// <summary>A silo whose clock jumps while it runs, beside a Redis whose clock is right.</summary>
public class WrongClockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SkewedTime _time = new(TimeProvider.System);

    [Theory]
    [InlineData(8)]
    [InlineData(-10 * 24 * 60)]
    public async Task WhileTheClockIsWrong_NothingStartsExpiresOrIsPurged_AndThenAllGoesOn(int minutesAhead)
    {
        await using var grid = await TestGrid.StartAsync(time: _time);
        var done = await grid.Jobs.SubmitAsync("echo", "done", new() { Retention = TimeSpan.FromMinutes(5) });
        await done.ResultAsync<string>().WaitAsync(Patience);
        var scheduled = await grid.Jobs.SubmitAsync("echo", "later", new() { Countdown = TimeSpan.FromMinutes(5), ExpiresAfter = TimeSpan.FromMinutes(6) });

        _time.Offset = TimeSpan.FromMinutes(minutesAhead);
        var trouble = await grid.Grid.GetTrouble();
        // Each submit looks for what is ready in its partition: two for each, so that all have looked.
        var ids = Enumerable.Range(0, 1000).Select(i => $"w{i}").GroupBy(id => JobIds.PartitionOf(id, TestGrid.Partitions)).SelectMany(partition => partition.Take(2));
        var waiting = new List<JobHandle>();
        foreach (var id in ids) waiting.Add(await grid.Jobs.SubmitAsync("echo", id, new() { Id = id }));
        var (started, found) = (grid.Handlers.Starts.Count, await done.GetStatusAsync());
        _time.Offset = TimeSpan.Zero;

        Assert.Contains("The clock of this silo says", trouble);
        Assert.Equal(1, started);
        Assert.Equal(JobState.Success, found.State);
        await Task.WhenAll(waiting.Select(job => job.ResultAsync<string>())).WaitAsync(Patience);
        Assert.Null(await grid.Grid.GetTrouble());
        Assert.Equal(JobState.Pending, (await scheduled.GetStatusAsync()).State);
        Assert.Equal(JobState.Success, (await done.GetStatusAsync()).State);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var job in waiting)
        {
            var status = await job.GetStatusAsync();
            Assert.InRange(status.SubmittedAt, now.AddMinutes(-5), now.AddSeconds(1));
            Assert.InRange(status.FinishedAt!.Value, status.SubmittedAt, now.AddSeconds(1));
        }
    }
}
