using System.Runtime.InteropServices;
using OrleansJobs.Diagnostics;
using OrleansJobs.Keys;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>Tells the instruments what a partition's commits did and what it holds.</summary>
internal sealed class PartitionGaugeWriter(PartitionCore core, int partitions, JobMeters meters, PartitionGauge gauge) : IDisposable
{
    private bool _stale;

    /// <summary>What the partition held a few seconds ago, by queue and type.</summary>
    public IReadOnlyDictionary<(string Queue, string Type), LaneFigures> Figures => gauge.Figures;

    public void Count(SealedCommit changes)
    {
        foreach (var (entry, was) in changes.Entries)
        {
            if (entry is not LiveJob job) continue;
            var (before, after) = ((JobShape)was, job.Stored);
            if (!before.HasSpec && after.HasSpec) meters.Submitted(job.Lane.Queue, job.Lane.Type);
            if (after.Outcome is { } outcome && before.Outcome is null) meters.Finished(job.Lane.Queue, job.Lane.Type, outcome.State, outcome.Error?.Code);
            if (before.Lease is not null && after.Lease is null) meters.AttemptEnded(job.Lane.Queue, job.Lane.Type, OutcomeOf(job.Track, after.Outcome));
        }
        _stale = true;
    }

    /// <summary>Brings the gauges up to date; cheap where nothing has changed.</summary>
    public void Refresh(long now)
    {
        gauge.Letters = (core.Letters.Waiting, core.Letters.OldestAge(now) / 1000.0);
        gauge.Unserved = core.Schedules.Unserved;
        // What waits may have fallen due without a commit.
        if (!_stale && core.Jobs.Index.IsEmpty) return;
        _stale = false;
        core.Jobs.Index.Advance(now);
        var figures = new Dictionary<(string Queue, string Type), LaneFigures>();
        foreach (var lane in core.Jobs.Lanes)
        {
            if (lane.Count == 0) continue;
            ref var sum = ref FiguresOf(lane);
            var due = lane.CountDue(now);
            sum.Waiting += due;
            sum.Scheduled += lane.Count - due;
            if (lane.First is { } first && first.Due <= now) sum.OldestDue = Math.Min(sum.OldestDue, first.Due);
        }

        gauge.Keys = KeyFigures.Of(core.Keys, name => JobKeys.PartitionOf(name, partitions) == core.Partition, now);
        foreach (var job in core.Jobs.Leased) FiguresOf(job.Lane).Running++;
        gauge.Show(figures);
        gauge.Orphans = core.Jobs.Orphans;

        ref LaneFigures FiguresOf(Lane lane)
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(figures, (lane.Queue, lane.Type), out var exists);
            if (!exists) known.OldestDue = LaneFigures.NoneWaits;
            return ref known;
        }
    }

    public void Dispose() => gauge.Dispose();

    private static string OutcomeOf(JobTrack track, JobOutcome? outcome) =>
        outcome is not null ? StatusOf.WordOf(outcome) : track.History is [.., var last] ? last.Outcome : "returned";
}
