using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Copies that other .NET services submit.</summary>
public class CopyTests
{
    [Fact]
    public async Task ACopy_SaysOfWhichJobItIsOne()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var job = await grid.Jobs.SubmitAsync("echo", "x", new() { Tags = new Dictionary<string, string> { ["customer"] = "7" }, Countdown = TimeSpan.FromHours(1) });
        var copy = await job.CopyAsync();
        Assert.Equal([new("customer", "7"), new(JobCopy.Tag, job.Id)], (await copy.GetStatusAsync()).Tags);
        // A copy of a copy is one of that.
        Assert.Equal([new("customer", "7"), new(JobCopy.Tag, copy.Id)], (await (await copy.CopyAsync()).GetStatusAsync()).Tags);
    }
}
