using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>A replica takes Redis' place that has not received its newest writes.</summary>
internal static class Failovers
{
    private const int Jobs = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan AllStarted = TimeSpan.FromSeconds(60);

    // Fewer slots than jobs: those that run again find them taken by the lost runs, and so run elsewhere.
    private static readonly Dictionary<string, string> Options = new() { ["JobGrid:Slots"] = "10", ["JobGrid:Partitions"] = "4" };

    public static readonly Scenario[] All =
    [
        new("redis-failover", "a replica is promoted that has received neither the newest opening of each partition nor the leases given since", LosingOpeningsAsync),
    ];

    private static async Task LosingOpeningsAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options));
        var due = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(25);
        await run.Load.SendAsync(Jobs, 16, random => JobOrder.Sleep(4_000 + random.Next(8_000)) with { Eta = due }, Patience);
        var replica = await run.Cluster.StartReplicaAsync();
        await replica.LeaveAsync();
        run.Log("the replica is cut off");
        // From here on all is lost that is written: the openings, and the leases that they give when the jobs fall due.
        await run.Cluster.TellAsync(run.Cluster.Silos[0], "/faults/reopen");
        run.Expect(TimeProvider.System.GetUtcNow() < due, "the jobs fell due before every partition had been opened again");
        await Deadlines.UntilAsync("the slots are taken", AllStarted, () => Task.FromResult(run.CountStarts() >= Jobs / 2));
        foreach (var silo in run.Cluster.Silos) run.Record("failover", silo.Life, explains: true);
        run.Cluster.Redis.Kill();
        await replica.TakeAddressAsync(run.Cluster.Redis);
        run.Log("the replica has taken over");
        await run.Cluster.UntilAllReadyAsync();
        run.Then(history => run.Expect(
            JobRuns.Of(history.Marks).Values.Any(job => job.Attempts.Count > 1), "no job ran again: nothing had been lost"));
        await run.SettleAsync(Quiet);
    }
}
