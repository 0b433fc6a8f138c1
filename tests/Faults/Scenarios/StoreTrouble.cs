using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Redis dies, stops, fills up, is emptied, or cannot be reached.</summary>
internal static class StoreTrouble
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(120);
    private const int SentWhileStopped = 150;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<string, string> Options = new() { ["JobGrid:Slots"] = "100" };

    public static readonly Scenario[] All =
    [
        new("redis-kill", "kill -9 of Redis under load, started again 2 s later, with appendfsync always", KillAsync),
        new("redis-stop", "SIGSTOP of Redis for 10 s under load", StopAsync),
        new("redis-stop-kill", "SIGSTOP of Redis under load, and kill -9 of a silo before it goes on", StopAndKillAsync),
        new("redis-full", "maxmemory is reached under load, then raised", FullAsync),
        new("redis-emptied", "FLUSHALL while the grid runs, then all silos are restarted", EmptiedAsync),
        new("redis-cut", "a silo is cut off from Redis for 60 s", CutAsync, NeedsNetwork: true),
        new("silos-cut", "two silos are cut off from each other for 30 s", SilosCutAsync, NeedsNetwork: true),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(60, Draw, Patience, stop.Token);
        for (var i = 0; i < 2; i++)
        {
            await run.DelayAsync(2 + run.Random.NextDouble());
            run.Record("kill", "redis", explains: false);
            run.Cluster.Redis.Kill();
            await run.DelayAsync(2);
            await run.Cluster.Redis.StartAsync();
            await AcceptsAgainAsync(run);
        }

        await run.DelayAsync(2);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task StopAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(60, Draw, Patience, stop.Token);
        await run.DelayAsync(3);
        run.Record("stop", "redis", explains: false);
        run.Cluster.Redis.Stop();
        var clock = TimeProvider.System;
        var from = clock.GetTimestamp();
        await Deadlines.UntilAsync("a silo says that its store does not answer", Pause, async () => !await run.Cluster.IsReadyAsync(run.Cluster.Silos[0].Address));
        run.Figures["notReadySeconds"] = Math.Round(clock.GetElapsedTime(from).TotalSeconds, 1);
        await run.DelayAsync((Pause - clock.GetElapsedTime(from)).TotalSeconds);
        run.Cluster.Redis.Continue();
        await AcceptsAgainAsync(run);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task StopAndKillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(60, Draw, Patience, stop.Token);
        await run.DelayAsync(3);
        run.Record("stop", "redis", explains: false);
        run.Cluster.Redis.Stop();
        // Whoever answers one of these before Redis goes on answers without having it stored. Those with an id of the sender's wait for its look-up already.
        var unnamed = Enumerable.Range(0, SentWhileStopped).Select(_ => run.Load.SubmitOnceAsync(Draw(run.Random))).ToList();
        await run.DelayAsync(2);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        run.Kill(victim);
        await run.DelayAsync(2);
        run.Cluster.Redis.Continue();
        await run.RestartAsync(victim);
        await stop.CancelAsync();
        await load;
        await Task.WhenAll(unnamed);
        await run.SettleAsync(Quiet);
    }

    private static async Task FullAsync(FaultRun run)
    {
        const int ArgsBytes = 20_000;
        await run.StartAsync(new ClusterPlan(2, Options, AppendFsync: "always"));
        await run.Cluster.Redis.Server.ConfigSetAsync("maxmemory", "40mb");
        run.Record("full", "redis", explains: false);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var padding = new string('x', ArgsBytes);
        // Those that find no room give up soon: they were told so.
        var load = run.Load.RunAsync(
            120, random => new JobOrder("sleep", $"{{\"ms\":{2000 + random.Next(3000)},\"pad\":\"{padding}\"}}", ExpectedEnd.Success), TimeSpan.FromSeconds(5), stop.Token);
        await load;
        var refused = run.Load.Busy;
        run.Expect(refused.All > 0, "the store was never full: nothing was refused");
        run.Expect(refused.WithoutRetryAfter == 0, $"{refused.WithoutRetryAfter} refusals did not say when to come again");
        run.Figures["refused"] = refused.All;
        await run.Cluster.Redis.Server.ConfigSetAsync("maxmemory", "0");
        await AcceptsAgainAsync(run);
        await run.SettleAsync(Quiet);
    }

    private static async Task EmptiedAsync(FaultRun run)
    {
        const int Before = 200;
        await run.StartAsync(new ClusterPlan(2, Options, AppendFsync: "always"));
        await run.Load.SendAsync(Before, 16, Draw, Patience);
        run.Record("emptied", "redis", explains: false);
        await run.Cluster.Redis.Server.FlushAllDatabasesAsync();
        // Nobody can keep the jobs that were there. What can be kept is the honesty: no silo calls itself ready as if nothing were missing.
        await Deadlines.UntilAsync("every silo says that it is not ready", TimeSpan.FromSeconds(30), async () =>
        {
            foreach (var silo in run.Cluster.Silos)
                if (silo.IsRunning && await run.Cluster.IsReadyAsync(silo.Address)) return false;
            return true;
        });
        await run.Load.SubmitAsync(JobOrder.Sleep(1), TimeSpan.FromSeconds(15));
        run.Expect(run.Load.Accepted == Before, "a submit to a grid whose store was emptied was accepted");
        run.Forget();
        foreach (var silo in run.Cluster.Silos) run.Kill(silo);
        foreach (var silo in run.Cluster.Silos) silo.Start(run.Cluster.Settings);
        await run.Cluster.UntilAllReadyAsync();
        await run.Load.SendAsync(200, 16, Draw, Patience);
        await run.SettleAsync(Quiet);
    }

    private static async Task CutAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always", InNamespaces: true));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(30, Draw, Patience, stop.Token);
        await run.DelayAsync(2);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        // Its handlers go on, and it may be given up or not: whatever it ran may run again, and nothing else.
        run.Record("cut-from-redis", victim.Life, explains: true);
        run.Cluster.CutFromRedis(victim);
        await run.DelayAsync(60);
        run.Cluster.HealToRedis(victim);
        run.Log("the cut is healed");
        await run.DelayAsync(10);
        if (!victim.IsRunning) await run.RestartAsync(victim);
        await run.Cluster.UntilAllReadyAsync();
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task SilosCutAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always", InNamespaces: true));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(30, Draw, Patience, stop.Token);
        await run.DelayAsync(2);
        var (one, other) = (run.Cluster.Silos[0], run.Cluster.Silos[1 + run.Random.Next(2)]);
        run.Record("cut", one.Life, explains: true);
        run.Record("cut", other.Life, explains: true);
        run.Cluster.Cut(one, other);
        await run.DelayAsync(30);
        run.Cluster.Heal(one, other);
        run.Log("the cut is healed");
        await run.DelayAsync(10);
        foreach (var silo in run.Cluster.Silos.Where(silo => !silo.IsRunning)) await run.RestartAsync(silo);
        await run.Cluster.UntilAllReadyAsync();
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task AcceptsAgainAsync(FaultRun run)
    {
        var from = TimeProvider.System.GetTimestamp();
        await Deadlines.UntilAsync("every silo is ready again", TimeSpan.FromSeconds(60), async () =>
        {
            foreach (var silo in run.Cluster.Silos)
                if (!await run.Cluster.IsReadyAsync(silo.Address)) return false;
            return true;
        });
        var seconds = Math.Round(TimeProvider.System.GetElapsedTime(from).TotalSeconds, 1);
        run.Figures["readyAgainSeconds"] = Math.Max(seconds, run.Figures.GetValueOrDefault("readyAgainSeconds"));
    }

    private static JobOrder Draw(Random random) => random.Next(5) switch
    {
        0 => JobOrder.Sleep(3000 + random.Next(5000)),
        1 => JobOrder.Sleep(20, TimeSpan.FromMilliseconds(random.Next(8000))),
        2 => new("checkpointed", $"{{\"steps\":{1 + random.Next(5)},\"stepMs\":100}}", ExpectedEnd.Success),
        _ => JobOrder.Sleep(random.Next(300)),
    };
}
