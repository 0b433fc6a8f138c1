using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Sinks;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Workers outside of the silos: they die, they stop, and they lose what stands between them and their jobs.</summary>
internal static class OutsideWorkers
{
    private const int Slots = 80;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    /// <summary>A worker that says nothing is given up after six seconds.</summary>
    private static readonly Dictionary<string, string> SoonGivenUp = new() { ["JobGrid:Outside:Heartbeat"] = "00:00:02" };
    private static readonly Dictionary<string, string> Usual = [];

    public static readonly Scenario[] All =
    [
        new("workers-kill", "kill -9 of a Python and a Node worker of three in turn, with their jobs running", KillAsync),
        new("workers-stop", "SIGSTOP of a Python or a Node worker until its jobs run elsewhere, then SIGCONT: what it reports is late", StopAsync),
        new("workers-gateway-kill", "gateways are killed while a Python and a Node worker call them", KillGatewaysAsync),
        new("workers-silo-kill", "kill -9 of the silos that keep the sessions of a Python and a Node worker, one after the other", KillSilosAsync),
        new("workers-redis", "kill -9 of Redis twice, with appendfsync always, while a Python and a Node worker run", KillRedisAsync),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        var workers = await StartAsync(run, new ClusterPlan(2, SoonGivenUp), 3);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(20, Draw, Patience, stop.Token);
        foreach (var victim in workers.Take(2))
        {
            await run.Load.SendAsync(100, 32, random => Sleep(3_000 + random.Next(4_000)), Patience);
            await run.DelayAsync(run.Random.NextDouble());
            run.Record("kill", victim.Life, explains: true);
            victim.Kill();
            await run.DelayAsync(1 + run.Random.NextDouble());
            await victim.StartAsync();
            // Until what it held has run again: a job that meets two crashes is suspected of both, and has to wait until it can run alone.
            await run.DelayAsync(13);
        }

        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
        run.Then(history => run.Expect(JobRuns.Of(history.Marks).Values.Any(job => job.Attempts.Count > 1), "no job of a worker that was killed ran again"));
    }

    private static async Task StopAsync(FaultRun run)
    {
        var workers = await StartAsync(run, new ClusterPlan(2, SoonGivenUp), 2);
        await run.Load.SendAsync(100, 32, random => Sleep(9_000 + random.Next(6_000)), Patience);
        await run.DelayAsync(1);
        var victim = workers[run.Random.Next(2)];
        run.Record("stop", victim.Life, explains: true);
        victim.Send(Signal.Stop);
        await Deadlines.UntilAsync(
            $"jobs of {victim.Life} run elsewhere", Patience, () => Task.FromResult(JobRuns.Of(SinkFormat.ReadDirectory(run.Directory)).Values.Any(job => job.Attempts.Count > 1)));
        // By now some have ended in the worker that stands still, and run where they were given to.
        await run.DelayAsync(4);
        victim.Send(Signal.Continue);
        run.Log($"{victim.Life} goes on, given up");
        await run.SettleAsync(Quiet);
        run.Then(history =>
        {
            var late = JobRuns.Of(history.Marks).Values.SelectMany(job => job.Attempts.Where(attempt => IsLate(attempt, job))).Count();
            run.Figures["lateReports"] = late;
            run.Expect(late > 0, $"nothing ended on {victim.Life} that was given to others meanwhile");
        });
    }

    private static async Task KillGatewaysAsync(FaultRun run)
    {
        await StartAsync(run, new ClusterPlan(2, Usual, Gateways: 2), 2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(40, Draw, Patience, stop.Token);
        await run.Load.SendAsync(60, 16, random => Sleep(5_000 + random.Next(20_000)), Patience);
        await Gateways.KillInTurnAsync(run);

        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task KillSilosAsync(FaultRun run)
    {
        await StartAsync(run, new ClusterPlan(3, Usual, Gateways: 2), 2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(30, Draw, Patience, stop.Token);
        await run.Load.SendAsync(100, 32, random => Sleep(10_000 + random.Next(30_000)), Patience);
        // One of them keeps the session of the first worker, and one that of the second.
        foreach (var victim in run.Cluster.Silos.OrderBy(_ => run.Random.Next()).ToList())
        {
            await run.DelayAsync(1 + run.Random.NextDouble());
            run.Kill(victim);
            await run.RestartAsync(victim);
        }

        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task KillRedisAsync(FaultRun run)
    {
        await StartAsync(run, new ClusterPlan(2, Usual, AppendFsync: "always"), 2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(40, Draw, Patience, stop.Token);
        await run.Load.SendAsync(60, 16, random => Sleep(5_000 + random.Next(15_000)), Patience);
        for (var i = 0; i < 2; i++)
        {
            await run.DelayAsync(2 + run.Random.NextDouble());
            run.Record("kill", "redis", explains: false);
            run.Cluster.Redis.Kill();
            await run.DelayAsync(2);
            await run.Cluster.Redis.StartAsync();
            foreach (var silo in run.Cluster.Silos)
                await Deadlines.UntilAsync($"{silo.Life} is ready again", TimeSpan.FromSeconds(60), () => run.Cluster.IsReadyAsync(silo.Address));
        }

        await run.DelayAsync(2);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    /// <summary>Python's and Node's in turn.</summary>
    private static async Task<List<WorkerProcess>> StartAsync(FaultRun run, ClusterPlan plan, int count)
    {
        await run.StartAsync(plan);
        var workers = Enumerable.Range(0, count).Select(number => run.Cluster.AddWorker(number % 2 == 0 ? WorkerProgram.Python : WorkerProgram.Node, Slots)).ToList();
        await Task.WhenAll(workers.Select(worker => worker.StartAsync()));
        run.Log($"{string.Join(", ", workers.Select(worker => $"{worker.Life} ({worker.Language})"))} serve");
        run.Follow(3);
        return workers;
    }

    private static bool IsLate(RunAttempt attempt, JobRuns job) =>
        attempt.End is RunMarkKind.Returned && job.Attempts.Any(other => other.Token > attempt.Token && other.StartedAt < attempt.EndedAt);

    private static JobOrder Draw(Random random) => random.Next(5) == 0
        ? new JobOrder("outside-flaky", $"{{\"failures\":1,\"ms\":{random.Next(100)}}}", ExpectedEnd.Success)
        : Sleep(random.Next(300));

    private static JobOrder Sleep(int milliseconds) => new("outside-sleep", $"{{\"ms\":{milliseconds}}}", ExpectedEnd.Success);
}
