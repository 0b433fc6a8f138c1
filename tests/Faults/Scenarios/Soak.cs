using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Random faults under steady load for as long as one likes.</summary>
internal static class Soak
{
    private const double JobsPerSecond = 60;
    private const int Batch = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);

    public static Scenario Of(TimeSpan length) => new("soak", $"random faults for {length.TotalMinutes:0} minutes", run => RunAsync(run, length)) { Command = $"soak --minutes {length.TotalMinutes:0}" };

    private static async Task RunAsync(FaultRun run, TimeSpan length)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string> { ["JobGrid:Slots"] = "200" }, AppendFsync: "always"));
        run.Follow(4);
        using var stop = new CancellationTokenSource(length, TimeProvider.System);
        var load = run.Load.RunAsync(JobsPerSecond, Draw, Patience, stop.Token);
        var bulk = SendBulkAsync(run, stop.Token);
        while (!stop.IsCancellationRequested)
        {
            await run.DelayAsync(1 + (run.Random.NextDouble() * 4));
            await FaultAsync(run);
        }

        await load;
        await bulk;
        await run.SettleAsync(Quiet);
    }

    /// <summary>Small jobs in bulk, one batch after the other: as many as the grid takes while it is ill-treated.</summary>
    private static async Task SendBulkAsync(FaultRun run, CancellationToken stop)
    {
        var orders = Enumerable.Repeat(new JobOrder("quick", "{}", Histories.ExpectedEnd.Success), Batch).ToList();
        while (!stop.IsCancellationRequested) await run.Load.SubmitBatchAsync(orders, Patience);
    }

    private static JobOrder Draw(Random random) => random.Next(10) switch
    {
        < 5 => JobOrder.Sleep(random.Next(300)),
        < 7 => JobOrder.Sleep(random.Next(50), TimeSpan.FromMilliseconds(random.Next(10_000))),
        < 8 => new("flaky", $"{{\"failures\":{random.Next(3)}}}", Histories.ExpectedEnd.Success),
        < 9 => new("checkpointed", $"{{\"steps\":{1 + random.Next(10)}}}", Histories.ExpectedEnd.Success),
        _ => JobOrder.Sleep(random.Next(5000)),
    };

    /// <summary>One fault and its healing; all silos run when it is over.</summary>
    private static async Task FaultAsync(FaultRun run)
    {
        var silo = run.Cluster.Silos[run.Random.Next(run.Cluster.Silos.Count)];
        switch (run.Random.Next(8))
        {
            case < 3:
                run.Kill(silo);
                await run.DelayAsync(run.Random.NextDouble() * 12);
                await run.RestartAsync(silo);
                break;
            case 3:
                await run.TerminateAsync(silo, TimeSpan.FromSeconds(60));
                await run.RestartAsync(silo);
                break;
            case 4:
                await run.StopUntilEvictedAsync(silo);
                await run.RestartAsync(silo);
                break;
            case 5:
                await run.PauseAsync(silo, TimeSpan.FromSeconds(3));
                break;
            case 6:
                run.Record("kill", "redis", explains: false);
                run.Cluster.Redis.Kill();
                await run.DelayAsync(run.Random.NextDouble() * 3);
                await run.Cluster.Redis.StartAsync();
                break;
            default:
                run.Record("stop", "redis", explains: false);
                run.Cluster.Redis.Stop();
                await run.DelayAsync(run.Random.NextDouble() * 5);
                run.Cluster.Redis.Continue();
                break;
        }
    }
}
