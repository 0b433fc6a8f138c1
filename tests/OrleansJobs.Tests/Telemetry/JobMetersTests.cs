using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Diagnostics;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Telemetry;

public sealed class JobMetersTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly ServiceProvider _services;
    private readonly JobMeters _meters;
    private readonly MeterListener _listener = new();
    private readonly List<(string Instrument, double Value, Dictionary<string, object?> Tags)> _seen = [];

    public JobMetersTests()
    {
        _services = new ServiceCollection().AddSingleton<TimeProvider>(new StoppedClock()).AddJobDiagnostics().BuildServiceProvider();
        _meters = _services.GetRequiredService<JobMeters>();
        var scope = _services.GetRequiredService<IMeterFactory>();
        // Other tests of this process have meters of the same name: the factory tells ours apart.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == scope) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _seen.Add((instrument.Name, value, ToDictionary(tags))));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => _seen.Add((instrument.Name, value, ToDictionary(tags))));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _seen.Add((instrument.Name, value, ToDictionary(tags))));
        _listener.Start();
    }

    [Fact]
    public void Counters_WhenCalled_CarryQueueTypeAndOutcome()
    {
        _meters.Submitted("q", "t", 3);
        _meters.Finished("q", "t", JobState.Failure, JobErrorCodes.Poison);
        _meters.AttemptEnded("q", "t", "crashed");
        _meters.Refused(SubmitOutcome.Overloaded, 2);
        _meters.Stale();
        _listener.RecordObservableInstruments();

        Assert.Equal(3, One("orleansjobs.jobs.submitted", ("queue", "q"), ("type", "t")));
        Assert.Equal(1, One("orleansjobs.jobs.finished", ("outcome", "failure"), ("code", "poison")));
        Assert.Equal(1, One("orleansjobs.attempts.ended", ("outcome", "crashed")));
        Assert.Equal(2, One("orleansjobs.jobs.refused", ("reason", "overloaded")));
        Assert.Equal(1, One("orleansjobs.reports.stale"));
    }

    /// <summary>Exporters keep each for as long as the process lives.</summary>
    [Fact]
    public void Counters_WhenQueuesAreMadeUp_TellSoManyApartAndTheOthersTogether()
    {
        for (var i = 0; i < 3000; i++)
        {
            _meters.Submitted($"q{i}", "t");
            _meters.AttemptEnded($"q{i}", "t", "succeeded");
            _meters.Finished($"q{i}", "t", JobState.Success);
            _meters.Lateness($"q{i}", "t", TimeSpan.Zero);
            _meters.Processed($"q{i}", "t", TimeSpan.Zero);
        }

        var pairs = _seen.GroupBy(line => line.Instrument, line => line.Tags.GetValueOrDefault("queue") ?? line.Tags["messaging.destination.name"]).ToList();
        Assert.Equal(5, pairs.Count);
        Assert.All(pairs, queues =>
        {
            Assert.Equal(3000, queues.Count());
            Assert.Equal(PartitionGauges.MaxSeries + 1, queues.Distinct().Count());
            Assert.Equal(2000, queues.Count(queue => Equals(queue, PartitionGauges.Other)));
        });
    }

    [Fact]
    public void CountersOfTrouble_AreThereBeforeTheyMove()
    {
        _listener.RecordObservableInstruments();
        Assert.Equal(0, One("orleansjobs.reports.stale"));
        Assert.Equal(0, One("orleansjobs.commit.retries"));
        Assert.Equal(0, One("orleansjobs.schedules.dropped"));
        Assert.Equal(0, One("orleansjobs.schedules.skipped"));
        Assert.Equal(0, One("orleansjobs.jobs.refused", ("reason", "overloaded")));
        Assert.Equal(0, One("orleansjobs.jobs.refused", ("reason", "unavailable")));
    }

    [Fact]
    public void Durations_AreInSeconds()
    {
        _meters.Lateness("q", "t", TimeSpan.FromMilliseconds(1500));
        _meters.Lateness("q2", "t", TimeSpan.FromMilliseconds(-5));
        _meters.Processed("q", "t", TimeSpan.FromMilliseconds(250), "InvalidOperationException");
        _meters.Commit(7, TimeSpan.FromMilliseconds(2), CommitOutcome.Fenced);

        Assert.Equal(1.5, One("orleansjobs.jobs.lateness", ("queue", "q")));
        Assert.Equal(0, One("orleansjobs.jobs.lateness", ("queue", "q2")));
        Assert.Equal(0.25, One("messaging.process.duration", ("messaging.destination.name", "q"), ("error.type", "InvalidOperationException")));
        Assert.Equal(0.002, One("orleansjobs.commit.duration", ("outcome", "fenced")));
        Assert.Equal(7, One("orleansjobs.commit.size"));
    }

    [Fact]
    public void PartitionGauges_WhenPartitionsShareALane_AreSummedAndTheOldestCounts()
    {
        using var first = _meters.Partitions.OpenPartition();
        var second = _meters.Partitions.OpenPartition();
        Fill(first, waiting: 2, running: 1, scheduled: 4, oldestDue: Now.AddSeconds(-30));
        Fill(second, waiting: 3, running: 5, scheduled: 0, oldestDue: Now.AddSeconds(-10));
        second.Orphans = 1;
        (first.Unserved, second.Unserved) = (2, 1);

        _listener.RecordObservableInstruments();
        Assert.Equal(5, One("orleansjobs.jobs.waiting", ("queue", "q"), ("type", "t")));
        Assert.Equal(6, One("orleansjobs.jobs.running", ("queue", "q"), ("type", "t")));
        Assert.Equal(4, One("orleansjobs.jobs.scheduled", ("queue", "q"), ("type", "t")));
        Assert.Equal(30, One("orleansjobs.jobs.oldest_age", ("queue", "q"), ("type", "t")));
        Assert.Equal(1, One("orleansjobs.jobs.orphaned"));
        Assert.Equal(3, One("orleansjobs.schedules.unserved"));
        Assert.Equal(2, One("orleansjobs.partitions.open"));

        second.Dispose();
        _seen.Clear();
        _listener.RecordObservableInstruments();
        Assert.Equal(2, One("orleansjobs.jobs.waiting", ("queue", "q")));
        Assert.Equal(0, One("orleansjobs.jobs.orphaned"));
        Assert.Equal(1, One("orleansjobs.partitions.open"));
    }

    [Fact]
    public void PartitionGauges_WhenThePartitionHasMovedAway_TellZeroRatherThanNothing()
    {
        var partition = _meters.Partitions.OpenPartition();
        Fill(partition, waiting: 2, running: 1, scheduled: 4, oldestDue: Now.AddSeconds(-30));
        _listener.RecordObservableInstruments();
        partition.Dispose();
        _seen.Clear();

        _listener.RecordObservableInstruments();
        Assert.Equal(0, One("orleansjobs.jobs.waiting", ("queue", "q"), ("type", "t")));
        Assert.Equal(0, One("orleansjobs.jobs.oldest_age", ("queue", "q"), ("type", "t")));
    }

    [Fact]
    public void OldestAge_WhenNothingWaits_IsZero()
    {
        using var partition = _meters.Partitions.OpenPartition();
        partition.Show(new Dictionary<(string, string), LaneFigures> { [("q", "t")] = LaneFigures.None with { Running = 1 } });
        _listener.RecordObservableInstruments();
        Assert.Equal(0, One("orleansjobs.jobs.oldest_age", ("queue", "q")));
    }

    [Fact]
    public void StoreAndSlots_FollowWhatTheyAreTold()
    {
        _meters.ObserveSlots(() => new SlotFigures(16, 5, 1, Draining: true));
        _meters.StoreFullness(0.5);
        _meters.CommitRetried();
        _listener.RecordObservableInstruments();
        Assert.Equal(0, One("orleansjobs.store.reachable"));
        Assert.Equal(0.5, One("orleansjobs.store.fullness"));
        Assert.Equal(1, One("orleansjobs.commit.retries"));
        Assert.Equal(16, One("orleansjobs.slots.limit"));
        Assert.Equal(5, One("orleansjobs.slots.busy"));
        Assert.Equal(1, One("orleansjobs.slots.stuck"));
        Assert.Equal(1, One("orleansjobs.silo.draining"));

        _seen.Clear();
        _meters.Commit(1, TimeSpan.Zero);
        _listener.RecordObservableInstruments();
        Assert.Equal(1, One("orleansjobs.store.reachable"));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    private static void Fill(PartitionGauge partition, long waiting, long running, long scheduled, DateTimeOffset oldestDue) =>
        partition.Show(new Dictionary<(string, string), LaneFigures>
        {
            [("q", "t")] = new() { Waiting = waiting, Running = running, Scheduled = scheduled, OldestDue = oldestDue.ToUnixTimeMilliseconds() },
        });

    private double One(string instrument, params (string Name, object? Value)[] tags) =>
        Assert.Single(_seen, line => line.Instrument == instrument && tags.All(tag => Equals(line.Tags.GetValueOrDefault(tag.Name), tag.Value))).Value;

    private static Dictionary<string, object?> ToDictionary(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var dictionary = new Dictionary<string, object?>();
        foreach (var tag in tags) dictionary[tag.Key] = tag.Value;
        return dictionary;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
