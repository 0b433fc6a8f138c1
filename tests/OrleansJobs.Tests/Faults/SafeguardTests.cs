using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    private const int MostSeeds = 4;

    [Theory]
    [InlineData("StoreAcknowledgement", "redis-stop-kill", "lost")]
    [InlineData("Redelivery", "kill-restart", "unfinished")]
    [InlineData("GenerationCheck", "stop-evicted", "stale-accepted")]
    // A silo that asks after its standstill ends before it can report anything stale: the fence shows only where that is off too.
    [InlineData("Fence,Standstill", "stop-evicted", "stale-accepted")]
    public async Task Scenario_WithoutASafeguard_Fails(string safeguard, string scenario, string promise)
    {
        // Whether a stale result arrives before its silo learns of its death is chance: about one run in six has none.
        for (var seeds = 0; seeds < MostSeeds; seeds++)
        {
            var (exitCode, counted) = await Driver.RunAsync(output, "run", scenario, "--without", safeguard);
            if (exitCode == 1 && counted.GetProperty("each")[0].GetProperty("broken").EnumerateArray().Any(broken => Rule(broken) == promise)) return;
        }

        Assert.Fail($"{scenario} keeps the promise without {safeguard}: it cannot find what it is there to find.");
    }

    private static string Rule(JsonElement broken) => broken.GetString()!.Split(' ')[0];
}
