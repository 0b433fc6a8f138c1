using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>Scenarios with real processes, one after another and beside nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "Faults";
}

/// <summary>The scenarios that are short and tell most. All of them: <c>dotnet run -c Release --project tests/Faults -- run all</c>.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class ShortSelectionTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("kill-restart")]
    [InlineData("redis-kill")]
    [InlineData("one-key")]
    [InlineData("poison")]
    [InlineData("flow-kill", "--count", "20")]
    public async Task Grid_ThroughAFault_KeepsItsPromises(string scenario, params string[] more)
    {
        var (exitCode, counted) = await Driver.RunAsync(output, ["run", scenario, .. more]);

        Assert.Equal(0, exitCode);
        Assert.Equal(1, counted.GetProperty("passed").GetInt32());
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }
}
