using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Silos that stop for a while and then go on as if nothing had happened.</summary>
internal static class Stops
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private static readonly Dictionary<string, string> Options = new() { ["JobGrid:Slots"] = "200" };

    public static readonly Scenario[] All =
    [
        new("stop-evicted", "SIGSTOP of a silo until it has been given up, then SIGCONT in mid-handler", StopEvictedAsync),
        new("stop-8s", "SIGSTOP of a silo for 8 s: slow is not dead", StopShortAsync),
    ];

    private static async Task StopEvictedAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(30, random => JobOrder.Sleep(random.Next(300)), Patience, stop.Token);
        // Some end while the silo is stopped, some at the moment it goes on, some after it should know better.
        await run.Load.SendAsync(300, 32, random => JobOrder.Sleep(5_000 + random.Next(25_000)), Patience);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        await run.StopUntilEvictedAsync(victim);
        await run.RestartAsync(victim);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task StopShortAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(30, random => JobOrder.Sleep(random.Next(300)), Patience, stop.Token);
        await run.Load.SendAsync(200, 32, random => JobOrder.Sleep(2_000 + random.Next(12_000)), Patience);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        await run.PauseAsync(victim, TimeSpan.FromSeconds(8));
        await run.DelayAsync(5);
        run.Expect(victim.IsRunning, $"{victim.Life} ended, though it was stopped for 8 s only");
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }
}
