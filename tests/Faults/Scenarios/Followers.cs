using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Jobs that wait for others.</summary>
internal static class Followers
{
    private const int Senders = 32;
    private const int MostKills = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(2);

    public static readonly Scenario[] All =
    [
        new("after-many", "kill -9 of a silo of three every few seconds while thousands of jobs follow others, on success, end or failure", RunAsync, TakesCount: true),
    ];

    private static async Task RunAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>([new("JobGrid:Slots", "100"), Flows.SlowProbes]), AppendFsync: "always"));
        run.Follow(2);
        var followers = new FollowWatch(run);
        var (left, pause) = (run.CountOr(1500), run.CountOr(0) > 0 ? 0 : 0.5);
        var busy = Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await followers.SubmitAsync(Patience);
                await run.DelayAsync(pause);
            }
        }).ToList());
        await Flows.KillWhileAsync(run, busy, MostKills);
        await busy;
        await run.SettleAsync(Quiet);
    }
}
