using OrleansJobs.Schedules;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>What is asked of a schedule while the store is slow, and others ask something else of it meanwhile.</summary>
public sealed class ScheduleRaceTests : IDisposable
{
    private const long Second = 1000;
    private readonly ShellDriver _driver = new();

    public void Dispose() => _driver.Dispose();

    /// <summary>Whoever asks for the change gives up before the store answers; the job that runs is to stop all the same.</summary>
    [Fact]
    public void ARunningJobThatIsCancelled_IsTold_ThoughNobodyWaitsForTheStoreAnyMore()
    {
        var spec = new ScheduleSpec { Type = "work", Every = 60 * Second, Anchor = 0, Overlap = ScheduleOverlap.Cancel };
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec, new())).Outcome);
        _driver.Pass(TimeSpan.FromSeconds(1));
        _driver.Shell.Lease(1);
        _driver.Rest();
        var running = Assert.Single(_driver.Shell.Core.Jobs.Leased).Id;
        _driver.Time.Advance(TimeSpan.FromSeconds(60));
        var edit = _driver.Shell.Calls.PutAsync("s", spec with { Every = 90 * Second }, new());
        _driver.Turn();
        _driver.Time.Advance(_driver.Shell.Options.SubmitDeadline);
        Assert.Equal(ScheduleOutcome.Unavailable, _driver.Result(edit).Outcome);
        _driver.Rest();
        Assert.True(_driver.Shell.Core.Jobs.Find(running)!.Track.CancelRequested);
        Assert.Equal([running], _driver.Shell.Told);
    }

    /// <summary>The store takes the schedule no more, and with it goes what others have decided of it meanwhile.</summary>
    [Theory]
    [InlineData("edit"), InlineData("pause"), InlineData("trigger")]
    public void WhatIsAskedOfAScheduleThatTheStoreRefuses_IsNotAnsweredAsDone(string what)
    {
        var spec = new ScheduleSpec { Type = "work", Every = 60 * Second, Anchor = 0 };
        _driver.IsFull = true;
        var put = _driver.Shell.Calls.PutAsync("s", spec, new());
        _driver.Turn();
        // There is none yet; the schedule is on its way to the store.
        _driver.Answer(0);
        Assert.False(put.IsCompleted);
        var asked = what switch
        {
            "edit" => _driver.Shell.Calls.PutAsync("s", spec with { Priority = 9 }, new()),
            "pause" => _driver.Shell.Calls.PauseAsync("s", new("somebody"), new()),
            _ => _driver.Shell.Calls.TriggerAsync("s", "token"),
        };
        _driver.Turn();
        // Which jobs are there is known before the store has refused.
        if (what == "trigger") _driver.Answer(1);
        Assert.False(asked.IsCompleted);
        Assert.Equal(ScheduleOutcome.Full, _driver.Rest(put).Outcome);
        Assert.Equal(ScheduleOutcome.Full, _driver.Rest(asked).Outcome);
        Assert.Empty(_driver.Commits);
        _driver.IsFull = false;
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync("s", spec, new())).Outcome);
    }

    /// <summary>Its instants were worked out before the edit: to go on from them would leave out those that the edit has brought.</summary>
    [Fact]
    public void ABackfill_IsOfWhatTheScheduleWas_OrIsRefused()
    {
        var spec = new ScheduleSpec { Type = "work", Every = 10 * Second, Anchor = 0, Overlap = ScheduleOverlap.All };
        var late = spec with { Every = Second, Jitter = 600 * Second };
        var id = Enumerable.Range(0, 100).Select(n => $"s{n}").First(id => ScheduleEntry.JitterOf(id, late) > 300 * Second);
        _driver.Rest(_driver.Shell.Calls.PutAsync(id, spec, new()));
        _driver.Pass(TimeSpan.FromSeconds(1));
        _driver.Rest(_driver.Shell.Calls.PauseAsync(id, new("somebody"), new()));
        _driver.Time.Advance(TimeSpan.FromSeconds(100));
        var now = _driver.Shell.Now;
        var backfill = _driver.Shell.Calls.BackfillAsync(id, now - 60 * Second, now);
        _driver.Turn();
        var edit = _driver.Shell.Calls.PutAsync(id, late, new());
        _driver.Turn();
        // The edit is stored before the backfill hears which jobs are there.
        _driver.Answer(1);
        Assert.Equal(ScheduleOutcome.Done, _driver.Result(edit).Outcome);
        Assert.Equal(ScheduleOutcome.Unavailable, _driver.Rest(backfill).Outcome);
        Assert.Single(_driver.Stored(id).Runs);
        // What comes next is the first that is not due yet.
        Assert.Equal(_driver.Stored(id).Passed / Second * Second + Second, _driver.Stored(id).Next);
        Assert.True(_driver.Stored(id).Passed < now - 60 * Second);
        // Asked again, it is of what the schedule is now.
        Assert.Equal(ScheduleOutcome.Done, _driver.Rest(_driver.Shell.Calls.BackfillAsync(id, now - 60 * Second, now)).Outcome);
    }
}
