using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Who gets which jobs, and what is said of those that wait.</summary>
public class DispatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task AJob_OfAQueueThatWasPausedWhenTheOnlySiloForItCame_RunsWhenTheQueueIsResumed()
    {
        await using var grid = await TestGrid.StartAsync(silos: 1, jobs: (jobs, silo) =>
        {
            if (silo > 0) jobs.AddJob("new-type", (object? _, JobContext _, CancellationToken _) => Task.FromResult("at last"));
        });
        await grid.Grid.Pause("q", new("test"));
        await grid.Cluster.StartAdditionalSiloAsync();
        await WaitUntilAsync(async () => (await grid.Grid.GetStats()).Silos.Select(silo => silo.Partitions).SequenceEqual([4, 4]));
        // Everybody has asked, and was told that there is nothing.
        var jobs = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => grid.Jobs.SubmitAsync("new-type", 0, new() { Queue = "q" })));
        await grid.Grid.Resume("q");
        foreach (var job in jobs) Assert.Equal("at last", await job.ResultAsync<string>().WaitAsync(Patience));
    }

    [Fact]
    public async Task ASilo_ThatTheClusterHoldsForDead_IsGivenNothing()
    {
        await using var grid = await TestGrid.StartAsync();
        await grid.Grid.Pause("q", new("test"));
        var job = await grid.Jobs.SubmitAsync("echo", "x", new() { Queue = "q" });
        var dead = SiloAddress.New(System.Net.IPAddress.Loopback, 1, 1);
        var reply = await grid.Cluster.Client.GetGrain<IPartitionWork>(JobIds.PartitionOf(job.Id, TestGrid.Partitions)).Exchange(new()
        {
            Worker = new() { Silo = dead, SiloName = "gone", Types = ["echo"] }, Want = 10, Sequence = 1,
        });
        Assert.Empty(reply.Leases);
        Assert.Equal(JobState.Pending, (await job.GetStatusAsync()).State);
    }

    [Fact]
    public async Task Stats_CountWhatIsDue_AndWhatOfItCouldRun()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.WindowJobs = 16);
        await grid.Grid.Pause("paused", new("test"));
        await SubmitAsync(grid, 300, "paused", "echo", countdown: null);
        await SubmitAsync(grid, 3000, "paused", "echo", countdown: 3_600_000);
        var stats = await grid.Grid.GetStats();
        Assert.Equal((300, 0), (stats.Backlog, stats.Runnable));
        Assert.Equal(new JobCount(JobState.Pending, "paused", "echo", 300), Assert.Single(stats.Due));

        await SubmitAsync(grid, 50, "open", "nobody-knows-it", countdown: null);
        stats = await grid.Grid.GetStats();
        Assert.Equal((350, 0), (stats.Backlog, stats.Runnable));
    }

    [Fact]
    public async Task Stats_CountJobsThatWaitForASlot_AsRunnable()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.Slots = 1);
        await SubmitAsync(grid, 20, "q", "gate", countdown: null);
        await WaitUntilAsync(() => Task.FromResult(grid.Handlers.Starts.Count == 1));
        var stats = await grid.Grid.GetStats();
        Assert.Equal((19, 19, 1), (stats.Backlog, stats.Runnable, stats.Running));
    }

    [Fact]
    public async Task Submits_BeyondTheBytesThatMayWaitForTheStore_AreRefused()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.MaxPendingSubmitBytes = 1000);
        var jobs = Enumerable.Range(0, 1000).Select(_ => JobIds.New()).Where(id => JobIds.PartitionOf(id, TestGrid.Partitions) == 0).Take(3)
            .Select(id => new JobSubmission { Id = id, Type = "echo", Args = System.Text.Encoding.UTF8.GetBytes($"\"{new string('x', 600)}\"") }).ToArray();
        var receipts = await grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0).SubmitMany(new(jobs));
        Assert.Equal([SubmitOutcome.Accepted, SubmitOutcome.Overloaded, SubmitOutcome.Overloaded], receipts.Select(receipt => receipt.Outcome));
        Assert.Contains("1000 bytes", receipts[1].Reason, StringComparison.Ordinal);
        // What was taken is stored by now, and makes room; one alone is taken however large it is.
        Assert.Equal(SubmitOutcome.Accepted, (await grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0).Submit(jobs[1] with { Args = System.Text.Encoding.UTF8.GetBytes($"\"{new string('y', 5000)}\"") })).Outcome);
    }

    [Fact]
    public async Task Queues_ThatOneKeyMakesUp_AreBounded_AndLeaveRoomForOthers()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.MaxLanesPerKey = 2);
        var partition = grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0);
        var ids = Enumerable.Range(0, 1000).Select(_ => JobIds.New()).Where(id => JobIds.PartitionOf(id, TestGrid.Partitions) == 0).Take(6).ToArray();
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(0, "q0", "greedy"));
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(1, "q1", "greedy"));
        Assert.Equal(SubmitOutcome.Overloaded, await SubmitAsync(2, "q2", "greedy"));
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(2, "q1", "greedy"));
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(3, "q3", "other"));
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(4, "q4", null));
        await partition.Cancel(ids[0], new("test"));
        Assert.Equal(SubmitOutcome.Accepted, await SubmitAsync(5, "q5", "greedy"));

        async Task<SubmitOutcome> SubmitAsync(int id, string queue, string? owner) =>
            (await partition.Submit(new() { Id = ids[id], Type = "echo", Args = "\"x\""u8.ToArray(), Queue = queue, Owner = owner, Countdown = 3_600_000 })).Outcome;
    }

    private static async Task SubmitAsync(TestGrid grid, int jobs, string queue, string type, long? countdown)
    {
        var receipts = await grid.Jobs.SubmitManyAsync([.. Enumerable.Range(0, jobs).Select(_ => new JobSubmission
        {
            Id = JobIds.New(), Type = type, Args = "\"x\""u8.ToArray(), Queue = queue, Countdown = countdown,
        })]);
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Accepted, receipt.Outcome));
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }
}
