using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Silos that are asked to stop.</summary>
internal static class Restarts
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    public static readonly Scenario[] All =
    [
        new("rolling-restart", "SIGTERM of three silos in turn under load, the last of them the only one that knows a new job type", RollAsync),
    ];

    private static async Task RollAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "100", ["JobGrid:DrainTime"] = "00:00:05", ["Gateway:AcceptUnknownTypes"] = "true",
        }));
        run.Follow(3);
        using var stop = new CancellationTokenSource();
        // Most end within the drain time; the longest are handed back, and use up no attempt.
        var load = run.Load.RunAsync(40, Draw, Patience, stop.Token);
        await run.DelayAsync(2);
        for (var i = 0; i < 3; i++)
        {
            var silo = run.Cluster.Silos[i];
            await run.TerminateAsync(silo, TimeSpan.FromSeconds(60));
            run.Expect(silo.ExitCode == 0, $"{silo.Life} ended with {silo.ExitCode}");
            var more = run.Cluster.Settings.More.ToDictionary();
            if (i == 2) more["Faults:NewType"] = "true";
            await run.RestartAsync(silo, run.Cluster.Settings with { More = more });
        }

        await run.DelayAsync(2);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
        var last = run.Cluster.Silos[2].Life;
        run.Then(history => run.Expect(
            history.Marks.Where(mark => history.Submits.Any(submit => submit.Id == mark.Id && submit.Type == "new-type")).All(mark => mark.Silo == last),
            "a job of the new type ran on a silo that does not know it"));
        run.Then(history => run.Expect(history.Marks.All(mark => mark.Attempt == 1), "a job that was handed back has used up an attempt"));
    }

    private static JobOrder Draw(Random random) => random.Next(20) switch
    {
        0 => new JobOrder("new-type", "{\"ms\":50}", ExpectedEnd.Success),
        1 => JobOrder.Sleep(15_000),
        _ => JobOrder.Sleep(random.Next(1000)),
    };
}
