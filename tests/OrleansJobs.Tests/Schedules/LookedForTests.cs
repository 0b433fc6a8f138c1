using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Occurrences whose job is in another partition, of which nobody has heard for long: when they are looked for, and what is made of what is found.</summary>
public sealed class LookedForTests : IDisposable
{
    private const int There = 1;
    private static readonly string Id = Enumerable.Range(0, 100).Select(n => $"s{n}").First(id => JobIds.PartitionOf(id, 2) == 0);
    private static readonly string Key = Enumerable.Range(0, 100).Select(n => $"k/{n}").First(key => JobKeys.PartitionOf(key, 2) == There);

    private readonly ShellDriver _driver = new(partitions: 2);
    private readonly List<string[]> _asked = [];
    private string _first = "";

    public LookedForTests()
    {
        _driver.Shell.Listed = ids =>
        {
            _asked.Add(ids);
            return Task.FromResult(new JobStatus?[ids.Length]);
        };
        // Not at an instant of what is made.
        _driver.Time.Advance(TimeSpan.FromSeconds(1));
    }

    public void Dispose() => _driver.Dispose();

    /// <summary>Each of its instants writes one, so that one always waits when another comes.</summary>
    [Fact]
    public void ALostOne_IsFoundToBeLost_ThoughLettersAlwaysWait()
    {
        Put(ScheduleOverlap.All);
        for (var i = 0; i < 4; i++)
        {
            Tick();
            // They arrive before the next one is written.
            Deliver();
        }

        Assert.Equal("revoked open open open", Outcomes());
        Assert.Equal([_first], Assert.Single(_asked));
    }

    [Fact]
    public void OneWhoseStartWaitsStill_IsNotLookedFor()
    {
        Put(ScheduleOverlap.All);
        for (var i = 0; i < 8; i++) Tick();
        Assert.Empty(_asked);
        Assert.DoesNotContain("revoked", Outcomes(), StringComparison.Ordinal);
        Deliver();
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal(_first, _asked[0][0]);
    }

    /// <summary>No other instant comes that could ask.</summary>
    [Fact]
    public void ALostOneBeforeTheLast_IsFoundToBeLost_AndTheLastRuns()
    {
        Put(ScheduleOverlap.Queue, count: 2);
        Tick();
        Deliver();
        Tick();
        Assert.Equal("open queued", Outcomes());
        Assert.Null(_driver.Stored(Id).Next);
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal("revoked open", Outcomes());
        Assert.Equal([_first], Assert.Single(_asked));
    }

    [Theory]
    [InlineData((int)JobState.Success, "success"), InlineData((int)JobState.Failure, "failure")]
    public void AnEndThatComesWhileItIsLookedFor_Stands(int state, string outcome)
    {
        var answer = new TaskCompletionSource<JobStatus?[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _driver.Shell.Listed = ids =>
        {
            _asked.Add(ids);
            return answer.Task;
        };
        Put(ScheduleOverlap.Skip);
        Tick();
        Deliver();
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal([_first], Assert.Single(_asked));
        var (entry, now) = (_driver.Find(Id), _driver.Shell.Now);
        var run = new ScheduledRun(Id, entry.Record!.Incarnation, entry.State.Runs[0].Instant);
        _driver.Shell.Core.Schedules.Occurrences.Take(new OccurrenceEnd(run, _first, (JobState)state, now - 5, now), now);
        _driver.Shell.Pump();
        _driver.Rest();
        // It ended, told its schedule, and was deleted.
        answer.SetResult([null]);
        _driver.Rest();
        Assert.Equal($"{outcome} skipped skipped skipped", Outcomes());
    }

    /// <summary>Its partition's store has failed over, and has lost that it was to stop.</summary>
    [Theory]
    [InlineData((int)JobPhase.Running, 2), InlineData((int)JobPhase.Cancelling, 1)]
    public void OneThatWasToldToStop_AndKnowsNothingOfIt_IsToldAgain(int phase, int told)
    {
        var cancels = 0;
        _driver.Shell.Listed = ids => Task.FromResult<JobStatus?[]>([.. ids.Select(id => new JobStatus
        {
            Id = id, Type = "work", Queue = "default", State = JobState.Progress, Phase = (JobPhase)phase,
        })]);
        Put(ScheduleOverlap.Replace);
        for (var i = 0; i < 8; i++)
        {
            Tick();
            cancels += _driver.Commits.Sum(commit => commit.Of(GridLayout.Letters.Rows).Puts.Count(put => Letter.Decode(0, put.Value).Kind == LetterKind.CancelOccurrence));
            _driver.Commits.Clear();
            if (_driver.Shell.Core.Letters.Waiting > 0) Deliver();
        }

        // Once a minute it is looked for; the instant behind that tells it.
        Assert.InRange(cancels, told, told == 1 ? 1 : 4);
        Assert.Equal(7, _driver.Stored(Id).Runs.Count(run => run.Outcome is ScheduleRunOutcome.Queued or ScheduleRunOutcome.Replaced));
    }

    [Fact]
    public void WhatIsKnownToBeOpen_IsNotAskedForByWhoSubmitsItAgain()
    {
        Put(ScheduleOverlap.All);
        var first = _driver.Rest(_driver.Shell.Calls.TriggerAsync(Id, "token"));
        _asked.Clear();
        var again = _driver.Rest(_driver.Shell.Calls.TriggerAsync(Id, "token"));
        Assert.Equal((1, first.Jobs[0]), (again.Known, again.Jobs[0]));
        Assert.Empty(_asked);
        // Of another, nothing is known.
        _driver.Rest(_driver.Shell.Calls.TriggerAsync(Id, "other"));
        Assert.Single(_asked);
    }

    private void Put(ScheduleOverlap overlap, int? count = null)
    {
        var spec = new ScheduleSpec { Type = "work", Every = 30_000, Anchor = 0, Overlap = overlap, Key = Key, Count = count };
        Assert.Equal(ScheduleOutcome.Created, _driver.Rest(_driver.Shell.Calls.PutAsync(Id, spec, new())).Outcome);
    }

    /// <summary>The next instant comes, and is served.</summary>
    private void Tick()
    {
        _driver.Pass(TimeSpan.FromSeconds(30));
        if (_first.Length == 0) _first = _driver.Shell.Core.Schedules.Occurrences.JobOf(_driver.Find(Id), _driver.Find(Id).State.Runs[0]);
    }

    private void Deliver()
    {
        var channel = _driver.Shell.Core.Letters.Channels.Single(channel => channel.Receiver == There);
        _driver.Shell.Core.Letters.Delivered(channel, channel.Next());
        _driver.Shell.Pump();
        _driver.Rest();
    }

    private string Outcomes() => string.Join(' ', _driver.Stored(Id).Runs.Select(run => run.Outcome.ToString().ToLowerInvariant()));
}
