using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Waiting jobs are given another priority.</summary>
public class PriorityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task WhoeverIsGivenAHigherOne_GoesFirst_AlsoAfterARestart()
    {
        // More than memory holds of a lane.
        const int Jobs = 40;
        string[] ids = [.. Enumerable.Range(0, Jobs).Select(i => $"w{i}")];
        var store = new MemoryPartitionStore(GridLayout.Layout);
        await using (var grid = await TestGrid.StartAsync(store: store, configure: Configure))
        {
            await grid.Jobs.SubmitAsync("gate", 0, new() { Id = "first" });
            await grid.Handlers.Started("first");
            foreach (var id in ids) await grid.Jobs.SubmitAsync("echo", "x", new() { Id = id, Countdown = TimeSpan.FromHours(1) });
            Assert.True(await grid.Jobs.Get("w35").PrioritiseAsync(9, "somebody waits"));
            Assert.True(await grid.Jobs.Get("w2").PrioritiseAsync(0));
            Assert.True(await grid.Jobs.Get("w35").PrioritiseAsync(9));
            Assert.False(await grid.Jobs.Get("first").PrioritiseAsync(9));
            await Assert.ThrowsAsync<JobNotFoundException>(() => grid.Jobs.Get("none").PrioritiseAsync(9));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grid.Jobs.Get("w1").PrioritiseAsync(10));
            var priorities = await Task.WhenAll(((string[])["w35", "w2", "w1"]).Select(async id => (await grid.Jobs.Get(id).GetStatusAsync()).Priority));
            Assert.Equal([9, 0, 4], priorities);
            Assert.Single((await grid.Jobs.Get("w35").GetStatusAsync()).Changes);
        }

        await using var again = await TestGrid.StartAsync(store: store, configure: Configure);
        await again.Jobs.SubmitAsync("gate", 0, new() { Id = "second" });
        await again.Handlers.Started("second");
        foreach (var id in ids) Assert.True(await again.Jobs.Get(id).MoveAsync(null));
        again.Handlers.Release("second");
        foreach (var id in ids) Assert.Equal(JobState.Success, (await again.Jobs.Get(id).WaitAsync().WaitAsync(Patience)).State);
        var order = again.Handlers.Starts.Select(start => start.Id).Where(ids.Contains).ToList();
        Assert.Equal((Jobs, "w35", "w2"), (order.Count, order[0], order[^1]));
        Assert.Equal(9, (await again.Jobs.Get("w35").GetStatusAsync()).Priority);

        void Configure(OrleansJobs.Hosting.JobGridOptions options) => (options.Partitions, options.Slots, options.WindowJobs) = (1, 1, 16);
    }

    [Fact]
    public void ATrack_KeepsWhatItWasGiven_AndNothingWhereItWasNot()
    {
        Assert.Equal(0, JobTrack.Decode((JobTrack.Fresh with { Priority = 0, Failures = 1 }).Encode()).Priority);
        Assert.Null(JobTrack.Decode((JobTrack.Fresh with { Failures = 1 }).Encode()).Priority);
    }
}
