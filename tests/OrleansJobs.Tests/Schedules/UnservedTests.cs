using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>A schedule that the grid cannot serve, which it pauses: what it could not serve is not lost.</summary>
public sealed class UnservedTests : IDisposable
{
    private const long Minute = 60_000;
    private static readonly ScheduleSpec EachMinute = new()
    {
        Type = "work", Every = Minute, Anchor = 0, Overlap = ScheduleOverlap.All, MissedAfter = 60 * Minute, Count = 10,
    };

    private readonly ShellDriver _driver = new();

    public void Dispose() => _driver.Dispose();

    [Fact]
    public void InstantsThatItsRowCannotServe_ComeOnceItIsMended()
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        var first = Assert.Single(_driver.Stored("s").Runs).Instant;
        // As a release that checked less has stored it.
        var entry = _driver.Find("s");
        entry.Record = entry.Record! with { Spec = EachMinute with { Args = "{\"$at\":"u8.ToArray() } };
        _driver.Pass(TimeSpan.FromMinutes(3));
        Assert.Equal("grid", _driver.Find("s").Record!.Paused!.By);
        var stored = _driver.Stored("s");
        Assert.Single(stored.Runs);
        Assert.Equal((first + Minute, 1, true), (stored.Next, stored.Come, stored.IsUnserved));

        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PutAsync("s", EachMinute, new())).Outcome);
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", null, new())).Outcome);
        _driver.Pass(TimeSpan.Zero);
        stored = _driver.Stored("s");
        Assert.Equal([first, first + Minute, first + 2 * Minute, first + 3 * Minute], stored.Runs.Select(run => run.Instant));
        Assert.Equal((4, false), (stored.Come, stored.IsUnserved));
    }

    /// <summary>As one whose zone the silo does not know is mended: by another name for it, or by other instants.</summary>
    [Theory]
    [InlineData("Europe/Paris", ScheduleMissed.One, "4"), InlineData("Europe/Paris", ScheduleMissed.None, ""), InlineData("UTC", ScheduleMissed.All, "2 3 4")]
    public void InstantsThatItsZoneKeptItFrom_ComeOnceAnEditNamesAnother(string zone, ScheduleMissed missed, string comes)
    {
        var spec = new ScheduleSpec { Type = "work", Cron = "* * * * *", Zone = "Europe/Berlin", Overlap = ScheduleOverlap.All, Missed = missed, MissedAfter = missed == ScheduleMissed.All ? null : 1000 };
        _driver.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec, new())).Outcome);
        _driver.Pass(TimeSpan.FromSeconds(59));
        var first = Assert.Single(_driver.Stored("s").Runs).Instant;
        var entry = _driver.Find("s");
        entry.Record = entry.Record! with { Spec = spec with { Zone = "Mars/Olympus" } };
        _driver.Pass(TimeSpan.FromMinutes(3));
        Assert.True(_driver.Stored("s").IsUnserved);

        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec with { Zone = zone, Jitter = 100 }, new())).Outcome);
        _driver.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", null, new())).Outcome);
        _driver.Pass(TimeSpan.Zero);
        Assert.Equal(comes, Since(first));
    }

    /// <summary>As one of each day that is put an hour later: the day whose instant was served has had its work.</summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public void OtherInstants_CountFromTheOneThatItCouldNotServe_HoweverOftenTheyAreSaid(bool isZone)
    {
        var spec = EachMinute with { Every = null, Anchor = null, Cron = "*/10 * * * *", Zone = "Europe/Berlin" };
        Put(spec);
        _driver.Pass(TimeSpan.FromMinutes(10));
        var first = Break(zone: isZone ? "Mars/Olympus" : null);
        _driver.Pass(TimeSpan.FromMinutes(11));
        Assert.True(_driver.Stored("s").IsUnserved);
        foreach (var (minutes, next) in new (string, long)[] { ("3-59/10", 13), ("*/10", 10), ("2-59/10", 12) })
        {
            Mend(spec with { Cron = minutes + " * * * *" });
            Assert.Equal(first + next * Minute, _driver.Stored("s").Next);
        }

        Resume();
        Assert.Equal("", Since(first));
        _driver.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal("13", Since(first));
    }

    /// <summary>As one does that has no such list, and has resumed and deleted some.</summary>
    [Fact]
    public void WhatARelease_WithoutTheirList_LeavesInIt_IsTakenOut()
    {
        Put();
        _driver.Rest(_driver.Shell.Calls.PutAsync("broken", EachMinute, new()));
        _driver.Pass(TimeSpan.FromMinutes(1));
        Break("broken");
        _driver.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(("broken", 1), (Unserved(), _driver.Shell.Core.Schedules.Unserved));

        _driver.Reopen(commit =>
        {
            foreach (var id in (string[])["gone", "s"]) commit.Put(GridLayout.Schedules.Lists[ScheduleTables.UnservedList], id, 0);
        });
        Assert.Equal(("broken gone s", 1), (Unserved(), _driver.Shell.Core.Schedules.Unserved));
        // With whatever is decided next.
        _driver.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(("broken", 3), (Unserved(), _driver.Stored("s").Runs.Count));
        Assert.Equal(2, _driver.Shell.Core.Schedules.Count);
    }

    [Fact]
    public void WhatARelease_WithoutTheirList_HasPaused_CountsOnceItIsSeen_AndIsListedOnceItIsChanged()
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        Break();
        _driver.Pass(TimeSpan.FromMinutes(1));
        _driver.Reopen(commit => commit.Remove(GridLayout.Schedules.Lists[ScheduleTables.UnservedList], "s", 0));
        // Its occurrence has not ended, so that it is read at once.
        Assert.Equal(("", 1), (Unserved(), _driver.Shell.Core.Schedules.Unserved));
        Pause("for a while");
        Assert.Equal("s", Unserved());

        _driver.Reopen(commit => commit.Remove(GridLayout.Schedules.Lists[ScheduleTables.UnservedList], "s", 0));
        Mend();
        Resume();
        Assert.Equal(("", 0), (Unserved(), _driver.Shell.Core.Schedules.Unserved));
    }

    [Fact]
    public void ABackfillOfWhatItCouldNotServe_LeavesThatToTheResume()
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        var first = Break();
        _driver.Pass(TimeSpan.FromMinutes(4));
        Mend();
        Assert.Empty(_driver.Rest(_driver.Shell.Calls.BackfillAsync("s", first + 3 * Minute, _driver.Shell.Now)).Jobs);
        Resume();
        Assert.Equal("2 3 4 5", Since(first));
    }

    /// <summary>Somebody gives a reason of their own: what passes from then on they let pass, and what had passed they did not.</summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public void WhatPassesOnceSomebodyPausesItToo_IsNotMissed(bool isTwice)
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        var first = Break();
        _driver.Pass(TimeSpan.FromMinutes(2));
        Pause("for a while");
        _driver.Pass(TimeSpan.FromMinutes(1));
        if (isTwice) Pause("for a while more");
        _driver.Pass(TimeSpan.FromMinutes(1));
        Mend();
        Resume();
        Assert.Equal("2 3", Since(first));
        var stored = _driver.Stored("s");
        Assert.Equal((first + 5 * Minute, null, null), (stored.Next, stored.WantedUpTo, stored.LetPassUpTo));
        _driver.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal("2 3 6", Since(first));
    }

    /// <summary>It breaks again at the first, and nothing of the gap is forgotten over it.</summary>
    [Fact]
    public void WhatSomebodyLetPass_IsLetPassToo_WhereTheResumeMendedNothing()
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        var first = Break();
        _driver.Pass(TimeSpan.FromMinutes(2));
        Pause("for a while");
        _driver.Pass(TimeSpan.FromMinutes(2));
        Resume();
        Assert.True(_driver.Stored("s").IsUnserved);
        Mend();
        Resume();
        Assert.Equal("2 3", Since(first));
    }

    [Fact]
    public void WhatPassesWhileSomebodyPausesIt_IsNotMissed()
    {
        Put();
        _driver.Pass(TimeSpan.FromMinutes(1));
        foreach (var reason in (string[])["one", "another"])
        {
            Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", new("grid", reason), new())).Outcome);
            _driver.Pass(TimeSpan.FromMinutes(3));
        }

        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", null, new())).Outcome);
        _driver.Pass(TimeSpan.Zero);
        Assert.Single(_driver.Stored("s").Runs);
    }

    /// <summary>As a release that checked less has stored it.</summary>
    /// <returns>The instant that was served before.</returns>
    private long Break(string id = "s", string? zone = null)
    {
        var entry = _driver.Find(id);
        var spec = entry.Record!.Spec;
        entry.Record = entry.Record with { Spec = zone is null ? spec with { Args = "{\"$at\":"u8.ToArray() } : spec with { Zone = zone } };
        return Assert.Single(_driver.Stored(id).Runs).Instant;
    }

    private void Mend(ScheduleSpec? spec = null) => Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec ?? EachMinute, new())).Outcome);

    private string Unserved() => _driver.Listed(ScheduleTables.UnservedList);

    private void Pause(string reason) => Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", new("somebody", reason), new())).Outcome);

    private void Resume()
    {
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PauseAsync("s", null, new())).Outcome);
        _driver.Pass(TimeSpan.Zero);
    }

    /// <summary>Which were served behind the first, which is 1.</summary>
    private string Since(long first) => string.Join(' ', _driver.Stored("s").Runs.Select(run => 1 + (run.Instant - first) / Minute).Where(number => number > 1).Order());

    private void Put(ScheduleSpec? spec = null)
    {
        _driver.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec ?? EachMinute, new())).Outcome);
    }
}
