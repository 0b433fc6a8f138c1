using OrleansJobs.Faults.Processes;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>A fact for machines where a test may make a disk.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DiskFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> WhyNot = new(LoopDisk.WhyNot);

    public DiskFactAttribute() => Skip = WhyNot.Value;
}

/// <summary>The same for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DiskTheoryAttribute : TheoryAttribute
{
    public DiskTheoryAttribute() => Skip = new DiskFactAttribute().Skip;
}

/// <summary>A silo with its jobs in a file, whose power fails; and that it is the sync of each commit that keeps them.</summary>
[Collection(FaultCollection.Name), Trait("Category", "Faults")]
public class FileStoreFaultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task AFewStartsAndKills_LoseNothing()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-kills", "--count", "12");
        Assert.Equal((0, 1), (exitCode, counted.GetProperty("passed").GetInt32()));
        var figures = counted.GetProperty("each")[0].GetProperty("figures");
        Assert.Equal(12, figures.GetProperty("kills").GetDouble());
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }

    [DiskFact]
    public async Task APowerFailure_LosesNothingThatWasAcknowledged()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-power");
        Assert.Equal((0, 1), (exitCode, counted.GetProperty("passed").GetInt32()));
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }

    [DiskFact]
    public async Task APowerFailure_WithoutTheSyncOfCommits_LosesJobs()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-power", "--without", "Sync");
        Assert.Equal(1, exitCode);
        Assert.Contains(counted.GetProperty("each")[0].GetProperty("broken").EnumerateArray(), broken => broken.GetString()!.StartsWith("lost ", StringComparison.Ordinal));
    }

    [DiskFact]
    public async Task AFullDisk_RefusesSubmits_AndLosesNothing()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-full");
        Assert.Equal((0, 1), (exitCode, counted.GetProperty("passed").GetInt32()));
    }
}
