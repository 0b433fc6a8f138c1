using OrleansJobs.Hosting;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Schedules;

/// <summary>What a change makes of the cursor, of what waits, and of what was counted.</summary>
public class ScheduleEditTests
{
    private const long Minute = 60_000;
    private const long Hour = 60 * Minute;
    private const long Midnight = 1_767_225_600_000;

    private readonly CoreDriver _driver = new() { Now = Midnight - 1 };
    private ScheduleEntry _entry = null!;

    [Fact]
    public void OtherInstantsWithLessJitter_AreNotServedFromThePast()
    {
        Put(new() { Type = "work", Cron = "0 * * * *", Jitter = Hour - 1, Overlap = ScheduleOverlap.All });
        var jitter = _entry.Jitter;
        Assert.True(jitter > 10 * Minute, "the id's part of it is large enough to show something");
        At(jitter);
        Assert.Equal([Midnight], Served());
        // The next is not due yet, and its time of day has passed.
        _driver.Now = Midnight + Hour + jitter - Minute;
        Put(new() { Type = "work", Cron = "*/5 * * * *", Overlap = ScheduleOverlap.All });
        Assert.True(_entry.Due > _driver.Now, $"{_entry.Due} is due at {_driver.Now}");
        Assert.Equal([Midnight], Served());
    }

