using System.Collections.Concurrent;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>Whole histories under a seed: exchanges fail before and after they took effect, leases come twice, partitions hint out of turn.</summary>
public class WorkerHistoryTests
{
    private const int Jobs = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task WhateverGetsLost_EveryJobIsRunOnce_AndReportedOnce(int seed)
    {
        var random = new Random(seed);
        var runs = new ConcurrentDictionary<string, int>();
        var suspects = 0;
        var together = 0;
        var beside = 0;
        var running = new ConcurrentDictionary<string, bool>();
        TestWorker tested = null!;
        using var worker = tested = new TestWorker(
            grid => grid.AddJob("work", async (int suspect, JobContext job, CancellationToken ct) =>
            {
                runs.AddOrUpdate(job.Id, 1, (_, times) => times + 1);
                running[job.Id] = true;
                if (tested.Partitions.Alone.Any(lease => lease.Id != job.Id)) Interlocked.Increment(ref beside);
                if (suspect == 1 && Interlocked.Increment(ref suspects) > 1) Interlocked.Increment(ref together);
                if (job.Id.GetHashCode() % 3 == 0) await Task.Yield();
                running.TryRemove(job.Id, out var _);
                if (suspect == 1) Interlocked.Decrement(ref suspects);
            }),
            options =>
            {
                options.Slots = 3;
                if (seed % 2 == 0) options.Queues = new() { ["a"] = 1, ["b"] = 3 };
            });
        for (var i = 0; i < 4; i++)
        {
            worker.Partitions[i].TakesBack = true;
            worker.Partitions[i].Before = _ => Fails() ? throw new TimeoutException() : Task.CompletedTask;
            worker.Partitions[i].After = _ => Fails() ? throw new TimeoutException() : Task.CompletedTask;
        }

        worker.Partitions.StoredAsAlone = lease =>
        {
            if (running.Keys.Any(id => id != lease.Id)) Interlocked.Increment(ref beside);
        };
        worker.Partitions.Trials.Answer = () => Fails() ? Task.FromResult<TimeSpan?>(null) : Task.FromResult<TimeSpan?>(TimeSpan.FromMilliseconds(Draw(20)));
        worker.Engine.Start();
        for (var i = 0; i < Jobs; i++)
        {
            int partition;
            bool suspect, local, slow;
            lock (random) (partition, suspect, local, slow) = (random.Next(4), random.Next(10) == 0, random.Next(3) == 0, random.Next(4) == 0);
            var queue = i % 2 == 0 ? "a" : "b";
            if (local && !suspect && worker.Engine.TryReserve(queue, "work", 1) == 1) worker.Engine.Start([worker.Partitions[partition].AddLeased("work", "0", queue)]);
            else worker.Partitions[partition].Submit("work", suspect ? "1" : "0", queue, lease => lease with { IsSuspect = suspect });
            if (slow) await worker.Settled();
        }

        var reports = await worker.Partitions.WaitForReports(Jobs);
        await worker.Idle();
        Assert.Equal(Jobs, reports.Select(report => report.Id).Distinct().Count());
        Assert.All(reports, report => Assert.Equal(ReportKind.Succeeded, report.Kind));
        Assert.Equal(Jobs, runs.Count);
        Assert.All(runs.Values, times => Assert.Equal(1, times));
        Assert.Equal(0, together);
        Assert.Equal(0, beside);
        await worker.Until(() => worker.Engine.TryReserve("b", "work", 3) == 3);

        bool Fails() => Draw(8) == 0;

        int Draw(int below)
        {
            lock (random) return random.Next(below);
        }
    }
}
