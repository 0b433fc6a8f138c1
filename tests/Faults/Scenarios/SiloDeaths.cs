using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Silos that die without a word.</summary>
internal static class SiloDeaths
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private static readonly Dictionary<string, string> ManySlots = new() { ["JobGrid:Slots"] = "400" };

    public static readonly Scenario[] All =
    [
        new("kill-one", "kill -9 of one silo of three with 500 jobs running", KillOneAsync),
        new("kill-all", "kill -9 of all silos, restarted after 5 s, with jobs falling due meanwhile", KillAllAsync),
        new("kill-restart", "kill -9 of a silo that is restarted on the same port within a second", KillRestartAsync),
    ];

    private static async Task KillOneAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, ManySlots));
        run.Follow(3);
        // Long enough that all of them still run when the silo is given up.
        await run.Load.SendAsync(500, 32, random => JobOrder.Sleep(20_000 + random.Next(10_000)), Patience);
        await run.DelayAsync(1);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        run.Kill(victim);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        // Life goes on: new work arrives while the cluster finds out.
        await run.Load.RunAsync(20, random => JobOrder.Sleep(random.Next(200)), Patience, stop.Token);
        await run.SettleAsync(Quiet);
    }

    private static async Task KillAllAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, ManySlots, AppendFsync: "always"));
        run.Follow(3);
        await run.Load.SendAsync(150, 32, random => JobOrder.Sleep(8_000 + random.Next(4_000)), Patience);
        await run.Load.SendAsync(150, 32, random => JobOrder.Sleep(10, TimeSpan.FromSeconds(1 + random.Next(12))), Patience);
        foreach (var silo in run.Cluster.Silos) run.Kill(silo);
        await run.DelayAsync(5);
        foreach (var silo in run.Cluster.Silos) silo.Start(run.Cluster.Settings);
        await run.Cluster.UntilAllReadyAsync();
        await run.SettleAsync(Quiet);
    }

    private static async Task KillRestartAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, ManySlots));
        run.Follow(3);
        await run.Load.SendAsync(200, 32, random => JobOrder.Sleep(8_000 + random.Next(4_000)), Patience);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        run.Kill(victim);
        await run.DelayAsync(run.Random.NextDouble());
        await run.RestartAsync(victim);
        await run.SettleAsync(Quiet);
    }
}
