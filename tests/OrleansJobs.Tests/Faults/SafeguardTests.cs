using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("StoreAcknowledgement", "redis-stop-kill", "lost")]
    [InlineData("Redelivery", "kill-restart", "unfinished")]
    [InlineData("GenerationCheck", "stop-evicted", "stale-accepted")]
    [InlineData("Fence", "stop-evicted", "stale-accepted")]
    public async Task Scenario_WithoutASafeguard_Fails(string safeguard, string scenario, string promise)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", scenario, "--without", safeguard);

        Assert.Equal(1, exitCode);
        Assert.Contains(counted.GetProperty("each")[0].GetProperty("broken").EnumerateArray(), broken => Rule(broken) == promise);
    }

    private static string Rule(JsonElement broken) => broken.GetString()!.Split(' ')[0];
}
