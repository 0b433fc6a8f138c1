using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    [Theory]
    // One submit or two of a run fall into the moment in which they would be lost, and in some runs none.
    [InlineData("StoreAcknowledgement", "redis-stop-kill", "lost", 4)]
    [InlineData("Redelivery", "kill-restart", "unfinished", 1)]
    [InlineData("GenerationCheck", "stop-evicted", "stale-accepted", 1)]
    [InlineData("Fence", "stop-evicted", "stale-accepted", 1)]
    public async Task Scenario_WithoutASafeguard_Fails(string safeguard, string scenario, string promise, int times)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", scenario, "--without", safeguard, "--times", $"{times}");

        Assert.Equal(1, exitCode);
        Assert.Contains(counted.GetProperty("each").EnumerateArray().SelectMany(run => run.GetProperty("broken").EnumerateArray()), broken => Rule(broken) == promise);
    }

    private static string Rule(JsonElement broken) => broken.GetString()!.Split(' ')[0];
}
