using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Each rule of overlap against occurrences that run long, fail, are tried again, are cancelled, or never start.</summary>
public class OverlapTests
{
    private const long Minute = 60_000;
    private readonly CoreDriver _driver = new() { Now = 1_767_225_600_000 };
    private ScheduleEntry _entry = null!;
    private long _reading;

    [Theory]
    // What comes of the instants 1, 2 and 3 while the first occurrence has not ended, and of those that had waited once it has.
    [InlineData(ScheduleOverlap.Skip, "open skipped skipped", "success skipped skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued skipped", "success open skipped")]
    [InlineData(ScheduleOverlap.All, "open open open", "success open open")]
    [InlineData(ScheduleOverlap.Cancel, "open revoked open", "revoked revoked open")]
    [InlineData(ScheduleOverlap.Replace, "open replaced queued", "revoked replaced open")]
    public void LongOne_MeetsTheNext(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Tick();
        Tick();
        Assert.Equal(during, Outcomes());
        var cancelled = _driver.Core.Jobs.Find(lease.Id)!.Track.CancelRequested;
        Assert.Equal(overlap is ScheduleOverlap.Cancel or ScheduleOverlap.Replace, cancelled);
        _driver.Report(lease, cancelled ? ReportKind.Cancelled : ReportKind.Succeeded, cancelled ? null : "1"u8.ToArray());
        Assert.Equal(after, Outcomes());
        Assert.Equal(Outcomes(), StoredOutcomes());
    }

