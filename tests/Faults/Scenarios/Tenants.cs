using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>One tenant of a hundred has very many jobs, and the others one now and then.</summary>
internal static class Tenants
{
    private const int Others = 99;
    private const int Senders = 32;
    private const int Milliseconds = 500;
    private const int Slots = 8;
    private const int Silos = 3;
    private const string Flood = "tenant/flood";

    /// <summary>What all slots start while a partition moves, and in some rounds of all tenants. Where the flood went first, it would be most of it.</summary>
    private const int Most = 600;
    private static readonly long Recovery = 10 * Monotonic.PerSecond;

    public static readonly Scenario[] All =
    [
        new("tenant-flood", "one tenant of a hundred has thousands of jobs, the others a single one each now and then, while silos are killed", RunAsync, TakesCount: true),
    ];

    private static async Task RunAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(Silos, new Dictionary<string, string>(
            [new("JobGrid:Slots", $"{Slots}"), new("JobGrid:Partitions", "6"), new("JobGrid:PoisonCrashes", "100"), new("JobGrid:PoisonCrashesInCompany", "100"), Flows.SlowProbes]), AppendFsync: "always"));
        var (jobs, singles) = (new ConcurrentDictionary<string, string>(), new ConcurrentDictionary<string, long>());
        // All of it is there before anything of it starts.
        await SayAsync(run, "pause");
        var left = run.CountOr(2500);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await Keys.SendAsync(run, jobs, Flood, Milliseconds, $",\"key\":\"{Flood}\"");
        }));
        run.Log($"{jobs.Count} jobs of {Flood} wait");
        await SayAsync(run, "resume");
        using var stop = new CancellationTokenSource();
        var busy = OthersAsync();
        for (var kills = 0; kills < (run.IsWhole ? 2 : 0); kills++)
        {
            await run.DelayAsync(4 + run.Random.NextDouble() * 3);
            var victim = run.Cluster.Silos[run.Random.Next(Silos)];
            run.Kill(victim);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(victim);
        }

        await run.DelayAsync(run.IsWhole ? 15 : 8);
        await stop.CancelAsync();
        await busy;
        var flood = Keys.Of(jobs, Flood);
        run.Then(history => run.Report(TurnChecker.Starved(flood, singles, history.Marks, Most, [.. Keys.Deaths(history).Values], Recovery)));
        await run.SettleAsync(TimeSpan.FromMinutes(6));
        run.Figures["flood"] = flood.Count;
        run.Figures["others"] = singles.Count;

        // Each of the others in turn, as long as there is something to wait behind.
        async Task OthersAsync()
        {
            for (var number = 0; !stop.IsCancellationRequested; number++)
            {
                var key = $"tenant/{number % Others}";
                var id = await Keys.SendAsync(run, jobs, key, Milliseconds, $",\"key\":\"{key}\"");
                if (id.Length > 0) singles[id] = Monotonic.Now;
                await run.DelayAsync(run.IsWhole ? 0.1 : 0.02);
            }
        }
    }

    private static Task SayAsync(FaultRun run, string what) => Deadlines.UntilAsync($"the answer to {what} comes", Keys.Patience, async () =>
    {
        try
        {
            return (int)(await run.Client.PostAsync($"/keys/{Flood}/{what}", "{}")).Status is >= 200 and < 300;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}
