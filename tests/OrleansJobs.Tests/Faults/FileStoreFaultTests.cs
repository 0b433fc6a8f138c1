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
    /// <summary>All at a time: for the most part they wait for the disk.</summary>
    [DiskFact]
    public Task AFullDisk_AndAPowerFailure_LoseNothingThatWasAcknowledged_ButWithoutTheSyncOfCommits() =>
        Task.WhenAll(APowerFailureAsync(), WithoutSyncAsync(), AFullDiskAsync());

    private async Task APowerFailureAsync()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-power");
        Assert.Equal((0, 1), (exitCode, counted.GetProperty("passed").GetInt32()));
        Assert.NotEqual(0, counted.GetProperty("accepted").GetInt32());
    }

    private async Task WithoutSyncAsync()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "safeguards", "file-power");
        Assert.True(exitCode == 0, $"Broken was {counted.GetProperty("each")[0].GetProperty("broken")}.");
    }

    private async Task AFullDiskAsync()
    {
        var (exitCode, counted) = await Driver.RunAsync(output, "run", "file-full");
        Assert.Equal((0, 1), (exitCode, counted.GetProperty("passed").GetInt32()));
    }
}
