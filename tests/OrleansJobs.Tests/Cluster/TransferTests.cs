using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Waiting jobs are put into another queue.</summary>
public class TransferTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task WhoeverIsPutIntoAnotherQueue_RunsWhereThatIsServed_AlsoAfterARestart()
    {
        // More than memory holds of a lane.
        string[] ids = [.. Enumerable.Range(0, 40).Select(i => $"w{i}")];
        string[] moved = ["w35", "w2", "w17"];
        var store = new MemoryPartitionStore(GridLayout.Layout);
        await using (var grid = await TestGrid.StartAsync(store: store, configure: options => (options.Partitions, options.WindowJobs) = (1, 16)))
        {
            await grid.Jobs.SubmitAsync("gate", 0, new() { Id = "first" });
            await grid.Handlers.Started("first");
            foreach (var id in ids) await grid.Jobs.SubmitAsync("echo", "x", new() { Id = id, Countdown = TimeSpan.FromHours(1) });
            foreach (var id in moved) Assert.True(await grid.Jobs.Get(id).TransferAsync("slow", "it can wait"));
            Assert.True(await grid.Jobs.Get("w35").TransferAsync("slow"));
            // There and back.
            Assert.True(await grid.Jobs.Get("w3").TransferAsync("slow"));
            Assert.True(await grid.Jobs.Get("w3").TransferAsync("default"));
            Assert.False(await grid.Jobs.Get("first").TransferAsync("slow"));
            await Assert.ThrowsAsync<JobNotFoundException>(() => grid.Jobs.Get("none").TransferAsync("slow"));
            await Assert.ThrowsAsync<ArgumentException>(() => grid.Jobs.Get("w1").TransferAsync("a queue"));
            await Assert.ThrowsAsync<ArgumentException>(() => grid.Jobs.Get("w1").TransferAsync("oj-flows"));
            Assert.Equal("slow", Assert.Single((await grid.Jobs.Get("w35").GetStatusAsync()).Changes).Queue);
            await AgreeAsync(grid);
        }

        await using var again = await TestGrid.StartAsync(store: store, configure: options => (options.Partitions, options.WindowJobs, options.Queues["slow"]) = (1, 16, 1));
        await AgreeAsync(again);
        foreach (var id in ids) Assert.True(await again.Jobs.Get(id).MoveAsync(null));
        // Only what lies in the other queue runs there.
        foreach (var id in moved) Assert.Equal((JobState.Success, "slow"), await again.Jobs.Get(id).WaitAsync().WaitAsync(Patience) is var ended ? (ended.State, ended.Queue) : default);
        Assert.Equal(moved.Order(), again.Handlers.Starts.Select(start => start.Id).Where(ids.Contains).Order());
        Assert.True(await again.Jobs.Get("w0").TransferAsync("slow"));
        Assert.Equal(JobState.Success, (await again.Jobs.Get("w0").WaitAsync().WaitAsync(Patience)).State);
        foreach (var id in moved) Assert.True(await again.Jobs.Get(id).DeleteAsync());
        Assert.Equal(["w0"], (await again.Grid.List(new() { Queue = "slow" })).Jobs.Select(job => job.Id));

        async Task AgreeAsync(TestGrid grid)
        {
            Assert.Equal(["w35", "w17", "w2"], (await grid.Grid.List(new() { Queue = "slow" })).Jobs.Select(job => job.Id));
            Assert.Equal(["w35", "w17"], (await grid.Grid.List(new() { Queue = "slow", Type = "echo", Limit = 2 })).Jobs.Select(job => job.Id));
            Assert.Equal(["w2", "w17", "w35"], (await grid.Grid.List(new() { Queue = "slow", Order = ListOrder.Due })).Jobs.Select(job => job.Id));
            var others = new List<string>();
            for (JobPage? page = null; page is null || page.Cursor is not null; others.AddRange(page.Jobs.Select(job => job.Id)))
                page = await grid.Grid.List(new() { Queue = "default", Type = "echo", Limit = 5, Cursor = page?.Cursor });
            Assert.Equal(ids.Except(moved).Reverse(), others);
            var counts = (await grid.Grid.GetStats()).Counts;
            Assert.Equal([37L, 3], ((string[])["default", "slow"]).Select(queue => counts.Where(count => count.Queue == queue && count.Type == "echo").Sum(count => count.Jobs)));
        }
    }

    /// <summary>Between somebody's look at a job and what they do with it, it may have been put into a queue that they are not good for.</summary>
    [Fact]
    public async Task WhoIsGoodForSomeQueues_IsHeldToThem_WhenItIsDecided()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.Partitions = 1);
        var partition = grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0);
        await grid.Jobs.SubmitAsync("echo", "x", new() { Id = "w", Countdown = TimeSpan.FromHours(1) });
        Assert.True(await grid.Jobs.Get("w").TransferAsync("secret"));
        var order = new ChangeOrder("theirs") { Queues = ["default", "fax"] };
        foreach (var change in (Func<ChangeOrder, Task<JobChange>>[])
            [by => partition.Transfer("w", "fax", by), by => partition.Prioritise("w", 9, by), by => partition.Move("w", null, by), by => partition.Cancel("w", by), by => partition.Retry("w", by)])
        {
            var answer = await change(order);
            Assert.Equal((JobChangeOutcome.NotFound, null), (answer.Outcome, answer.Status));
        }

        var status = await grid.Jobs.Get("w").GetStatusAsync();
        Assert.Equal((JobState.Pending, "secret", 1), (status.State, status.Queue, status.Changes.Length));
        Assert.Equal(JobChangeOutcome.Done, (await partition.Transfer("w", "fax", order with { Queues = ["secret", "fax"] })).Outcome);
    }

    [Fact]
    public void ATrack_KeepsTheQueue_AndNothingWhereItIsTheJobsOwn()
    {
        Assert.Equal("slow", JobTrack.Decode((JobTrack.Fresh with { Queue = "slow", Failures = 1 }).Encode()).Queue);
        Assert.Null(JobTrack.Decode((JobTrack.Fresh with { Failures = 1 }).Encode()).Queue);
        Assert.Equal((JobTrack.Fresh with { Failures = 1 }).Encode().Length + 2 + "slow".Length + 1, (JobTrack.Fresh with { Failures = 1, Queue = "slow" }).Encode().Length);
    }
}
