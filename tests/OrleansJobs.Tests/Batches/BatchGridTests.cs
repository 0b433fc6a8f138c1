using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Batches;

/// <summary>Batches through a whole grid.</summary>
public class BatchGridTests
{
    [Fact]
    public async Task JobsOfAKey_RunTogether_OneBatchAtATime_AndOneThatFailsRunsAgain()
    {
        var seen = new Seen();
        await using var grid = await TestGrid.StartAsync(
            silos: 2, jobs: (jobs, _) => jobs.AddJob<GatherJob>(), more: (silo, _) => silo.Services.AddSingleton(seen), store: new MemoryPartitionStore(GridLayout.Layout));
        await grid.Jobs.Keys.PutAsync("tenant", new KeyRule { Concurrency = 1 });
        var handles = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => grid.Jobs.SubmitAsync("gather", i, new SubmitOptions { Key = "tenant/7" })));
        var results = await Task.WhenAll(handles.Select(handle => handle.ResultAsync<int>()));
        Assert.Equal(Enumerable.Range(0, 120), results);
        Assert.False(seen.Overlapped, "Two batches of one key ran at a time.");
        // All but the last few are full ones.
        Assert.InRange(seen.Sizes.Count, 3, 20);
        Assert.All(seen.Sizes, size => Assert.InRange(size, 1, 50));
        Assert.Equal(2, seen.Attempts[13]);
        Assert.All(Enumerable.Range(0, 120).Except([13]), i => Assert.Equal(1, seen.Attempts[i]));
    }

    [Fact]
    public async Task OneThatWaitsForOthers_SaysSo_AndGoesWhenTheyCome()
    {
        var seen = new Seen();
        await using var grid = await TestGrid.StartAsync(
            jobs: (jobs, _) => jobs.AddJob<GatherJob>(options => (options.Batch, options.BatchWait) = (3, TimeSpan.FromHours(1))), more: (silo, _) => silo.Services.AddSingleton(seen),
            store: new MemoryPartitionStore(GridLayout.Layout));
        var first = await grid.Jobs.SubmitAsync("gather", 1, new SubmitOptions { Key = "tenant/7" });
        var reason = Assert.Single((await first.GetStatusAsync()).WaitingFor);
        Assert.Equal((WaitReasons.Batch, 1, 3), (reason.What, reason.Done, reason.Of));
        foreach (var i in (int[])[2, 3]) await grid.Jobs.SubmitAsync("gather", i, new SubmitOptions { Key = "tenant/7" });
        Assert.Equal(1, await first.ResultAsync<int>());
        Assert.Equal([3], seen.Sizes);
    }

    internal sealed class Seen
    {
        private int _running;

        public ConcurrentQueue<int> Sizes { get; } = new();
        public ConcurrentDictionary<int, int> Attempts { get; } = new();
        public bool Overlapped { get; private set; }

        public void Begin(int size)
        {
            Sizes.Enqueue(size);
            if (Interlocked.Increment(ref _running) > 1) Overlapped = true;
        }

        public void End() => Interlocked.Decrement(ref _running);
    }

    [Job("gather", Batch = 50, BatchSeconds = 0.2)]
    internal sealed class GatherJob(Seen seen) : IBatchJob<int, int>
    {
        public async Task RunAsync(IReadOnlyList<BatchItem<int, int>> items, CancellationToken cancellation)
        {
            seen.Begin(items.Count);
            await Task.Yield();
            foreach (var item in items)
            {
                if (seen.Attempts.AddOrUpdate(item.Args, 1, static (_, count) => count + 1) == 1 && item.Args == 13) item.Fail(new InvalidDataException("once"));
                else item.Succeed(item.Args);
            }

            seen.End();
        }
    }
}
