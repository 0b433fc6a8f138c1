using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Partitions;

/// <summary>Attempts that go on outside, by a partition without anything around it.</summary>
public sealed class HeldAttemptTests
{
    private readonly CoreDriver _driver = new();

    private Lease Hold(string id, TimeSpan? atMost = null)
    {
        _driver.Submit(id);
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        Assert.True(_driver.Report(lease, ReportKind.Held, delay: atMost ?? TimeSpan.FromHours(1)));
        return lease;
    }

    private bool End(string id, long token, WorkOutcome outcome, bool isFinal = false)
    {
        var taken = _driver.Core.Held.End(_driver.Bring(id), new WorkReport { Lease = new(id, token), Outcome = outcome, IsFinal = isFinal, Result = "1"u8.ToArray(), Error = new("error", null, "no") }, _driver.Options, 0.5, _driver.Now);
        _driver.Commit();
        return taken;
    }

    [Fact]
    public void AHeldAttempt_OutlivesItsPartition_AndTakesItsReportOnce()
    {
        var lease = Hold("job");
        Assert.Equal((JobState.Progress, WaitReasons.Report), (_driver.Status("job")!.State, Assert.Single(_driver.Status("job")!.WaitingFor).What));
        _driver.Reopen();
        Assert.Empty(_driver.Take());
        Assert.False(End("job", lease.Token + 1, WorkOutcome.Success));
        Assert.True(_driver.Core.Held.Tell(_driver.Bring("job"), new() { Lease = new("job", lease.Token), Current = 1, Total = 2 }, _driver.Options.Limits, _driver.Now));
        _driver.Commit();
        _driver.Reopen();
        Assert.Equal((1, 2), (_driver.Status("job")!.Current, _driver.Status("job")!.Total));
        Assert.True(End("job", lease.Token, WorkOutcome.Success));
        Assert.Equal(JobState.Success, _driver.Status("job")!.State);
        Assert.False(End("job", lease.Token, WorkOutcome.Success));
        Assert.Equal(0, _driver.Core.Jobs.Unfinished);
    }

    /// <summary>The worker's word that the attempt is held may be heard twice, or after the report.</summary>
    [Fact]
    public void TheWorkersWord_CountsOnce_AndNotAfterTheReport()
    {
        var lease = Hold("job");
        Assert.False(_driver.Report(lease, ReportKind.Held, delay: TimeSpan.FromHours(1)));
        Assert.True(End("job", lease.Token, WorkOutcome.Success));

        _driver.Submit("quick");
        _driver.Commit();
        var quick = Assert.Single(_driver.Take());
        Assert.True(End("quick", quick.Token, WorkOutcome.Success));
        Assert.False(_driver.Report(quick, ReportKind.Held, delay: TimeSpan.FromHours(1)));
        Assert.Equal(JobState.Success, _driver.Status("quick")!.State);
    }

    [Fact]
    public void WhatIsNotReportedInTime_IsGivenOutOnceMore_AndIsKnownForIt_UntilItHasFailed()
    {
        var first = Hold("job", TimeSpan.FromSeconds(10));
        Assert.False(first.WasHeld);
        _driver.Now += 9_999;
        Assert.Empty(_driver.Take());
        _driver.Now += 1;
        _driver.Reopen();
        var second = Assert.Single(_driver.Take());
        Assert.True(second.WasHeld);
        Assert.False(End("job", first.Token, WorkOutcome.Success));
        Assert.True(_driver.Report(second, ReportKind.FailedOnce, error: new("error", null, "late")));
        var third = Assert.Single(_driver.Take());
        Assert.Equal((false, 1), (third.WasHeld, third.Failures));
    }

    [Fact]
    public void AFailure_WaitsForTheNextAttempt_OrEndsTheJob_AsThePolicySays()
    {
        var lease = Hold("job");
        Assert.True(End("job", lease.Token, WorkOutcome.Failure));
        var status = _driver.Status("job")!;
        Assert.Equal((JobState.Pending, JobPhase.Retrying, "failed", lease.Token), (status.State, status.Phase, Assert.Single(status.Attempts).Outcome, status.Attempts[0].Token));
        Assert.Equal(WaitReasons.Retry, Assert.Single(status.WaitingFor).What);
        _driver.Now += 3_600_000;
        var again = Assert.Single(_driver.Take());
        Assert.Equal((1, false), (again.Failures, again.WasHeld));
        Assert.True(_driver.Report(again, ReportKind.Held, delay: TimeSpan.FromHours(1)));
        Assert.True(End("job", again.Token, WorkOutcome.Failure, isFinal: true));
        Assert.Equal((JobState.Failure, 2), (_driver.Status("job")!.State, _driver.Status("job")!.Attempts.Length));
    }
}
