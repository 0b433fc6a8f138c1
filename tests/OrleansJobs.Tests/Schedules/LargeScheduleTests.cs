using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Schedules whose occurrences write much each: what is submitted of them at a time goes to the store in commits that it can take.</summary>
public sealed class LargeScheduleTests : IDisposable
{
    private const int ArgsBytes = 200_000;
    private static readonly byte[] Args = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new string('x', ArgsBytes));
    private static readonly ScheduleSpec Hourly = new()
    {
        Type = "work", Args = Args, Every = 3_600_000, Anchor = 0, Overlap = ScheduleOverlap.All, Missed = ScheduleMissed.All, MissedWithin = 31L * 86_400_000,
    };

    private readonly ShellDriver _driver = new();

    public void Dispose() => _driver.Dispose();

    [Fact]
    public void ABackfill_IsManyCommits_AndARepeatFindsAllOfThem()
    {
        Put(Hourly);
        var now = _driver.Shell.Now;
        var answer = _driver.Rest(_driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now));
        Assert.Equal((ScheduleOutcome.Done, 60, 0), (answer.Outcome, answer.Jobs.Distinct().Count(), answer.Known));
        CheckCommits(60);
        var again = _driver.Rest(_driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now));
        Assert.Equal((ScheduleOutcome.Done, 60), (again.Outcome, again.Known));
        Assert.Equal(answer.Jobs, again.Jobs);
    }

    /// <summary>Somebody who has given up, and asks again while the first is still going on.</summary>
    [Fact]
    public void TwoBackfillsOfOneRange_SubmitEachInstantOnce()
    {
        Put(Hourly);
        var now = _driver.Shell.Now;
        var asked = new[] { _driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now), _driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now) };
        var (first, second) = (_driver.Rest(asked[0]), _driver.Rest(asked[1]));
        Assert.Equal((60, 120), (first.Known + second.Known, first.Jobs.Length + second.Jobs.Length));
        Assert.Equal(first.Jobs, second.Jobs);
        // What both wait for goes together.
        CheckCommits(60, asked: 2);
    }

    [Fact]
    public void AnEditBetweenTwoOfItsCommits_StopsIt_AndARepeatGoesOn()
    {
        Put(Hourly);
        var now = _driver.Shell.Now;
        var backfill = _driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now);
        _driver.Turn();
        for (var before = _driver.Commits.Count; _driver.Commits.Count == before;) _driver.Answer(0);
        var edit = _driver.Shell.Calls.PutAsync("s", Hourly with { Priority = 9 }, new());
        Assert.Equal(ScheduleOutcome.Unavailable, _driver.Rest(backfill).Outcome);
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(edit).Outcome);
        var again = _driver.Rest(_driver.Shell.Calls.BackfillAsync("s", now - 60 * 3_600_000L, now));
        Assert.Equal((ScheduleOutcome.Done, 60), (again.Outcome, again.Jobs.Length));
        Assert.InRange(again.Known, 1, 59);
        CheckCommits(60);
    }

    /// <summary>As at midnight: read at once, all of it would be in memory, in each partition.</summary>
    [Fact]
    public void ManyThatAreDueAtOnce_AreReadInParts_AndAllServed()
    {
        const int count = 50;
        Put(Hourly);
        for (var i = 1; i < count; i++) Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync($"s{i}", Hourly, new())).Outcome);
        _driver.Pass(TimeSpan.FromHours(1));
        CheckCommits(count, asked: 2);
        Assert.InRange(_driver.MostRead, ArgsBytes, PendingChanges.MaxBytes + 2 * ArgsBytes);
    }

    [Fact]
    public void WhatWasMissed_IsManyCommits()
    {
        Put(Hourly);
        _driver.Pass(TimeSpan.FromHours(80));
        CheckCommits(80);
        Assert.All(_driver.Stored("s").Runs.Take(79), run => Assert.Equal(ScheduleRunCause.Missed, run.Cause));
    }

    /// <summary>What is due is served before the change.</summary>
    [Fact]
    public void WhatWasMissedBeforeAnEdit_IsManyCommits()
    {
        Put(Hourly);
        _driver.Time.Advance(TimeSpan.FromHours(80));
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.PutAsync("s", Hourly with { Priority = 9 }, new())).Outcome);
        CheckCommits(80);
    }

    private void Put(ScheduleSpec spec)
    {
        // Not at an instant.
        _driver.Time.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec, new())).Outcome);
    }

    private void CheckCommits(int jobs, int asked = 1)
    {
        var sizes = _driver.Commits.ConvertAll(commit => commit.Of(GridLayout.Jobs.Specs).Puts.Sum(put => (long)put.Value.Length));
        Assert.Equal(jobs, _driver.Commits.Sum(commit => commit.Of(GridLayout.Jobs.Specs).Puts.Count));
        Assert.InRange(sizes.Sum(), (long)jobs * ArgsBytes, long.MaxValue);
        Assert.InRange(sizes.Max(), 1, asked * (PendingChanges.MaxBytes + 2 * ArgsBytes));
    }
}
