using OrleansJobs.Faults.Scenarios;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>
/// A test of the tests: without one of the safeguards, a named scenario must find the promise broken that it keeps. Here are those that are short and tell most; all of them:
/// <c>dotnet run -c Release --project tests/Faults -- safeguards</c>.
/// </summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class SafeguardTests(ITestOutputHelper output)
{
    /// <summary>All at a time: for the most part they wait.</summary>
    [Theory]
    [InlineData("redis-stop-kill without StoreAcknowledgement", "kill-restart without Redelivery", "workers-stop without Fence,SessionLeases", "schedule-kill without OccurrenceInCommit")]
    public Task Scenarios_WithoutASafeguard_Fail(params string[] trials) => Task.WhenAll(trials.Select(TryAsync));

    [Fact]
    public void EveryTrial_NamesAScenario() =>
        Assert.All(SafeguardTrials.All, trial => Assert.NotNull(ScenarioList.Find(trial.Scenario)));

    private async Task TryAsync(string trial)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "safeguards", trial);
        Assert.True(exitCode == 0, $"{trial}: what was broken is {counted.GetProperty("each")[0].GetProperty("broken")}.");
    }
}
