using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>Scenarios with real processes, beside nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "Faults";
}

/// <summary>The scenarios that are short and tell most. All of them: <c>dotnet run -c Release --project tests/Faults -- run all</c>.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class ShortSelectionTests(ITestOutputHelper output)
{
    private const int AtATime = 4;

    /// <summary>Several at a time, since for the most part they wait, and the longest first: the next begins when one of them is over.</summary>
    [Theory]
    [InlineData("poison", "file-kills --count 6", "kill-restart", "flow-kill --count 5", "workers-stop", "redis-kill", "one-key")]
    public async Task Grid_ThroughFaults_KeepsItsPromises(params string[] scenarios)
    {
        using var places = new SemaphoreSlim(AtATime);
        await Task.WhenAll(scenarios.Select(RunInTurnAsync));

        async Task RunInTurnAsync(string scenario)
        {
            await places.WaitAsync();
            try
            {
                await RunAsync(scenario);
            }
            finally
            {
                places.Release();
            }
        }
    }

    private async Task RunAsync(string scenario)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, ["run", .. scenario.Split(' ')]);

        Assert.True(exitCode == 0, $"{scenario} ended with {exitCode}.");
        Assert.Equal(1, counted.GetProperty("passed").GetInt32());
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }
}
