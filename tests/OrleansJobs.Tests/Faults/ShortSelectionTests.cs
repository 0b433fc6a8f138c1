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
    /// <summary>Several at a time: for the most part they wait.</summary>
    [Theory]
    [InlineData("kill-restart", "poison", "one-key", "file-kills --count 6")]
    [InlineData("redis-kill", "workers-stop", "flow-kill --count 5")]
    public Task Grid_ThroughFaults_KeepsItsPromises(params string[] scenarios) => Task.WhenAll(scenarios.Select(RunAsync));

    private async Task RunAsync(string scenario)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, ["run", .. scenario.Split(' ')]);

        Assert.Equal(0, exitCode);
        Assert.Equal(1, counted.GetProperty("passed").GetInt32());
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }
}
