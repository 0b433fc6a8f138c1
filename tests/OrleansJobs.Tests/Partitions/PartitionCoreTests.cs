using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

public class PartitionCoreTests
{
    private readonly CoreDriver _driver = new();

    [Fact]
    public void Submit_WhenLeasedBeforeTheCommit_IsOneWriteWithoutALane()
    {
        _driver.Submit("a");
        var leases = _driver.Core.Dispatch.Take(Worker(), 1, _driver.Now, []);
        var commit = _driver.Core.Changes.Seal().Commit;
        Assert.Equal("a", Assert.Single(leases).Id);
        Assert.Single(commit.Of(GridLayout.Jobs.Specs).Puts);
        Assert.Single(commit.Of(GridLayout.Jobs.Leases).Puts);
        Assert.True(commit.Of(GridLayout.Jobs.Lanes).IsEmpty);
    }

    [Fact]
    public void Take_GoesByPriorityThenByDueTime()
    {
        _driver.Submit("late", job => job with { Countdown = 10 });
        _driver.Submit("early");
        _driver.Submit("urgent", job => job with { Countdown = 20, Priority = 9 });
        _driver.Commit();
        _driver.Now += 30;
        Assert.Equal(["urgent", "early", "late"], _driver.Take(want: 5).Select(lease => lease.Id));
    }

    [Fact]
    public void Take_WhenAJobIsNotDue_LeavesIt()
    {
        _driver.Submit("a", job => job with { Countdown = 1000 });
        _driver.Commit();
        _driver.Now += 999;
        Assert.Empty(_driver.Take());
        Assert.Equal(_driver.Now + 1, _driver.Core.NextDue(_driver.Now));
        _driver.Now += 1;
        Assert.Single(_driver.Take());
    }

    /// <summary>The clock may tick between telling what is due and looking when the next is: what falls due there must not wait for somebody to pass by.</summary>
    [Fact]
    public void NextDue_OfAJobThatHasFallenDueAndNobodyWasToldOf_IsNow()
    {
        _driver.Submit("a", job => job with { Countdown = 1000 });
        _driver.Commit();
        _driver.Now += 999;
        Assert.Empty(_driver.Core.Jobs.Index.TakeNews(_driver.Now));
        _driver.Now += 1;
        Assert.Equal(_driver.Now, _driver.Core.NextDue(_driver.Now));
        Assert.Equal(_driver.Now, _driver.Core.NextDue(_driver.Now));
        Assert.Single(_driver.Core.Jobs.Index.TakeNews(_driver.Now));
        Assert.Null(_driver.Core.NextDue(_driver.Now));
    }

    [Fact]
    public void Take_WhenNobodyKnowsTheFirstJobsType_GivesTheNextOne()
    {
        for (var i = 0; i < 50; i++) _driver.Submit($"unknown{i:00}", job => job with { Type = "unknown" });
        _driver.Submit("known");
        _driver.Commit();
        Assert.Equal("known", Assert.Single(_driver.Take(want: 10)).Id);
    }

    [Fact]
    public void Take_WhenAQueueIsClosed_LeavesItsJobs()
    {
        _driver.Submit("a", job => job with { Queue = "slow" });
        _driver.Commit();
        Assert.Empty(_driver.Take(Worker() with { Closed = ["slow"] }));
        Assert.Empty(_driver.Take(Worker() with { Queues = ["default"] }));
        Assert.Single(_driver.Take());
    }

    [Fact]
    public void Tokens_OnlyGrow_AlsoOverReopening()
    {
        _driver.Submit("a");
        _driver.Commit();
        long last = 0;
        for (var i = 0; i < 10; i++)
        {
            var lease = Assert.Single(_driver.Take());
            Assert.True(lease.Token > last);
            last = lease.Token;
            Assert.True(_driver.Report(lease, ReportKind.Returned));
            if (i % 3 == 0) _driver.Reopen();
        }
    }

