using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Schedules;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Schedules.Model;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Occurrences whose job is in another partition, of which nobody has heard for long: when they are looked for, and what is made of what is found.</summary>
public sealed class LookedForTests : IDisposable
{
    private const int There = 1;
    private static readonly string Id = Enumerable.Range(0, 100).Select(n => $"s{n}").First(id => JobIds.PartitionOf(id, 2) == 0);
    private static readonly string Key = Enumerable.Range(0, 100).Select(n => $"k/{n}").First(key => JobKeys.PartitionOf(key, 2) == There);

    private readonly SynchronizationContext? _context = SynchronizationContext.Current;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly Turns _turns = new();
    private readonly DrawnStore _store = new(_ => { }, ScheduleMutation.None);
    private readonly List<string[]> _asked = [];
    private readonly ModelShell _shell;

    public LookedForTests()
    {
        var options = new JobGridOptions { Partitions = 2 };
        var health = new GridHealth(_time);
        SynchronizationContext.SetSynchronizationContext(_turns);
        _shell = new ModelShell(_store, options, _time, health, new JobMeters(_services.GetRequiredService<IMeterFactory>(), _time, Options.Create(options), health), new Random(1), default)
        {
            Listed = ids =>
            {
                _asked.Add(ids);
                return Task.FromResult(new JobStatus?[ids.Length]);
            },
        };
        _shell.Core.Letters.Clock = () => _shell.Now;
        // Not at an instant of what is made.
        _time.Advance(TimeSpan.FromSeconds(1));
        Rest();
    }

    public void Dispose()
    {
        SynchronizationContext.SetSynchronizationContext(_context);
        _services.Dispose();
    }

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
        Assert.Equal([First], Assert.Single(_asked));
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
        Assert.Equal(First, _asked[0][0]);
    }

    [Theory]
    [InlineData(JobState.Success, "success"), InlineData(JobState.Failure, "failure")]
    public void AnEndThatComesWhileItIsLookedFor_Stands(JobState state, string outcome)
    {
        var answer = new TaskCompletionSource<JobStatus?[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _shell.Listed = ids =>
        {
            _asked.Add(ids);
            return answer.Task;
        };
        Put(ScheduleOverlap.Skip);
        Tick();
        Deliver();
        for (var i = 0; i < 3; i++) Tick();
        Assert.Equal([First], Assert.Single(_asked));
        var entry = _shell.Core.Schedules.Find(Id)!;
        _shell.Core.Schedules.Occurrences.Take(new OccurrenceEnd(new ScheduledRun(Id, entry.Record!.Incarnation, entry.State.Runs[0].Instant), First, state, _shell.Now - 5, _shell.Now), _shell.Now);
        _shell.Pump();
        Rest();
        // It ended, told its schedule, and was deleted.
        answer.SetResult([null]);
        Rest();
        Assert.Equal($"{outcome} skipped skipped skipped", Outcomes());
    }

    [Fact]
    public void WhatIsKnownToBeOpen_IsNotAskedForByWhoSubmitsItAgain()
    {
        Put(ScheduleOverlap.All);
        var first = Rest(_shell.Calls.TriggerAsync(Id, "token"));
        _asked.Clear();
        var again = Rest(_shell.Calls.TriggerAsync(Id, "token"));
        Assert.Equal((1, first.Jobs[0]), (again.Known, again.Jobs[0]));
        Assert.Empty(_asked);
        // Of another, nothing is known.
        Rest(_shell.Calls.TriggerAsync(Id, "other"));
        Assert.Single(_asked);
    }

    private string First { get; set; } = "";

    private void Put(ScheduleOverlap overlap)
    {
        var spec = new ScheduleSpec { Type = "work", Every = 30_000, Anchor = 0, Overlap = overlap, Key = Key };
        Assert.Equal(ScheduleOutcome.Created, Rest(_shell.Calls.PutAsync(Id, spec, new())).Outcome);
    }

    /// <summary>The next instant comes, and is served.</summary>
    private void Tick()
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        _shell.OnDue();
        Rest();
        if (First.Length > 0) return;
        var entry = _shell.Core.Schedules.Find(Id)!;
        First = _shell.Core.Schedules.Occurrences.JobOf(entry, entry.State.Runs[0]);
    }

    private void Deliver()
    {
        var channel = _shell.Core.Letters.Channels.Single(channel => channel.Receiver == There);
        _shell.Core.Letters.Delivered(channel, channel.Next());
        _shell.Pump();
        Rest();
    }

    private T Rest<T>(Task<T> call)
    {
        Rest();
        Assert.True(call.IsCompleted);
        return call.GetAwaiter().GetResult();
    }

    /// <summary>Until nothing is under way.</summary>
    private void Rest()
    {
        while (_turns.Waiting > 0 || _store.Waiting > 0)
        {
            if (_turns.Waiting > 0) _turns.Take();
            else _store.Answer(0, isLost: false);
        }

        Assert.Null(_shell.Failure);
    }

    /// <summary>As they are stored.</summary>
    private string Outcomes()
    {
        var rows = _store.Inner.ReadRowsAsync(0, new(GridLayout.Schedules.States), [Id]);
        Assert.True(rows.IsCompletedSuccessfully);
        return string.Join(' ', ScheduleState.Decode(rows.Result[0][0]!).Runs.Select(run => run.Outcome.ToString().ToLowerInvariant()));
    }
}
