using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>What partitions tell workers goes one way, and much of it does not arrive.</summary>
internal static class LostNews
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private const int Cancelled = 12;

    public static readonly Scenario[] All =
    [
        new("notices-lost", "two notices of three do not arrive: hints, openings, cancels; a type that one silo alone knows, a queue that is paused and resumed", LoseAsync),
    ];

    private static async Task LoseAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "20", ["JobGrid:NoticePeriod"] = "00:00:02", ["Gateway:AcceptUnknownTypes"] = "true", ["Faults:LoseNotices"] = "0.67",
        }));
        run.Follow(2);
        var knowing = run.Cluster.Silos[run.Random.Next(3)];
        await run.TerminateAsync(knowing, TimeSpan.FromSeconds(60));
        var more = run.Cluster.Settings.More.ToDictionary();
        more["Faults:NewType"] = "true";
        await run.RestartAsync(knowing, run.Cluster.Settings with { More = more });
        await run.DelayAsync(2);

        await run.Client.PostAsync("/queues/held/pause", "{}");
        await run.Load.SendAsync(60, 8, _ => new JobOrder("new-type", "{\"ms\":20}", ExpectedEnd.Success, More: ",\"queue\":\"held\""), Patience);
        await run.Load.SendAsync(Cancelled, 4, _ => new JobOrder("sleep", "{\"ms\":600000}", new ExpectedEnd("REVOKED")), Patience);
        var running = run.Load.Submits.Where(submit => submit.Expected.State == "REVOKED").Select(submit => submit.Id).ToList();
        foreach (var id in running) await Deadlines.UntilAsync($"{id} runs", Patience, async () => (await run.Client.ReadAsync("r", id))?.State == "PROGRESS");
        foreach (var id in running) await run.Client.PostAsync($"/jobs/{id}/cancel", "{}");
        await run.Client.PostAsync("/queues/held/resume", "{}");

        // One at a time, so that each finds a grid at rest, in which nothing but a notice brings anybody.
        for (var i = 0; i < 40; i++)
        {
            await run.Load.SendAsync(1, 1, _ => new JobOrder("new-type", "{\"ms\":20}", ExpectedEnd.Success), Patience);
            await run.DelayAsync(0.1);
        }

        await run.SettleAsync(Quiet);
    }
}
