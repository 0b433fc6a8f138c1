using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>
/// A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps. The trial's takes more than five
/// minutes and is run by hand: <c>run poison-many --without Trial</c>; its model has the same mutation.
/// </summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("StoreAcknowledgement", "redis-stop-kill", "lost", 1)]
    [InlineData("Redelivery", "kill-restart", "unfinished", 1)]
    [InlineData("Retelling", "notices-lost", "unfinished", 1)]
    [InlineData("GenerationCheck", "stop-evicted", "stale-accepted", 1)]
    [InlineData("TokenFloor", "redis-failover", "token-twice", 1)]
    [InlineData("ClockCheck", "clock-ahead", "early", 1)]
    [InlineData("ClockCheck", "clock-back", "lost", 1)]
    [InlineData("LetterMarks", "letters-crash", "join-early", 1, "--count", "1")]
    [InlineData("LetterCommit", "letters-crash", "unfinished", 1, "--count", "2")]
    [InlineData("ParkCheck", "flow-kill", "unfinished", 1, "--count", "10")]
    // A silo that asks after its standstill ends before it can report anything stale: the fence shows only where that is off too, and even then
    // whether a stale result arrives before the silo learns of its death is chance. One run in six had none.
    [InlineData("Fence,Standstill", "stop-evicted", "stale-accepted", 4)]
    public async Task Scenario_WithoutASafeguard_Fails(string safeguard, string scenario, string promise, int mostSeeds, params string[] more)
    {
        for (var seeds = 1; ; seeds++)
        {
            var (exitCode, counted) = await Driver.RunAsync(output, ["run", scenario, "--without", safeguard, .. more]);
            var broken = counted.GetProperty("each")[0].GetProperty("broken").EnumerateArray().Select(Rule).ToList();
            if (seeds < mostSeeds && !broken.Contains(promise)) continue;

            Assert.Equal(1, exitCode);
            Assert.Contains(promise, broken);
            return;
        }
    }

    private static string Rule(JsonElement broken) => broken.GetString()!.Split(' ')[0];
}
