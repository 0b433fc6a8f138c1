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

    private void Put()
    {
        _driver.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", EachMinute, new())).Outcome);
    }
}
