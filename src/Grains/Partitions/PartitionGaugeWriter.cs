using OrleansJobs.Diagnostics;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>Tells the instruments what a partition's commits did and what it holds.</summary>
internal sealed class PartitionGaugeWriter(PartitionCore core, JobMeters meters, PartitionGauge gauge) : IDisposable
{
    private bool _stale;

    public void Count(SealedCommit changes)
    {
        foreach (var (job, before) in changes.Jobs)
        {
            var after = job.Stored;
            if (!before.HasSpec && after.HasSpec) meters.Submitted(job.Lane.Queue, job.Lane.Type);
            if (after.Outcome is { } outcome && before.Outcome is null) meters.Finished(job.Lane.Queue, job.Lane.Type, outcome.State, outcome.Error?.Code);
            if (before.Lease is not null && after.Lease is null) meters.AttemptEnded(job.Lane.Queue, job.Lane.Type, OutcomeOf(job.Track, after.Outcome));
        }
        _stale = true;
    }

    /// <summary>Brings the gauges up to date; cheap where nothing has changed.</summary>
    public void Refresh(long now)
    {
        // What waits may have fallen due without a commit.
        if (!_stale && core.Lanes.All(lane => lane.Count == 0)) return;
        _stale = false;
        var running = core.Leased.CountBy(job => (job.Lane.Queue, job.Lane.Type)).ToDictionary();
        foreach (var lanes in core.Lanes.GroupBy(lane => (lane.Queue, lane.Type)))
        {
            var figures = gauge.Lane(lanes.Key.Queue, lanes.Key.Type);
            figures.Waiting = lanes.Sum(lane => lane.CountBacklog(now));
            figures.Scheduled = lanes.Sum(lane => lane.Count) - figures.Waiting;
            figures.Running = running.GetValueOrDefault(lanes.Key);
            figures.OldestDue = lanes.Min(lane => lane.First is { } first && first.Due <= now ? first.Due : LaneGauge.NoneWaits);
        }

        gauge.Orphans = core.Orphans;
    }

    public void Dispose() => gauge.Dispose();

    private static string OutcomeOf(JobTrack track, JobOutcome? outcome) =>
        outcome is not null ? StatusOf.LastAttempt(outcome).Outcome : track.History is [.., var last] ? last.Outcome : "returned";
}
