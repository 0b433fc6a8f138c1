using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

/// <summary>A job is to be started by an instant, and only an attempt that began makes that moot.</summary>
public class StartByTests
{
    private readonly CoreDriver _driver = new();

    [Fact]
    public void Expires_WhenTheLeaseCameBackUnstarted_StillHolds()
    {
        Submit();
        Assert.True(_driver.Core.Attempts.Report(new JobReport { Id = "a", Token = Assert.Single(_driver.Take()).Token, Kind = ReportKind.Returned, NeverStarted = true }, _driver.Now));
        _driver.Commit();
        ExpectExpiry();
    }

    [Fact]
    public void Expires_WhenTheLeaseNeverReachedItsWorker_StillHolds()
    {
        Submit();
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
        _driver.Commit();
        ExpectExpiry();
    }

    [Theory]
    [InlineData(nameof(ReportKind.Returned))]
    [InlineData(nameof(ReportKind.FailedOnce))]
    [InlineData(nameof(ReportKind.Postponed))]
    public void Expires_WhenAnAttemptBegan_NoLongerHolds(string kind)
    {
        Submit();
        Assert.True(_driver.Report(Assert.Single(_driver.Take()), Enum.Parse<ReportKind>(kind)));
        _driver.Reopen();
        _driver.Now += 5000;
        Assert.Single(_driver.Take());
    }

    [Fact]
    public void Expires_WhenItsSiloWasLost_NoLongerHolds()
    {
        Submit();
        _driver.Take();
        _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        _driver.Now += 5000;
        Assert.Single(_driver.Take(Worker(SiloB)));
    }

    [Fact]
    public void Expires_WhenRunAgainByHand_NoLongerHolds()
    {
        Submit();
        _driver.Now += 5000;
        Assert.Empty(_driver.Take());
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        Assert.Single(_driver.Take());
    }

    private void Submit()
    {
        _driver.Submit("a", job => job with { ExpiresAfter = 1000 });
        _driver.Commit();
    }

    private void ExpectExpiry()
    {
        _driver.Reopen();
        Assert.Equal(_driver.Now + 1000, _driver.Core.Deadlines.Next);
        _driver.Now += 2000;
        Assert.Empty(_driver.Take());
        _driver.Commit();
        Assert.Equal(JobErrorCodes.Expired, _driver.Status("a")!.Error!.Code);
    }
}