    [Fact]
    public void TheSameInstantsWithLessJitter_StillComeWhereTheyWereNotDue()
    {
        Put(new() { Type = "work", Cron = "0 * * * *", Jitter = Hour - 1, Overlap = ScheduleOverlap.All });
        var jitter = _entry.Jitter;
        At(jitter);
        _driver.Now = Midnight + Hour + jitter - Minute;
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All });
        At(Hour + jitter - Minute);
        Assert.Equal([Midnight, Midnight + Hour], Served());
    }

    /// <summary>As whoever reads it, changes one thing and puts it again: an answer tells what it counts from.</summary>
    [Theory]
    [InlineData(null, 0), InlineData("Europe/Berlin", 0), InlineData(null, -3)]
    public void TheSamePeriodWithLessJitter_StillComesWhereItWasNotDue_ThoughWhatItCountsFromIsSaidNow(string? zone, int periodsOff)
    {
        ScheduleSpec spec = new() { Type = "work", Every = Hour, Jitter = Hour - 1, Overlap = ScheduleOverlap.All };
        _driver.Now = Midnight;
        Put(spec);
        var jitter = _entry.Jitter;
        Assert.True(jitter > 10 * Minute, "the id's part of it is large enough to show something");
        At(jitter);
        _driver.Now = Midnight + Hour + jitter - Minute;
        // A zone says nothing of a period.
        Put(spec with { Jitter = 0, Anchor = _entry.Record!.Anchor + periodsOff * Hour, Zone = zone });
        At(Hour + jitter - Minute);
        Assert.Equal([Midnight, Midnight + Hour], Served());
        // It goes on to count from the start, where that is said.
        Put(spec with { Jitter = 0, Start = Midnight + Hour + 7 * Minute });
        Assert.Equal(Midnight + Hour + 7 * Minute, _entry.Record.Anchor);
    }

    [Fact]
    public void PutAgainAsItWasTold_NothingIsChanged_NorTheVersion()
    {
        ScheduleSpec spec = new() { Type = "work", Every = Hour, Start = Midnight + 5 * Minute };
        Put(spec);
        var before = _entry.Record!;
        Put(spec with { Anchor = before.Anchor });
        Assert.Same(before, _entry.Record);
    }

    [Fact]
    public void AnAnchorThatIsTakenAway_LeavesTheSecondInWhichItWasMade()
    {
        ScheduleSpec spec = new() { Type = "work", Every = Hour, Anchor = Midnight - 7 * Minute };
        Put(spec);
        Put(spec with { Anchor = null });
        Assert.Equal(_entry.Record!.CreatedAt / 1000 * 1000, _entry.Record.Anchor);
        Put(spec with { Every = null, Anchor = null, Cron = "0 * * * *" });
        _driver.Now += Minute;
        Put(spec with { Anchor = null });
        Assert.Equal(_entry.Record.CreatedAt / 1000 * 1000, _entry.Record.Anchor);
    }

    /// <summary>As earlier releases have it of one that was cron before, or whose start was taken away.</summary>
    [Fact]
    public void AnEditOfSomethingElse_LeavesAPeriodWhereItCounted_HoweverItCameToThat()
    {
        ScheduleSpec spec = new() { Type = "work", Every = Hour };
        Put(spec);
        var told = Midnight + 17 * Minute + 123;
        _entry.Record = _entry.Record! with { Anchor = told };
        _entry.State = _entry.State with { Next = told };
        _driver.Now = Midnight + 9 * Minute;
        Put(spec with { Args = "[1]"u8.ToArray() });
        Assert.Equal((told, told), (_entry.Record.Anchor, _entry.State.Next));
        // As whoever reads it, changes one thing and puts it again.
        Put(spec with { Args = "[2]"u8.ToArray(), Anchor = told });
        Assert.Equal((told, told, null), (_entry.Record.Anchor, _entry.State.Next, _entry.Record.Spec.Anchor));
        Put(spec with { Every = 2 * Hour });
        Assert.Equal((told, told), (_entry.Record.Anchor, _entry.State.Next));
        Put(spec with { Start = Midnight + 11 * Minute });
        Assert.Equal(Midnight + 11 * Minute, _entry.Record.Anchor);
        Put(spec);
        Assert.Equal(_entry.Record.CreatedAt / 1000 * 1000, _entry.Record.Anchor);
    }

    [Theory]
    [InlineData(ScheduleMissed.One), InlineData(ScheduleMissed.All), InlineData(ScheduleMissed.None)]
    public void WhatLessJitterBringsForward_IsNotMissed(ScheduleMissed missed)
    {
        ScheduleSpec spec = new() { Type = "work", Every = Minute, Anchor = Midnight, Jitter = Hour - 1, Overlap = ScheduleOverlap.All, Missed = missed, MissedWithin = missed == ScheduleMissed.All ? Minute + 1 : null };
        Put(spec);
        var jitter = _entry.Jitter;
        Assert.True(jitter > 10 * Minute, "the id's part of it is large enough to show something");
        // None is due yet, and all of them are late by the jitter that the edit gives.
        _driver.Now = Midnight + jitter - 1;
        Put(spec with { Jitter = 0 });
        At(jitter - 1 + Minute);
        Assert.Equal(Instants(Midnight, Midnight + jitter - 1 + Minute), Served());
        Assert.Equal(_entry.State, ScheduleState.Decode(_entry.State.Encode()) with { Runs = _entry.State.Runs });

        // From now on they may be.
        At(jitter + 10 * Minute);
        Assert.Equal(missed == ScheduleMissed.One, _entry.State.Runs.Exists(run => run.Cause == ScheduleRunCause.Missed));
        Assert.DoesNotContain(Instants(Midnight, Midnight + jitter + 9 * Minute)[^3], Served());
    }

    [Fact]
    public void WhatLessJitterBringsForward_IsMissedWhereNobodyIsThereFromThenOn()
    {
        ScheduleSpec spec = new() { Type = "work", Every = Minute, Anchor = Midnight, Jitter = Hour - 1, Missed = ScheduleMissed.None };
        Put(spec);
        _driver.Now = Midnight + _entry.Jitter - 1;
        Put(spec with { Jitter = 0 });
        _entry.State = ScheduleState.Decode(_entry.State.Encode());
        At(_entry.State.ForwardAt!.Value - Midnight + Minute + 1);
        Assert.Equal([_driver.Now / Minute * Minute], Served());
        Assert.Null(_entry.State.ForwardAt);
    }

    [Fact]
    public void ResumeWithoutItsZone_IsRefused_AndItStaysPaused()
    {
        Put(new() { Type = "work", Cron = "0 * * * *" });
        _driver.Core.Schedules.Orders.Pause(_entry, new("me", "why"), new(), _driver.Now);
        _driver.Commit();
        // As a silo that knows more zones has stored it.
        _entry.Record = _entry.Record! with { Spec = _entry.Record.Spec with { Zone = "Mars/Olympus" } };
        var before = (_entry.Record, _entry.State);
        _driver.Now += 2 * Hour;
        var answer = _driver.Core.Schedules.Orders.Resume(_entry, new(), _driver.Now);
        Assert.Equal((ScheduleOutcome.Rejected, "/zone"), (answer.Outcome, Assert.Single(answer.Problems).Pointer));
        Assert.Equal(before, (_entry.Record, _entry.State));
        Assert.False(_driver.Core.Changes.HasAny);
    }

    [Fact]
    public void OneThatWaitedFromBeforeAnEditToCancel_IsNotRunBesideTheNew()
    {
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.Queue });
        At(0);
        At(Hour);
        Assert.Equal("open queued", Outcomes());
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.Cancel });
        At(2 * Hour);
        Assert.Equal("revoked replaced open", Outcomes());
    }

    [Fact]
    public void OneThatWaitedFromBeforeAnEditToAll_WaitsNoMore_AndIsStoredWithTheEdit()
    {
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.Queue });
        At(0);
        var lease = Assert.Single(_driver.Take());
        At(Hour);
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All });
        Assert.Equal("open open", Outcomes());
        Assert.Equal(JobState.Pending, _driver.Status(_driver.Core.Schedules.Occurrences.JobOf(_entry, _entry.State.Runs[1]))!.State);
        _driver.Report(lease, ReportKind.Succeeded, "1"u8.ToArray());
        Assert.Equal("success open", Outcomes());
    }

    [Fact]
    public void Count_IsOfInstantsThatHaveComeSinceItWasGiven()
    {
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All });
        for (var i = 0; i < 3; i++) At(i * Hour);
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All, Count = 2 });
        At(3 * Hour);
        // Another number of the same counting, one that is taken away, and one that is given anew.
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All, Count = 4 });
        Assert.Equal(1, _entry.State.Come);
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All });
        At(4 * Hour);
        Put(new() { Type = "work", Cron = "0 * * * *", Overlap = ScheduleOverlap.All, Count = 2 });
        Assert.Equal(0, _entry.State.Come);
        At(5 * Hour);
        At(6 * Hour);
        Assert.Null(_entry.State.Next);
        Assert.Equal(7, Served().Count);
    }

    [Fact]
    public void AsManySchedulesAsTheGridMayHold_FindRoom_HoweverChanceSpreadsThem()
    {
        var options = new JobGridOptions();
        var counts = new int[options.Partitions];
        for (var i = 0; i < options.MaxSchedules; i++) counts[JobIds.PartitionOf($"reminder-{i}", counts.Length)]++;
        var book = new CoreDriver(options).Core.Schedules;
        book.Count = counts.Max() - 1;
        Assert.Null(book.Refusal);
        book.Count = options.MaxSchedules * 12 / 10 / options.Partitions;
        Assert.Contains("1000000", book.Refusal!, StringComparison.Ordinal);
    }

    /// <summary>As other rules of its zone have told it, which have changed since.</summary>
    [Fact]
    public void PutAgainOnceTheRulesOfItsZoneHaveChanged_ItsNextInstantIsByThoseOfNow()
    {
        ScheduleSpec spec = new() { Type = "work", Cron = "0 3 * * *", Zone = "Europe/Berlin" };
        Put(spec);
        var (version, next) = (_entry.Record!.Version, _entry.State.Next!.Value);
        foreach (var told in (long[])[next - Hour, next + Hour])
        {
            _entry.State = _entry.State with { Next = told };
            Put(spec);
            Assert.Equal(next, _entry.State.Next);
            Assert.NotEqual(version, version = _entry.Record.Version);
        }

        Put(spec);
        Assert.Equal(version, _entry.Record.Version);
        // By those of now it would have been before now: it comes when it was told.
        _entry.State = _entry.State with { Next = next + Hour };
        _driver.Now = next + 1;
        Put(spec);
        Assert.Equal((next + Hour, version), (_entry.State.Next, _entry.Record.Version));
    }

    private void Put(ScheduleSpec spec)
    {
        var orders = _driver.Core.Schedules.Orders;
        if (_entry is null)
        {
            // As whoever decides something of a schedule holds it.
            _driver.Core.Schedules.BeginReading();
            _entry = _driver.Core.Schedules.New("s");
        }

        Assert.Contains(orders.Put(_entry, spec, new(), 7, null, _driver.Now).Outcome, new[] { ScheduleOutcome.Created, ScheduleOutcome.Done });
        _driver.Commit();
    }

    /// <summary>So long after midnight, what is due is served.</summary>
    private void At(long after)
    {
        _driver.Now = Midnight + after;
        foreach (var job in _driver.Core.Schedules.Occurrences.ToBeCancelled(_entry).ToList()) _driver.Bring(job);
        Assert.True(_driver.Core.Schedules.Occurrences.Serve(_entry, _driver.Now));
        _driver.Commit();
    }

    private static List<long> Instants(long from, long to) => [.. Enumerable.Range(0, (int)((to - from) / Minute) + 1).Select(i => from + i * Minute)];

    private List<long> Served() => [.. _entry.State.Runs.Where(run => run.HasJob).Select(run => run.Instant).Order()];

    private string Outcomes() => string.Join(' ', _entry.State.Runs.OrderBy(run => run.Instant).Select(run => run.Outcome.ToString().ToLowerInvariant()));
}
