using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>
/// A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps. The trial's takes more than five
/// minutes and is run by hand: <c>run poison-many --without Trial</c>; its model has the same mutation. Those of letters and parking are not red with every seed
/// here: their mutations stand in <see cref="Flows.FlowSimulationTests"/>.
/// </summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    private const string And = " and ";

    private static readonly Trial[] Trials =
    [
        new("StoreAcknowledgement", "redis-stop-kill", "lost"),
        new("Redelivery", "kill-restart", "unfinished"),
        new("Retelling", "notices-lost", "unfinished"),
        new("GenerationCheck", "stop-evicted", "stale-accepted"),
        new("TokenFloor", "redis-failover", "token-twice"),
        new("ClockCheck", "clock-ahead", "early"),
        new("ClockCheck", "clock-back", "lost"),
        new("Redelivery", "workers-kill", "unfinished"),
        // A session refuses what is not its own, and so does the partition: each covers for the other.
        new("Fence,SessionLeases", "workers-stop", "stale-accepted") { MostSeeds = 2 },
        // A silo that asks after its standstill ends before it can report anything stale: the fence shows only where that is off too, and even then
        // whether a stale result arrives before the silo learns of its death is chance. One run in six had none.
        new("Fence,Standstill", "stop-evicted", "stale-accepted") { MostSeeds = 4 },
    ];

    /// <summary>Two at a time: for the most part they wait.</summary>
    public static TheoryData<string> Pairs => [.. Trials.Chunk(2).Select(pair => string.Join(And, pair.Select(trial => trial.Name)))];

    [Theory, MemberData(nameof(Pairs))]
    public Task Scenarios_WithoutASafeguard_Fail(string pair) => Task.WhenAll(Trials.Where(trial => pair.Split(And).Contains(trial.Name)).Select(TryAsync));

    private async Task TryAsync(Trial trial)
    {
        for (var seeds = 1; ; seeds++)
        {
            var (exitCode, counted) = await Driver.RunAsync(output, ["run", trial.Scenario, "--without", trial.Safeguard, .. trial.More]);
            var broken = counted.GetProperty("each")[0].GetProperty("broken").EnumerateArray().Select(Rule).ToList();
            if (seeds < trial.MostSeeds && !broken.Contains(trial.Promise)) continue;

            Assert.True(exitCode == 1 && broken.Contains(trial.Promise), $"{trial.Name}: not '{trial.Promise}' was broken but [{string.Join(", ", broken)}].");
            return;
        }
    }

    private static string Rule(JsonElement broken) => broken.GetString()!.Split(' ')[0];

    /// <summary>A scenario without a safeguard, and the promise that it must find broken.</summary>
    private sealed record Trial(string Safeguard, string Scenario, string Promise, params string[] More)
    {
        public int MostSeeds { get; init; } = 1;

        public string Name => $"{Scenario} without {Safeguard}";
    }
}
