using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>More than the grid can do at once.</summary>
internal static class HeavyLoads
{
    private const int DueAtOnce = 100_000;
    private const int Batch = 1000;
    private const int Senders = 5;
    private const int BurstSlots = 20;
    private const int JobMs = 500;
    private const int Silos = 3;
    private const double MemoryFactor = 1.5;
    private const long MemorySlack = 100 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static readonly Scenario[] All =
    [
        new("due-at-once", "100,000 jobs due in the same second", DueAtOnceAsync),
        new("burst", "ten times the capacity for a minute", BurstAsync),
    ];

    private static async Task DueAtOnceAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(2, new Dictionary<string, string> { ["JobGrid:Slots"] = "200" }));
        var clock = TimeProvider.System;
        // Far enough ahead that all are accepted before; how long that takes is not what is asked here.
        var due = clock.GetUtcNow() + TimeSpan.FromSeconds(120);
        for (var sent = 0; sent < DueAtOnce; sent += Batch * Senders)
        {
            await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => run.Load.SubmitBatchAsync(
                [.. Enumerable.Range(0, Batch).Select(_ => new JobOrder("quick", "{}", ExpectedEnd.Success, Eta: due.AddMilliseconds(run.Random.Next(1000))))], Patience)));
        }

        run.Log($"{run.Load.Accepted} are accepted, due in {(due - clock.GetUtcNow()).TotalSeconds:0} s");
        var wait = due - clock.GetUtcNow();
        run.Expect(wait > TimeSpan.Zero, "they fell due before all were accepted");
        if (wait > TimeSpan.Zero) await run.DelayAsync(wait.TotalSeconds);
        var from = clock.GetTimestamp();
        await run.SettleAsync(TimeSpan.FromMinutes(5));
        run.Figures["jobsPerSecond"] = Math.Round(DueAtOnce / clock.GetElapsedTime(from).TotalSeconds);
    }

    private static async Task BurstAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(Silos, new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = $"{BurstSlots}", ["JobGrid:MaxBacklog"] = "4000",
        }));
        run.Follow(2);
        var capacity = Silos * BurstSlots * 1000.0 / JobMs;
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var load = run.Load.RunAsync(capacity * 10, _ => JobOrder.Sleep(JobMs), TimeSpan.FromSeconds(3), stop.Token);
        var memory = new List<long>();
        while (!stop.IsCancellationRequested)
        {
            await run.DelayAsync(1);
            memory.Add(run.Cluster.Silos.Max(silo => silo.ReadMemory()));
        }

        await load;
        var busy = run.Load.Busy;
        run.Expect(busy.All > 0, "nothing was refused");
        run.Expect(busy.WithoutRetryAfter == 0, $"{busy.WithoutRetryAfter} refusals did not say when to come again");
        var (early, late) = (memory.Take(memory.Count / 2).Max(), memory.Skip(memory.Count / 2).Max());
        run.Expect(late <= (early * MemoryFactor) + MemorySlack, $"a silo's memory grew from {early >> 20} MB in the first half to {late >> 20} MB in the second");
        run.Figures["refused"] = busy.All;
        run.Figures["memoryFirstHalfMB"] = early >> 20;
        run.Figures["memorySecondHalfMB"] = late >> 20;
        await run.SettleAsync(TimeSpan.FromMinutes(4));
    }
}