    [Theory]
    // One that nobody starts waits, and is ended at once where it is in the way.
    [InlineData(ScheduleOverlap.Skip, "open skipped skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued skipped")]
    [InlineData(ScheduleOverlap.All, "open open open")]
    [InlineData(ScheduleOverlap.Cancel, "revoked revoked open")]
    [InlineData(ScheduleOverlap.Replace, "revoked revoked open")]
    public void OneThatNeverStarts_MeetsTheNext(ScheduleOverlap overlap, string outcomes)
    {
        Put(overlap);
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal(outcomes, Outcomes());
        Assert.Equal(outcomes, StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip)]
    [InlineData(ScheduleOverlap.Queue)]
    [InlineData(ScheduleOverlap.All)]
    [InlineData(ScheduleOverlap.Cancel)]
    [InlineData(ScheduleOverlap.Replace)]
    public void OneThatWaitsForAnotherAttempt_HasNotEnded_AndOneThatFailedHas(ScheduleOverlap overlap)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        _driver.Report(lease, ReportKind.FailedOnce, error: new(JobErrorCodes.Error, null, "no"), delay: TimeSpan.FromSeconds(90));
        Assert.Equal("open", Outcomes());
        Tick();
        Assert.Equal(overlap switch { ScheduleOverlap.Skip => "open skipped", ScheduleOverlap.Queue => "open queued", ScheduleOverlap.All => "open open", _ => "revoked open" }, Outcomes());
        _driver.Now += 40_000;
        lease = Assert.Single(_driver.Take());
        _driver.Report(lease, ReportKind.Failed, error: new(JobErrorCodes.Error, null, "no"));
        Assert.DoesNotContain("queued", Outcomes(), StringComparison.Ordinal);
        Assert.Contains("failure", Outcomes(), StringComparison.Ordinal);
        Assert.Equal(Outcomes(), StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped", "revoked skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued", "revoked open")]
    [InlineData(ScheduleOverlap.All, "open open", "revoked open")]
    [InlineData(ScheduleOverlap.Cancel, "revoked open", "revoked revoked")]
    [InlineData(ScheduleOverlap.Replace, "revoked open", "revoked revoked")]
    public void CancelledFromOutside_LetsTheNextOneGo(ScheduleOverlap overlap, string before, string after)
    {
        Put(overlap);
        Tick();
        Tick();
        Assert.Equal(before, Outcomes());
        _driver.Core.Orders.Cancel(_driver.Bring(Job(_entry.State.Runs.FindIndex(run => run.Outcome == ScheduleRunOutcome.Open))), new("somebody"), _driver.Now);
        _driver.Commit();
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
        Tick();
        Assert.EndsWith(after is "revoked open" && overlap == ScheduleOverlap.Queue ? "queued" : "open", Outcomes(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped", "success skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued", "success open")]
    [InlineData(ScheduleOverlap.All, "open open", "success open")]
    [InlineData(ScheduleOverlap.Cancel, "revoked open", "revoked open")]
    [InlineData(ScheduleOverlap.Replace, "revoked open", "revoked open")]
    public void OneWhoseSiloWasKilled_HasNotEnded_UntilItHasRunAgain(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Assert.Equal(1, _driver.Core.Suspects.Crash(CoreDriver.SiloA.ToParsableString(), _driver.Now));
        _driver.Commit();
        Assert.Equal("open", Outcomes());
        Tick();
        Assert.Equal(during, Outcomes());
        foreach (var again in _driver.Take(want: 2).Where(one => one.Id == lease.Id)) _driver.Report(again, ReportKind.Succeeded, "1"u8.ToArray());
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Cancel, "open open")]
    [InlineData(ScheduleOverlap.Replace, "open queued")]
    public void OneWhoseSiloIsKilledWhileItWasToStop_HasEnded(ScheduleOverlap overlap, string before)
    {
        Put(overlap);
        Tick();
        Assert.Single(_driver.Take());
        Tick();
        Assert.Equal(before, Outcomes());
        _driver.Core.Suspects.Crash(CoreDriver.SiloA.ToParsableString(), _driver.Now);
        _driver.Commit();
        Assert.Equal("revoked open", Outcomes());
        Assert.Equal("revoked open", StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip), InlineData(ScheduleOverlap.Queue), InlineData(ScheduleOverlap.All), InlineData(ScheduleOverlap.Cancel), InlineData(ScheduleOverlap.Replace)]
    public void OneThatIsRunAgainByHand_CountsAsEnded(ScheduleOverlap overlap)
    {
        Put(overlap);
        Tick();
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Failed, error: new(JobErrorCodes.Error, null, "no"));
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring(Job(0)), new("somebody"), _driver.Now));
        _driver.Commit();
        Tick();
        Assert.Equal("failure open", Outcomes());
        var again = _driver.Take(want: 2).Single(lease => lease.Id == Job(0));
        Assert.True(_driver.Report(again, ReportKind.Succeeded, "1"u8.ToArray()));
        Assert.Equal("success open", Outcomes());
        Assert.Equal("success open", StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped", "failure skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued", "failure open")]
    [InlineData(ScheduleOverlap.All, "open open", "failure open")]
    // It failed before it heard that it was to stop.
    [InlineData(ScheduleOverlap.Cancel, "open open", "failure open")]
    [InlineData(ScheduleOverlap.Replace, "open queued", "failure open")]
    public void OneThatFailsForGood_WhileTheNextIsThere_LetsItGo(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Tick();
        Assert.Equal(during, Outcomes());
        Assert.True(_driver.Report(lease, ReportKind.Failed, error: new(JobErrorCodes.Error, null, "no")));
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Cancel), InlineData(ScheduleOverlap.Replace)]
    public void OneThatSucceedsThoughItWasToStop_HasSucceeded(ScheduleOverlap overlap)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Tick();
        Assert.True(_driver.Report(lease, ReportKind.Succeeded, "1"u8.ToArray()));
        Assert.Equal("success open", Outcomes());
        Assert.Equal("success open", StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped", "success skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued", "success open")]
    [InlineData(ScheduleOverlap.All, "open open", "success open")]
    [InlineData(ScheduleOverlap.Cancel, "revoked open", "revoked success")]
    [InlineData(ScheduleOverlap.Replace, "revoked open", "revoked success")]
    public void OneThatSomebodyAskedFor_IsOneThatHasNotEnded(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap);
        _driver.Core.Schedules.Occurrences.Trigger(_entry, "token", _driver.Now);
        _driver.Commit();
        Tick();
        Assert.Equal(during, Outcomes());
        Assert.True(_driver.Report(_driver.Take()[0], ReportKind.Succeeded, "1"u8.ToArray()));
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    /// <summary>It is of another instant, and in nobody's way.</summary>
    [Theory]
    [InlineData(ScheduleOverlap.Skip, null, "open open skipped", "open success skipped"), InlineData(ScheduleOverlap.Skip, "tenant/7", "open open skipped", null)]
    [InlineData(ScheduleOverlap.Queue, null, "open open queued", "open success open"), InlineData(ScheduleOverlap.Queue, "tenant/7", "open open queued", null)]
    [InlineData(ScheduleOverlap.All, null, "open open open", "open success open")]
    [InlineData(ScheduleOverlap.Cancel, null, "open revoked open", "open revoked success"), InlineData(ScheduleOverlap.Cancel, "tenant/7", "open open open", null)]
    [InlineData(ScheduleOverlap.Replace, null, "open revoked open", "open revoked success"), InlineData(ScheduleOverlap.Replace, "tenant/7", "open open queued", null)]
    public void OneThatSomebodyFillsIn_NeitherStopsThoseThatCome_NorIsStoppedByThem(ScheduleOverlap overlap, string? key, string during, string? after)
    {
        Put(overlap, key);
        var before = _driver.Now / Minute * Minute - Minute;
        _driver.Core.Schedules.Occurrences.Backfill(_entry, before, _driver.Now);
        _driver.Commit();
        Tick();
        Tick();
        Assert.Equal(during, Outcomes());
        Assert.Equal(overlap is ScheduleOverlap.Cancel or ScheduleOverlap.Replace && key is not null ? 1 : 0, _entry.State.Runs.Count(run => run.IsCancelSent));
        if (after is null) return;
        var last = _driver.Take(want: 3).Where(lease => lease.Id != Job(_entry.State.Runs.FindIndex(run => run.Instant == before))).OrderBy(lease => lease.Id, StringComparer.Ordinal).First();
        Assert.True(_driver.Report(last, ReportKind.Succeeded, "1"u8.ToArray()));
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    /// <summary>As many as may be open.</summary>
    [Theory]
    [InlineData(ScheduleOverlap.Skip, ScheduleRunOutcome.Skipped), InlineData(ScheduleOverlap.Queue, ScheduleRunOutcome.Queued), InlineData(ScheduleOverlap.All, ScheduleRunOutcome.Skipped)]
    [InlineData(ScheduleOverlap.Cancel, ScheduleRunOutcome.Skipped), InlineData(ScheduleOverlap.Replace, ScheduleRunOutcome.Queued)]
    public void WhereAsManyAreFilledInAsMayBeOpen_TheNextInstantMakesNoMore(ScheduleOverlap overlap, ScheduleRunOutcome outcome)
    {
        Put(overlap);
        for (var i = 1; i <= ScheduleLimits.MaxOpen; i++) _driver.Core.Schedules.Occurrences.Backfill(_entry, _driver.Now / Minute * Minute - i * Minute, _driver.Now);
        _driver.Commit();
        Tick();
        Assert.Equal((ScheduleLimits.MaxOpen, outcome), (_entry.State.Open, _entry.State.Runs[^1].Outcome));
        // What waits goes as soon as there is room.
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.Succeeded, "1"u8.ToArray());
        Assert.Equal(outcome == ScheduleRunOutcome.Queued ? ScheduleLimits.MaxOpen : ScheduleLimits.MaxOpen - 1, _entry.State.Open);
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip), InlineData(ScheduleOverlap.Queue), InlineData(ScheduleOverlap.All), InlineData(ScheduleOverlap.Cancel), InlineData(ScheduleOverlap.Replace)]
    public void OneThatIsDeletedWhereItStands_HasEnded(ScheduleOverlap overlap)
    {
        Put(overlap);
        Tick();
        var job = _driver.Bring(Job(0));
        // One that has not ended is not deleted: it is cancelled before.
        _driver.Core.Orders.Cancel(job, new("somebody"), _driver.Now);
        Assert.True(_driver.Core.Orders.Delete(job, _driver.Now));
        _driver.Commit();
        Assert.Equal("revoked", StoredOutcomes());
        Tick();
        Assert.Equal("revoked open", StoredOutcomes());
    }

    [Theory]
    [InlineData(ScheduleOverlap.Skip, "failure skipped")]
    [InlineData(ScheduleOverlap.Queue, "failure open")]
    [InlineData(ScheduleOverlap.All, "failure open")]
    [InlineData(ScheduleOverlap.Cancel, "revoked failure")]
    [InlineData(ScheduleOverlap.Replace, "revoked failure")]
    public void OneThatNobodyStartsByItsDeadline_HasEnded(ScheduleOverlap overlap, string after)
    {
        Put(overlap, deadline: Minute + 30_000);
        Tick();
        Tick();
        var open = _driver.Bring(Job(_entry.State.Runs.FindIndex(run => run.Outcome == ScheduleRunOutcome.Open)));
        _driver.Core.Orders.Expire(open, open.Spec!.DeadlineAt!.Value);
        _driver.Commit();
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    /// <summary>It lives elsewhere, and its end comes by letter, perhaps twice.</summary>
    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped skipped", "success skipped skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued skipped", "success open skipped")]
    [InlineData(ScheduleOverlap.All, "open open open", "success open open")]
    [InlineData(ScheduleOverlap.Cancel, "open open open", "revoked open open")]
    [InlineData(ScheduleOverlap.Replace, "open replaced queued", "revoked replaced open")]
    public void OneWithAKey_MeetsTheNext(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap, key: "tenant/7");
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal(during, Outcomes());
        var isCancelled = overlap is ScheduleOverlap.Cancel or ScheduleOverlap.Replace;
        var first = _entry.State.Runs.MinBy(run => run.Instant)!;
        var end = new OccurrenceEnd(new("s", _entry.Record!.Incarnation, first.Instant), _driver.Core.Schedules.Occurrences.JobOf(_entry, first), isCancelled ? JobState.Revoked : JobState.Success, null, _driver.Now);
        for (var i = 0; i < 2; i++)
        {
            _driver.Core.Schedules.Occurrences.Take(end, _driver.Now);
            _driver.Commit();
            Assert.Equal(after, Outcomes());
            Assert.Equal(after, StoredOutcomes());
        }
    }

    /// <summary>All of it is what the store has, and nothing of it memory's alone.</summary>
    [Theory]
    [InlineData(ScheduleOverlap.Skip, "open skipped skipped", "success skipped skipped")]
    [InlineData(ScheduleOverlap.Queue, "open queued skipped", "success open skipped")]
    [InlineData(ScheduleOverlap.All, "open open open", "success open open")]
    [InlineData(ScheduleOverlap.Cancel, "open revoked open", "revoked revoked open")]
    [InlineData(ScheduleOverlap.Replace, "open replaced queued", "revoked replaced open")]
    public void LongOne_MeetsTheNext_OverOpenings(ScheduleOverlap overlap, string during, string after)
    {
        Put(overlap);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Reopen();
        Tick();
        Reopen();
        Tick();
        Assert.Equal(during, Outcomes());
        Reopen();
        var cancelled = overlap is ScheduleOverlap.Cancel or ScheduleOverlap.Replace;
        Assert.True(_driver.Report(lease, cancelled ? ReportKind.Cancelled : ReportKind.Succeeded, cancelled ? null : "1"u8.ToArray()));
        Assert.Equal(after, Outcomes());
        Assert.Equal(after, StoredOutcomes());
    }

    /// <summary>Neither a silo nor the loss of its answer lets the next one go before the old has ended.</summary>
    [Fact]
    public void OneThatDoesNotStop_IsNotReplaced_UntilItHasEnded()
    {
        Put(ScheduleOverlap.Replace);
        Tick();
        var lease = Assert.Single(_driver.Take());
        for (var i = 0; i < 5; i++)
        {
            Tick();
            Assert.Empty(_driver.Take());
        }

        Assert.Equal("open replaced replaced replaced replaced queued", Outcomes());
        // As its worker reports once the grace is over.
        Assert.True(_driver.Report(lease, ReportKind.Cancelled));
        Assert.Equal("revoked replaced replaced replaced replaced open", Outcomes());
        Assert.Single(_driver.Take());
    }

    [Fact]
    public void AfterAnOpening_TheEndOfAnOccurrenceIsStillHeard()
    {
        Put(ScheduleOverlap.Queue);
        Tick();
        var lease = Assert.Single(_driver.Take());
        Tick();
        _driver.Reopen();
        Assert.Equal(["s"], _driver.Core.Schedules.OpenAtStart);
        _entry = _driver.Core.Schedules.Resolve("s", StoredRows())!;
        _driver.Report(lease, ReportKind.Succeeded, "1"u8.ToArray());
        Assert.Equal("success open", Outcomes());
    }

    [Fact]
    public void ScheduleWhoseOccurrencesHaveEnded_IsNotHeldInMemory_NorIsItsJobPlain()
    {
        Put(ScheduleOverlap.Skip);
        Tick();
        _driver.Core.Schedules.EndReading(_reading);
        Assert.Equal(1, _driver.Core.Schedules.Held);
        var lease = Assert.Single(_driver.Take());
        var status = _driver.Status(lease.Id)!;
        Assert.Equal(("s", DateTimeOffset.FromUnixTimeMilliseconds(_driver.Now)), (status.Schedule, status.ScheduledAt));
        _driver.Report(lease, ReportKind.Succeeded, "1"u8.ToArray());
        Assert.Equal(0, _driver.Core.Schedules.Held);
    }

    [Fact]
    public void OpenOccurrences_AreBounded()
    {
        Put(ScheduleOverlap.All);
        for (var i = 0; i < ScheduleLimits.MaxOpen + 2; i++) Tick();
        // What is over and among the newest is told beside so many.
        Assert.Equal((ScheduleLimits.MaxOpen, 2), (_entry.State.Open, _entry.State.Runs.Count(run => run.Outcome == ScheduleRunOutcome.Skipped)));
    }

    [Fact]
    public void OneThatCannotBeMade_StandsStill_AndSaysWhy()
    {
        Put(ScheduleOverlap.Skip);
        // As a release that checked less might have stored it.
        _entry.Record = _entry.Record! with { Spec = _entry.Record.Spec with { Args = """{"half \ud800":1,"at":{"$at":"scheduled"}}"""u8.ToArray() } };
        Tick();
        Assert.Equal("grid", _entry.Record!.Paused?.By);
        Assert.StartsWith("Its occurrence could not be made", _entry.Record.Paused!.Reason, StringComparison.Ordinal);
        Assert.Null(_entry.Due);
        _driver.Commit();
        Assert.Equal(ScheduleOutcome.Done, _driver.Core.Schedules.Orders.Delete(_entry, new(), null).Outcome);
    }

    /// <summary>Each is a row that waits until the key's partition has it.</summary>
    [Theory]
    [InlineData(ScheduleOverlap.Replace, 1, 1)]
    [InlineData(ScheduleOverlap.Cancel, 12, 11)]
    public void OccurrencesWithAKey_AreToldOnceThatTheyAreCancelled(ScheduleOverlap overlap, int starts, int cancels)
    {
        Put(overlap, key: "tenant/7");
        for (var i = 0; i < 12; i++) Tick();
        Assert.Equal(starts + cancels, _driver.Core.Letters.Waiting);
        _driver.Reopen();
        Assert.Equal(starts + cancels, _driver.Core.Letters.Waiting);
        Assert.Equal(cancels, ScheduleState.Decode(StoredRows()[1]).Runs.Count(run => run.IsCancelSent));
    }

    private void Put(ScheduleOverlap overlap, string? key = null, long? deadline = null)
    {
        _driver.Now = _driver.Now / Minute * Minute + 1;
        // As whoever decides something of a schedule holds it.
        _reading = _driver.Core.Schedules.BeginReading();
        _entry = _driver.Core.Schedules.New("s");
        var answer = _driver.Core.Schedules.Orders.Put(_entry, new() { Type = "work", Cron = "* * * * *", Overlap = overlap, Key = key, Deadline = deadline }, new(), 7, null, _driver.Now);
        Assert.Equal(ScheduleOutcome.Created, answer.Outcome);
        _driver.Commit();
        _driver.Now--;
    }

    /// <summary>Another activation opens the partition.</summary>
    private void Reopen()
    {
        _driver.Reopen();
        Assert.Equal(["s"], _driver.Core.Schedules.OpenAtStart);
        _reading = _driver.Core.Schedules.BeginReading();
        _entry = _driver.Core.Schedules.Resolve("s", StoredRows())!;
    }

    /// <summary>The next instant comes and is served.</summary>
    private void Tick()
    {
        _driver.Now = _driver.Now / Minute * Minute + Minute;
        foreach (var job in _driver.Core.Schedules.Occurrences.ToBeCancelled(_entry).ToList()) _driver.Bring(job);
        Assert.True(_driver.Core.Schedules.Occurrences.Serve(_entry, _driver.Now));
        _driver.Commit();
    }

    private string Job(int run) => _driver.Core.Schedules.Occurrences.JobOf(_entry, _entry.State.Runs[run]);

    private string Outcomes() => Of(_entry.State);

    private string StoredOutcomes() => Of(ScheduleState.Decode(StoredRows()[1]));

    private OrleansJobs.Storage.StoredRows StoredRows() => _driver.Rows(new(GridLayout.Schedules.Records, GridLayout.Schedules.States), "s");

    /// <summary>In the order of the instants.</summary>
    private static string Of(ScheduleState state) => string.Join(' ', state.Runs.OrderBy(run => run.Instant).Select(run => run.Outcome.ToString().ToLowerInvariant()));
}
