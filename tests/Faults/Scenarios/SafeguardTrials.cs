using OrleansJobs.Diagnostics;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>A scenario without a safeguard, and the rule that it must find broken then.</summary>
internal sealed record SafeguardTrial(string Safeguard, string Scenario, string Rule)
{
    /// <summary>Where it takes chance for the fault to show: so many seeds before the scenario counts as blind.</summary>
    public int MostSeeds { get; init; } = 1;

    public string Name => $"{Scenario} without {Safeguard}";

    /// <summary>By its whole name, or by its scenario's.</summary>
    public bool Is(string name) => name == Name || name == Scenario;
}

/// <summary>
/// A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps. Three of flows are not red with every seed here:
/// those are off in the simulation instead.
/// </summary>
internal static class SafeguardTrials
{
    public static IReadOnlyList<SafeguardTrial> All { get; } =
    [
        new(nameof(Safeguard.StoreAcknowledgement), "redis-stop-kill", "lost") { MostSeeds = 2 },
        new(nameof(Safeguard.Redelivery), "kill-restart", "unfinished"),
        new(nameof(Safeguard.OccurrenceInCommit), "schedule-kill", "schedule"),
        new(nameof(Safeguard.Redelivery), "workers-kill", "unfinished"),
        // Where the newest write that was lost is no lease, no token comes twice.
        new(nameof(Safeguard.TokenFloor), "redis-failover", "token-twice") { MostSeeds = 2 },
        new(nameof(Safeguard.ClockCheck), "clock-ahead", "early"),
        new(nameof(Safeguard.ClockCheck), "clock-back", "lost"),
        new(nameof(Safeguard.Retelling), "notices-lost", "unfinished"),
        new(nameof(Safeguard.GenerationCheck), "stop-evicted", "stale-accepted"),
        new(nameof(Safeguard.RefusalCheck), "stop-8s", "unexplained-repeat"),
        new(nameof(Safeguard.EventIds), "topics-kill", "event-twice"),
        new(nameof(Safeguard.KnownBindings), "topics-kill", "binding-missed"),
        new(nameof(Safeguard.KeyPermits), "keys-move", "key-limit"),
        new(nameof(Safeguard.UniqueIndex), "unique-race", Rules.UniqueTwice),
        new(nameof(Safeguard.FairTurns), "tenant-flood", Rules.TenantStarved),
        new(nameof(Safeguard.LoanInCommit), "queue-limit-kill", "key-limit") { MostSeeds = 2 },
        // A session refuses what is not its own, and so does the partition: each covers for the other.
        // A Node worker that goes on mostly learns what it has lost before it can report it: of such a run one stale report is accepted, of one with Python's fifteen.
        new("Fence,SessionLeases", "workers-stop", "stale-accepted") { MostSeeds = 3 },
        // A silo that asks after its standstill ends before it can report anything stale: the fence shows only where that is off too, and even then
        // whether a stale result arrives before the silo learns of its death is chance. One run in six had none.
        new("Fence,Standstill", "stop-evicted", "stale-accepted") { MostSeeds = 4 },
        new(nameof(Safeguard.Sync), "file-power", "lost"),
        new(nameof(Safeguard.Trial), "poison-many", "wrong-end"),
        // A kill has to fall between the commit of a page and the checkpoint of the next, and jobs of the page to have failed again.
        new(nameof(Safeguard.ActionMarks), "act-kill", Rules.ActedTwice) { MostSeeds = 4 },
    ];

    /// <returns>The runs of it; in the last one the rule was broken, or the scenario is blind.</returns>
    public static async Task<(bool IsRed, List<ScenarioResult> Runs)> RunAsync(SafeguardTrial trial, int seed)
    {
        var runs = new List<ScenarioResult>();
        for (var i = 0; i < trial.MostSeeds; i++)
        {
            var result = await ScenarioRunner.RunAsync(ScenarioList.Find(trial.Scenario)!, seed + i, trial.Safeguard);
            runs.Add(result);
            if (result.Broken.Any(broken => broken.Split(' ')[0] == trial.Rule)) return (true, runs);
        }

        return (false, runs);
    }
}