    [Fact]
    public void Report_WhenTheAttemptIsStale_IsRefusedAndChangesNothing()
    {
        _driver.Submit("a");
        _driver.Commit();
        var first = Assert.Single(_driver.Take());
        _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        var second = Assert.Single(_driver.Take(Worker(SiloB)));
        Assert.False(_driver.Report(first, ReportKind.Succeeded, "1"u8.ToArray()));
        Assert.Equal(JobState.Progress, _driver.Status("a")!.State);
        Assert.True(_driver.Report(second, ReportKind.Succeeded, "2"u8.ToArray()));
        Assert.False(_driver.Report(second, ReportKind.Succeeded, "3"u8.ToArray()));
        Assert.Equal("2"u8.ToArray(), _driver.Status("a")!.Result);
    }

    [Fact]
    public void FailedOnce_WaitsItsDelayAndKeepsItsHistory()
    {
        _driver.Submit("a");
        _driver.Commit();
        var error = new JobError(JobErrorCodes.Error, "IOException", "gone");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce, error: error, delay: TimeSpan.FromSeconds(5));
        var status = _driver.Status("a")!;
        Assert.Equal((JobState.Pending, JobPhase.Retrying, 1), (status.State, status.Phase, status.Attempt));
        Assert.Equal(error, Assert.Single(status.Attempts).Error);
        Assert.Empty(_driver.Take());
        _driver.Now += 5000;
        var lease = Assert.Single(_driver.Take());
        Assert.Equal((2, 1), (lease.Attempt, lease.Failures));
    }

    [Theory]
    [InlineData(nameof(ReportKind.Returned))]
    [InlineData(nameof(ReportKind.Postponed))]
    public void HandingBack_UsesUpNoAttempt(string kind)
    {
        _driver.Submit("a");
        _driver.Commit();
        for (var i = 0; i < 30; i++)
        {
            var lease = Assert.Single(_driver.Take());
            Assert.Equal((1, 0), (lease.Attempt, lease.Failures));
            _driver.Report(lease, Enum.Parse<ReportKind>(kind));
        }

        // The history is bounded.
        Assert.Equal(20, _driver.Status("a")!.Attempts.Length);
    }

    [Fact]
    public void Cancel_WhenWaiting_EndsAtOnce()
    {
        _driver.Submit("a");
        _driver.Commit();
        Assert.True(_driver.Core.Orders.Cancel(_driver.Bring("a"), new("test", "no need"), _driver.Now));
        _driver.Commit();
        Assert.Equal((JobState.Revoked, "no need"), (_driver.Status("a")!.State, _driver.Status("a")!.Message));
        Assert.Empty(_driver.Take());
        Assert.False(_driver.Core.Orders.Cancel(_driver.Bring("a"), new("test"), _driver.Now));
    }

    [Theory]
    [InlineData(nameof(ReportKind.FailedOnce), JobState.Revoked)]
    [InlineData(nameof(ReportKind.Returned), JobState.Revoked)]
    [InlineData(nameof(ReportKind.Cancelled), JobState.Revoked)]
    [InlineData(nameof(ReportKind.Succeeded), JobState.Success)]
    public void Cancel_WhenRunning_IsDurableAndNotForgottenByWhatFollows(string kind, JobState expected)
    {
        _driver.Submit("a");
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Orders.Cancel(_driver.Bring("a"), new("test"), _driver.Now);
        _driver.Commit();
        _driver.Reopen();
        Assert.Equal(JobPhase.Cancelling, _driver.Status("a")!.Phase);
        _driver.Report(lease, Enum.Parse<ReportKind>(kind));
        Assert.Equal(expected, _driver.Status("a")!.State);
    }

    [Fact]
    public void Cancel_WhenTheSiloIsLost_EndsTheJobInsteadOfRunningItAgain()
    {
        _driver.Submit("a");
        _driver.Commit();
        _driver.Take();
        _driver.Core.Orders.Cancel(_driver.Bring("a"), new("test"), _driver.Now);
        _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        Assert.Equal(JobState.Revoked, _driver.Status("a")!.State);
    }

    [Fact]
    public void Take_WhenAJobHasExpired_FailsItInsteadOfStartingIt()
    {
        _driver.Submit("a", job => job with { ExpiresAfter = 100 });
        _driver.Commit();
        _driver.Now += 100;
        Assert.Empty(_driver.Take());
        Assert.Equal(JobErrorCodes.Expired, _driver.Status("a")!.Error!.Code);
        Assert.Null(_driver.Status("a")!.StartedAt);
    }

    [Fact]
    public void Expiry_WhenTheJobWasStartedInTime_NoLongerApplies()
    {
        _driver.Submit("a", job => job with { ExpiresAfter = 100 });
        _driver.Commit();
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce, delay: TimeSpan.FromSeconds(1));
        _driver.Now += 5000;
        Assert.Single(_driver.Take());
    }

    [Fact]
    public void Deadline_OfAJobThatComesWhileTheStoreIsAsked_IsNotForgottenForALaterOne()
    {
        _driver.Submit("first", job => job with { ExpiresAfter = 100 });
        Assert.Equal(_driver.Now + 100, _driver.Core.Deadlines.Take());
        _driver.Submit("meanwhile", job => job with { ExpiresAfter = 200 });
        _driver.Core.Deadlines.Note(_driver.Now + 300);
        Assert.Equal(_driver.Now + 200, _driver.Core.Deadlines.Next);
        _driver.Core.Deadlines.Note(null);
        Assert.Equal(_driver.Now + 200, _driver.Core.Deadlines.Next);
    }

    [Fact]
    public void TheLastAttempt_IsNeverBeforeTheOneThatRuns()
    {
        _driver.Submit("a", job => job with { Attempts = 1 });
        _driver.Commit();
        Assert.Equal((0, 1), Attempts());
        var lease = Assert.Single(_driver.Take());
        Assert.Equal((1, 1), Attempts());
        _driver.Report(lease, ReportKind.Failed, error: new("error", null, "no"));
        Assert.Equal((1, 1), Attempts());
        _driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now);
        _driver.Commit();
        Assert.Equal((1, 2), Attempts());
        _driver.Take();
        Assert.Equal((2, 2), Attempts());
        // A crash uses none up either.
        _driver.Core.Suspects.Crash(SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        Assert.Equal((2, 3), Attempts());
        _driver.Report(Assert.Single(_driver.Take(Worker(SiloB))), ReportKind.Succeeded);
        Assert.Equal((3, 3), Attempts());

        (int, int) Attempts() => _driver.Status("a") is { } status ? (status.Attempt, status.MaxAttempts) : default;
    }

    [Fact]
    public void Retry_RunsAFailedJobAgainWithItsHistory()
    {
        _driver.Submit("a");
        _driver.Commit();
        var error = new JobError(JobErrorCodes.Error, "E", "m");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Failed, error: error);
        var failed = _driver.Status("a")!;
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        Assert.Equal(2, lease.Attempt);
        _driver.Report(lease, ReportKind.Succeeded);
        var status = _driver.Status("a")!;
        Assert.Equal(JobState.Success, status.State);
        Assert.Equal(["failed", "succeeded"], status.Attempts.Select(attempt => attempt.Outcome));
        Assert.True(status.Version > failed.Version);
    }

    [Fact]
    public void Delete_ForgetsAFinishedJobOnly()
    {
        _driver.Submit("a", job => job with { Tags = [new("k", "v")] });
        _driver.Commit();
        Assert.False(_driver.Core.Orders.Delete(_driver.Bring("a"), _driver.Now));
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        Assert.True(_driver.Core.Orders.Delete(_driver.Bring("a"), _driver.Now));
        _driver.Commit();
        Assert.Null(_driver.Stored("a"));
        Assert.Null(_driver.Core.Jobs.Find("a"));
        Assert.Empty(_driver.Core.Jobs.Counts.All());
    }

    [Fact]
    public void Memory_KeepsABoundedWindowAndLosesNothing()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, WindowJobs = 16, WindowBytes = 1 << 16 });
        for (var i = 0; i < 500; i++)
        {
            driver.Submit($"job{i:000}", job => job with { Countdown = 500 - i });
            if (i % 7 == 0) driver.Commit();
        }

        driver.Commit();
        Assert.True(driver.Core.Jobs.Lanes.Sum(lane => lane.Window.Count) <= 16);
        Assert.Equal(0, driver.Core.Jobs.Orphans);
        driver.Now += 1000;
        var ids = new List<string>();
        while (driver.Take(want: 5) is { Count: > 0 } leases)
        {
            ids.AddRange(leases.Select(lease => lease.Id));
            foreach (var lease in leases) driver.Report(lease, ReportKind.Succeeded);
        }

        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"job{499 - i:000}"), ids);
        Assert.Null(driver.Core.Jobs.Find("job000"));
    }

    [Fact]
    public void Memory_WhenRecordsAreLarge_LetsGoOfThemAndReadsThemAgain()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, WindowBytes = 1 << 16 });
        var args = System.Text.Encoding.UTF8.GetBytes("\"" + new string('x', 10_000) + "\"");
        for (var i = 0; i < 100; i++)
        {
            driver.Submit($"job{i:000}", job => job with { Args = args });
            driver.Commit();
        }

        Assert.True(driver.Core.Jobs.Lanes.Single().Window.Count(job => job.Spec is not null) <= 8);
        for (var i = 0; i < 100; i++) Assert.Equal(args, Assert.Single(driver.Take()).Args);
    }

    [Fact]
    public void Memory_WhenMuchRuns_KeepsTheRecordsOfWhatWaits()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1, WindowBytes = 1 << 16 });
        for (var i = 0; i < 20; i++) driver.Submit($"running{i}", job => job with { Args = new byte[10_000] });
        driver.Commit();
        Assert.Equal(20, driver.Take(want: 20).Count);

        for (var i = 0; i < 3; i++) driver.Submit($"waiting{i}", job => job with { Args = new byte[10_000] });
        driver.Commit();

        Assert.All(driver.Core.Jobs.Lanes.Single().Window, job => Assert.NotNull(job.Spec));
    }

    [Fact]
    public void Memory_WhenAPartitionOpensWithManyLanes_HoldsNoMoreBytesOfThem()
    {
        var driver = new CoreDriver(new JobGridOptions { Partitions = 1 });
        for (var i = 0; i < 500; i++)
        {
            driver.Submit($"job{i:000}", job => job with { Queue = $"q{i}", Args = new byte[1 << 16] });
            driver.Commit();
        }

        driver.Reopen();
        driver.ReadPages();

        Assert.Equal(500, driver.Core.Jobs.Lanes.Sum(lane => lane.Window.Count));
        Assert.InRange(driver.Core.Jobs.Lanes.Sum(lane => lane.Window.Sum(job => job.Spec?.Args.Length ?? 0)), 1 << 20, driver.Options.WindowBytes);
        Assert.Equal(500, TakeAll(driver));
    }

    private static int TakeAll(CoreDriver driver)
    {
        var taken = 0;
        while (driver.Take(want: 500) is { Count: > 0 } leases) taken += leases.Count;
        return taken;
    }

    [Fact]
    public void Lanes_OfFinishedJobsThatWereLookedAt_AreForgotten()
    {
        for (var i = 0; i < 1000; i++)
        {
            _driver.Submit($"job{i}", job => job with { Queue = $"q{i}" });
            _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        }

        for (var i = 0; i < 1000; i++)
        {
            Assert.True(_driver.Core.Orders.Delete(_driver.Bring($"job{i}"), _driver.Now));
            _driver.Commit();
        }

        Assert.InRange(_driver.Core.Jobs.Index.Count, 0, 100);
    }

    [Fact]
    public void Submit_UnderTheIdOfADeletedJobThatIsStillPinned_IsTaken()
    {
        _driver.Submit("a");
        _driver.Commit();
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded);
        _driver.Core.Jobs.Pin("a");
        _driver.Core.Orders.Delete(_driver.Bring("a"), _driver.Now);
        _driver.Commit();

        var job = _driver.Submit("a");
        _driver.Core.Jobs.Unpin("a");
        _driver.Commit();

        Assert.Same(job, _driver.Core.Jobs.Find("a"));
        Assert.Equal("a", Assert.Single(_driver.Take()).Id);
    }

    [Fact]
    public void Cancel_WhileWaitingAfterAFailedAttempt_ShowsNoAttemptThatNeverWas()
    {
        _driver.Submit("a");
        _driver.Commit();
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce);
        _driver.Core.Orders.Cancel(_driver.Bring("a"), new("test"), _driver.Now);
        _driver.Commit();
        var status = _driver.Status("a")!;
        Assert.Equal((JobState.Revoked, 1), (status.State, status.Attempt));
        Assert.Equal(["failed"], status.Attempts.Select(attempt => attempt.Outcome));

        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        Assert.Equal(2, lease.Attempt);
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.Equal(["failed", "succeeded"], _driver.Status("a")!.Attempts.Select(attempt => attempt.Outcome));
    }

    [Fact]
    public void Expiry_AfterALeaseThatCameBackUnstarted_ShowsNoAttemptThatNeverWas()
    {
        _driver.Submit("a", job => job with { ExpiresAfter = 100 });
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Returned, NeverStarted = true }, _driver.Now);
        _driver.Commit();
        _driver.Now += 100;
        Assert.Empty(_driver.Take());
        Assert.Equal(["returned"], _driver.Status("a")!.Attempts.Select(attempt => attempt.Outcome));
    }

    [Fact]
    public void Refused_WhenTheStoreIsFull_DropsNewJobsAndKeepsTheRest()
    {
        _driver.Submit("old");
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        var dropped = _driver.Submit("new");
        _driver.Core.Attempts.Report(new JobReport { Id = "old", Token = lease.Token, Kind = ReportKind.Succeeded }, _driver.Now);
        var changes = _driver.Core.Changes.Seal();
        Assert.Same(dropped, Assert.Single(_driver.Core.Changes.Refused(changes)));
        Assert.Equal(CommitOutcome.Applied, _driver.Commit());
        Assert.Null(_driver.Stored("new"));
        Assert.Equal(JobState.Success, _driver.Status("old")!.State);
        Assert.Equal(0, _driver.Core.Jobs.Unfinished);
    }

    [Fact]
    public void Undo_WhenALeaseNeverReachedItsWorker_CountsNothing()
    {
        _driver.Submit("a");
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        _driver.Reopen();
        _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
        _driver.Commit();
        var again = Assert.Single(_driver.Take());
        Assert.Equal((1, 0, 0), (again.Attempt, again.Failures, again.Crashes));
        Assert.True(again.Token > lease.Token);
    }

    [Fact]
    public void Cancel_AfterALeaseThatNeverReachedItsWorker_ShowsNoAttempt()
    {
        _driver.Submit("a");
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        _driver.Reopen();
        _driver.Core.Attempts.Undo(new(lease.Id, lease.Token), _driver.Now);
        _driver.Core.Orders.Cancel(_driver.Bring("a"), new("test"), _driver.Now);
        _driver.Commit();
        var status = _driver.Status("a")!;
        Assert.Empty(status.Attempts);
        Assert.Equal(0, status.Attempt);
        Assert.Null(status.StartedAt);
    }

    [Fact]
    public void Versions_GrowWithEveryTransition()
    {
        _driver.Submit("a");
        _driver.Commit();
        var versions = new List<long> { _driver.Status("a")!.Version };
        for (var i = 0; i < 3; i++)
        {
            var lease = Assert.Single(_driver.Take());
            versions.Add(_driver.Status("a")!.Version);
            _driver.Report(lease, i < 2 ? ReportKind.FailedOnce : ReportKind.Succeeded);
            versions.Add(_driver.Status("a")!.Version);
            _driver.Reopen();
        }

        Assert.Equal(versions.Distinct().Order(), versions);
    }
}
