using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>A silo that dies between two writes of what partitions tell each other: letters, how far they have been applied, and what they change.</summary>
internal static class LetterCrashes
{
    private const int Fan = 70;

    /// <summary>What children take at most: some have ended, and others run for long, whenever a silo dies.</summary>
    private const int LongestMs = 3000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan DeleteWait = TimeSpan.FromSeconds(10);

    /// <summary>Those that show most of the safeguards come first.</summary>
    private static readonly string[] Points =
    [
        "letter.delivered", "letter.sent", "letter.taken", "commit.letter.before", "commit.letter.after", "commit.strike.before", "commit.strike.after",
        "commit.mark.before", "commit.mark.after", "commit.flow.before", "commit.flow.after", "commit.follow.before", "commit.follow.after",
        "commit.errand.before", "commit.errand.after", "flow.changed",
    ];

    public static readonly Scenario[] All =
    [
        new("letters-crash", "a silo dies between each two writes of letters, marks, flows, followers and errands, one place after the other", WalkAsync, TakesCount: true),
    ];

    private static async Task WalkAsync(FaultRun run)
    {
        // Room for all that children of flows which fail take until they are told; and no trials, which take as long as those.
        var options = new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "500", ["JobGrid:Partitions"] = "6", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100",
            [Flows.SlowProbes.Key] = Flows.SlowProbes.Value,
        };
        await run.StartAsync(new ClusterPlan(run.IsWhole ? 3 : 1, options, AppendFsync: "always"));
        if (run.IsWhole) run.Follow(2);
        var flows = new FlowWatch(run);
        var followers = new FollowWatch(run);
        using var stop = new CancellationTokenSource();
        Task[] loads =
        [
            RepeatAsync(run, 0.7, () => flows.SubmitAsync(steps: 1, Fan, LongestMs, signals: 0, Patience), stop.Token),
            RepeatAsync(run, 4, () => flows.SubmitFailingAsync(Fan, ms: 300, Patience), stop.Token),
            RepeatAsync(run, 2, () => flows.DeleteOneAsync(Fan, DeleteWait), stop.Token),
            RepeatAsync(run, 0.3, () => followers.SubmitAsync(Patience), stop.Token),
        ];
        await run.DelayAsync(2);
        var points = Points.AsSpan(0, Math.Min(run.CountOr(Points.Length), Points.Length)).ToArray();
        foreach (var point in points)
        {
            await CrashPointWalk.CrashAsync(run, run.Cluster.Silos[run.Random.Next(run.Cluster.Silos.Count)], point);
            run.ExpectAllRunning();
        }

        await run.DelayAsync(1);
        await stop.CancelAsync();
        await Task.WhenAll(loads);
        run.Figures["crashPoints"] = points.Length;
        await run.SettleAsync(Quiet, standstill: Standstill);
    }

    /// <summary>At this pace, whatever became of those before.</summary>
    private static async Task RepeatAsync(FaultRun run, double seconds, Func<Task> send, CancellationToken stop)
    {
        var sent = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            sent.Add(TrySendAsync(send));
            await run.DelayAsync(seconds);
        }

        await Task.WhenAll(sent);
    }

    private static async Task TrySendAsync(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (HttpRequestException)
        {
            // That gateway has just died; the next one is sent elsewhere.
        }
    }
}
