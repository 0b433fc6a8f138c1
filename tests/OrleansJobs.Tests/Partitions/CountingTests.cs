using OrleansJobs.Partitions;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

/// <summary>What a partition counts is what there is.</summary>
public class CountingTests
{
    private readonly CoreDriver _driver = new();

    [Fact]
    public void Unfinished_WhenACancelledSubmitIsRefusedByAFullStore_CountsItOnce()
    {
        _driver.Submit("kept");
        _driver.Commit();
        var job = _driver.Submit("dropped");
        _driver.Core.Orders.Cancel(job, new("test"), _driver.Now);
        Assert.Contains(job, _driver.Core.Changes.Refused(_driver.Core.Changes.Seal()));
        Assert.Equal(1, _driver.Core.Jobs.Unfinished);
    }

    [Fact]
    public void Orphans_WhenAJobWaitsWhereNothingLooks_AreCounted()
    {
        var job = _driver.Submit("a");
        _driver.Commit();
        Assert.Equal(0, _driver.Core.Jobs.Orphans);
        job.Lane.Window.Remove(job);
        job.InWindow = false;
        Assert.Equal(1, _driver.Core.Jobs.Orphans);
    }
}
