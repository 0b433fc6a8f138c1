using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class LeaseAheadTests
{
    [Fact]
    public void Allowed_IsNoneUntilJobsAreKnownToBeShort() => Assert.Equal(0, new LeaseAhead(32).Allowed);

    [Fact]
    public void Allowed_GrowsWithShortJobs_UpToItsBound()
    {
        var ahead = new LeaseAhead(32);
        for (var i = 0; i < 1000; i++) ahead.Finished(TimeSpan.FromMicroseconds(20));
        Assert.Equal(32 * LeaseAhead.MaxPerSlot, ahead.Allowed);
    }

    [Fact]
    public void Allowed_WhenJobsAreLong_IsNone()
    {
        var ahead = new LeaseAhead(32);
        for (var i = 0; i < 1000; i++) ahead.Finished(TimeSpan.FromMicroseconds(20));
        ahead.Finished(TimeSpan.FromSeconds(10));
        Assert.Equal(0, ahead.Allowed);
    }

    [Fact]
    public void Overdue_TakesItBackToNone()
    {
        var ahead = new LeaseAhead(32);
        for (var i = 0; i < 1000; i++) ahead.Finished(TimeSpan.FromMicroseconds(20));
        ahead.Overdue();
        Assert.Equal(0, ahead.Allowed);
    }
}
