using System.Globalization;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Canvases of a program written for Celery, while what runs them dies.</summary>
internal static class Canvases
{
    private const int Workers = 3;
    private const int Processes = 3;
    private const int MostFaults = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);

    public static readonly Scenario[] All =
    [
        new("canvas-kill", "kill -9 of a worker or a silo every few seconds while a program written for Celery submits chains, groups and chords, and asks what they came to", KillAsync, TakesCount: true),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        // The gateway lives: the program knows one address, as Celery's programs do.
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>(
            [new("JobGrid:Outside:Heartbeat", "00:00:03"), new("JobGrid:PoisonCrashes", "100"), new("JobGrid:PoisonCrashesInCompany", "100"), Flows.SlowProbes]), Gateways: 1, AppendFsync: "always"));
        var workers = Enumerable.Range(0, Workers).Select(_ => run.Cluster.AddWorker(WorkerProgram.Celery, Processes)).ToList();
        await Task.WhenAll(workers.Select(worker => worker.StartAsync()));
        run.Log($"{Workers} workers serve");
        run.Follow(2);
        var canvases = new CanvasWatch(run, Path.Combine(run.Directory, "canvases.json"));
        using var program = ChildProcess.Start(Path.Combine(run.Directory, "program.log"), null, "env",
            WorkerProgram.CanvasProgram(run.Cluster.Addresses[0], "--out", canvases.File, "--seed", Text(run.Random.Next()), "--count", Text(run.CountOr(120)), "--lanes", "3", "--pause", "0.6")[1..]);
        for (var faults = 0; faults < MostFaults && !program.HasExited; faults++)
        {
            await run.DelayAsync(2 + (run.Random.NextDouble() * 3));
            run.ExpectAllRunning();
            canvases.Read();
            if (run.Random.Next(2) == 0) await KillAsync(run, workers[run.Random.Next(Workers)]);
            else await KillAsync(run, run.Cluster.Silos[run.Random.Next(run.Cluster.Silos.Count)]);
        }

        run.Expect(await program.WaitForExitAsync(Patience), "the program still waits for its canvases");
        run.Expect(program is { HasExited: true, ExitCode: 0 }, $"the program has not found what it asked for: see {run.Directory}/program.log");
        canvases.Read();
        await run.SettleAsync(Quiet);
    }

    private static async Task KillAsync(FaultRun run, WorkerProcess victim)
    {
        run.Record("kill", victim.Life, explains: true);
        victim.Kill();
        await run.DelayAsync(run.Random.NextDouble());
        await victim.StartAsync();
    }

    private static async Task KillAsync(FaultRun run, SiloProcess victim)
    {
        run.Kill(victim);
        await run.DelayAsync(run.Random.NextDouble());
        await run.RestartAsync(victim);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
