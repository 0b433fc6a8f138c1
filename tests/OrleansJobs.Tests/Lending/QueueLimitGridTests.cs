using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Lending;

/// <summary>Limits of queues on grids of several partitions and silos, from C#.</summary>
public class QueueLimitGridTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task NoMoreRunThanMay_OverAllSilos_AndTheOthersSayWhy()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2, store: new MemoryPartitionStore(GridLayout.Layout));
        var put = await grid.Jobs.QueueLimits.PutAsync("mail", new() { Concurrency = 2 });
        Assert.Equal((2, false, 0), (put.Limits!.Concurrency, put.IsConfigured, put.Running));
        var jobs = new List<string>();
        for (var i = 0; i < 12; i++) jobs.Add((await grid.Jobs.SubmitAsync("gate", 0, new() { Queue = "mail", Key = i % 2 == 0 ? $"tenant/{i}" : null })).Id);
        var done = new HashSet<string>();
        while (done.Count < jobs.Count)
        {
            var running = await RunningAsync(grid, jobs, Math.Min(2, jobs.Count - done.Count));
            Assert.InRange((await grid.Jobs.QueueLimits.GetAsync("mail")).Running, 0, 2);
            if (done.Count == 0)
            {
                var waiting = await grid.Jobs.Get(jobs.First(id => !running.Contains(id))).GetStatusAsync();
                var reason = Assert.Single(waiting.WaitingFor);
                Assert.Equal((WaitReasons.Limit, "mail", LimitWords.Concurrency, null), (reason.What, reason.Queue, reason.Limit, reason.Name));
            }

            grid.Handlers.Release(running[0]);
            Assert.Equal(JobState.Success, (await grid.Jobs.Get(running[0]).WaitAsync().WaitAsync(Patience)).State);
            done.Add(running[0]);
        }

        Assert.True(await grid.Jobs.QueueLimits.DeleteAsync("mail"));
        Assert.Null((await grid.Jobs.QueueLimits.GetAsync("mail")).Limits);
        Assert.False(await grid.Jobs.QueueLimits.DeleteAsync("never"));
    }

    [Fact]
    public async Task WhatIsConfigured_Holds_UntilSomethingIsPut_AndAgainWhenThatIsTakenAway()
    {
        await using var grid = await TestGrid.StartAsync(
            store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.QueueLimits["mail"] = new QueueLimitOptions { Concurrency = 1 });
        var jobs = new List<string>();
        for (var i = 0; i < 4; i++) jobs.Add((await grid.Jobs.SubmitAsync("gate", 0, new() { Queue = "mail" })).Id);
        await RunningAsync(grid, jobs, 1);
        Assert.Equal((1, true), (await InfoAsync(grid)));
        Assert.False(await grid.Jobs.QueueLimits.DeleteAsync("mail"));
        await grid.Jobs.QueueLimits.PutAsync("mail", new() { Concurrency = 3 });
        await RunningAsync(grid, jobs, 3);
        Assert.True(await grid.Jobs.QueueLimits.DeleteAsync("mail"));
        Assert.Equal((1, true), (await InfoAsync(grid)));
    }

    [Fact]
    public async Task WrongLimits_AreRefused()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.MaxQueueLimits = 1);
        await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.QueueLimits.PutAsync("mail", new()));
        await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.QueueLimits.PutAsync("mail", new() { Concurrency = 0 }));
        await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.QueueLimits.PutAsync("mail", new() { Rate = new(1, 1000, Rejects: true) }));
        await Assert.ThrowsAsync<ArgumentException>(() => grid.Jobs.QueueLimits.PutAsync("no name", new() { Concurrency = 1 }));
        await grid.Jobs.QueueLimits.PutAsync("mail", new() { Concurrency = 1 });
    }

    private static async Task<(int?, bool)> InfoAsync(TestGrid grid)
    {
        var info = await grid.Jobs.QueueLimits.GetAsync("mail");
        return (info.Limits?.Concurrency, info.IsConfigured);
    }

    /// <summary>Waits until so many of them run, and no more.</summary>
    private static async Task<List<string>> RunningAsync(TestGrid grid, List<string> jobs, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            var statuses = await Task.WhenAll(jobs.Select(id => grid.Jobs.Get(id).GetStatusAsync()));
            var running = statuses.Where(status => status.State == JobState.Progress).Select(status => status.Id).ToList();
            Assert.InRange(running.Count, 0, count);
            if (running.Count == count) return running;
        }
    }
}
