using OrleansJobs.Flows;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

/// <summary>A job is to have ended by an instant, whatever it is doing.</summary>
public class DeadlineTests
{
    private readonly CoreDriver _driver = new();
    private readonly long _deadline;

    public DeadlineTests()
    {
        _deadline = _driver.Now + 1000;
        _driver.Submit("a", job => job with { DeadlineAfter = 1000 });
        _driver.Commit();
    }

    [Fact]
    public void AJobThatNobodyStarts_EndsByIt() => ExpectEnd();

    [Theory]
    [InlineData(nameof(ReportKind.Returned))]
    [InlineData(nameof(ReportKind.FailedOnce))]
    [InlineData(nameof(ReportKind.Postponed))]
    public void AJobWhoseAttemptsEnd_EndsByItAllTheSame(string kind)
    {
        Assert.True(_driver.Report(Assert.Single(_driver.Take()), Enum.Parse<ReportKind>(kind)));
        ExpectEnd();
    }

    [Fact]
    public void AJobWhoseSiloIsLost_EndsByItAllTheSame()
    {
        _driver.Take();
        _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
        ExpectEnd();
    }

    [Fact]
    public void ALease_SaysIt()
    {
        var lease = Assert.Single(_driver.Take());
        Assert.Equal(_deadline, lease.Deadline);
    }

    [Fact]
    public void AFailure_WhoseNextAttemptWouldComeTooLate_IsTheEnd()
    {
        var lease = Assert.Single(_driver.Take());
        var report = new JobReport
        {
            Id = "a", Token = lease.Token, Kind = ReportKind.FailedOnce, Delay = TimeSpan.FromSeconds(1), Error = new("error", "System.Exception", "It is broken."), MaxAttempts = 3,
        };
        Assert.True(_driver.Core.Attempts.Report(report, _driver.Now));
        _driver.Commit();
        var status = _driver.Status("a")!;
        Assert.Equal((JobState.Failure, JobErrorCodes.DeadlineExceeded), (status.State, status.Error?.Code));
        Assert.Contains("It is broken.", status.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AResultThatComesLate_Counts()
    {
        var lease = Assert.Single(_driver.Take());
        _driver.Now += 5000;
        Assert.True(_driver.Report(lease, ReportKind.Succeeded));
        _driver.Commit();
        Assert.Equal(JobState.Success, _driver.Status("a")!.State);
    }

    [Fact]
    public void AFlowThatIsParked_EndsByIt()
    {
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Flows.Load(_driver.Bring("a"), null);
        Assert.True(_driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Parked, Park = new FlowPark { Signals = ["go"] } }, _driver.Now));
        ExpectEnd();
    }

    [Fact]
    public void OneThatIsRunAgainAfterIt_HasNone()
    {
        ExpectEnd();
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        _driver.Reopen();
        Assert.Null(_driver.Status("a")!.DeadlineAt);
        Assert.Null(Assert.Single(_driver.Take()).Deadline);
    }

    [Fact]
    public void OneThatIsRunAgainBeforeIt_KeepsIt()
    {
        Assert.True(_driver.Report(Assert.Single(_driver.Take()), ReportKind.Failed));
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        ExpectEnd();
    }

    [Fact]
    public void TheSoonerOfTwoInstants_SaysWhy()
    {
        _driver.Submit("b", job => job with { DeadlineAfter = 1000, ExpiresAfter = 500 });
        _driver.Submit("c", job => job with { DeadlineAfter = 500, ExpiresAfter = 1000 });
        _driver.Commit();
        _driver.Now += 5000;
        Assert.Empty(_driver.Take());
        _driver.Commit();
        Assert.Equal((JobErrorCodes.Expired, JobErrorCodes.DeadlineExceeded), (_driver.Status("b")!.Error!.Code, _driver.Status("c")!.Error!.Code));
    }

    /// <summary>It stands in the store, and what takes jobs at or after it finds that it is over.</summary>
    private void ExpectEnd()
    {
        _driver.Commit();
        _driver.Reopen();
        Assert.Equal(_deadline, _driver.Core.Deadlines.Next);
        _driver.Now = _deadline;
        var job = _driver.Bring("a");
        Assert.True(OrleansJobs.Partitions.DeadlineBook.HasPassed(job, _driver.Now));
        _driver.Core.Orders.Expire(job, _driver.Now);
        _driver.Commit();
        _driver.Reopen();
        var status = _driver.Status("a")!;
        Assert.Equal((JobState.Failure, JobErrorCodes.DeadlineExceeded), (status.State, status.Error?.Code));
        Assert.Null(_driver.Core.Deadlines.Next);
    }
}
