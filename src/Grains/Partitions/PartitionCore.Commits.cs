using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>A commit under way: what is sent, and whose changes it holds.</summary>
internal sealed record SealedCommit(PartitionCommit Commit, List<(LiveJob Job, StoredShape Before)> Jobs);

/// <summary>How changes become commits. A commit is the difference between what is stored and what is, so that many changes of a job cost one write.</summary>
internal sealed partial class PartitionCore
{
    private List<LiveJob> _dirty = [];
    private long _sequence;

    public bool HasChanges => _dirty.Count > 0;

    /// <summary>Makes one commit of all changes since the last.</summary>
    public SealedCommit Seal()
    {
        var commit = new PartitionCommit(Partition, Generation, ++_sequence);
        var jobs = new List<(LiveJob, StoredShape)>(_dirty.Count);
        foreach (var job in _dirty)
        {
            job.IsDirty = false;
            var before = job.Stored;
            var after = ShapeOf(job);
            // Withdrawn before it was ever stored.
            if (before == after) continue;
            AddDifference(commit, job, before, after);
            job.Stored = after;
            job.InFlight++;
            jobs.Add((job, before));
        }

        _dirty.Clear();
        // What need not be sent has no place in the sequence.
        if (commit.IsEmpty) _sequence--;
        return new SealedCommit(commit, jobs);
    }

    /// <summary>The store has it. Jobs that memory need not keep are let go.</summary>
    public void Applied(SealedCommit sealedCommit)
    {
        foreach (var (key, delta) in sealedCommit.Commit.CountDeltas)
        {
            _counts[key] = _counts.GetValueOrDefault(key) + delta;
        }

        foreach (var (job, _) in sealedCommit.Jobs)
        {
            job.InFlight--;
            LetGo(job);
        }

        TrimWindows();
    }

    /// <summary>The store was too full for it: its new jobs are dropped, all else stays to be committed.</summary>
    /// <returns>The dropped jobs.</returns>
    public List<LiveJob> Refused(SealedCommit sealedCommit)
    {
        _sequence--;
        var dropped = new List<LiveJob>();
        foreach (var (job, before) in sealedCommit.Jobs)
        {
            job.InFlight--;
            job.Stored = before;
            if (!before.HasSpec)
            {
                Discard(job);
                dropped.Add(job);
            }
            else MarkDirty(job);
        }

        return dropped;
    }

    private void MarkDirty(LiveJob job)
    {
        if (job.IsDirty) return;
        job.IsDirty = true;
        _dirty.Add(job);
    }

    private static StoredShape ShapeOf(LiveJob job) => job.Place switch
    {
        JobPlace.Waiting => new()
        {
            HasSpec = true, Lane = job.Lane.Name, Due = job.Due, Counted = JobState.Pending,
            Track = job.Track == JobTrack.Fresh ? null : job.Track, HasDeadline = HasDeadline(job.Spec!, job.Track),
        },
        JobPlace.Leased => new() { HasSpec = true, Lease = job.Track, Counted = JobState.Progress },
        JobPlace.Finished => new() { HasSpec = true, Outcome = job.Outcome, Counted = job.Outcome!.State },
        _ => default,
    };

    private static void AddDifference(PartitionCommit commit, LiveJob job, StoredShape before, StoredShape after)
    {
        var spec = job.Spec!;
        if (!before.HasSpec)
        {
            commit.Jobs.Add(new(job.Id, spec.Encode(), spec.Queue, spec.Type, spec.Stamp));
            foreach (var tag in spec.Tags) commit.IndexAdds.Add(new(IndexNames.Tag(tag), job.Id, spec.Stamp));
        }

        if (before.Lane != after.Lane || before.Due != after.Due)
        {
            if (before.Lane is not null) commit.LaneRemoves.Add(new(before.Lane, job.Id));
            if (after.Lane is not null) commit.LaneAdds.Add(new(after.Lane, job.Id, after.Due));
        }

        if (!ReferenceEquals(before.Track, after.Track))
        {
            if (after.Track is null) commit.TrackRemoves.Add(job.Id);
            else commit.Tracks.Add(new(job.Id, after.Track.Encode()));
        }

        if (!ReferenceEquals(before.Lease, after.Lease))
        {
            if (after.Lease is null) commit.LeaseRemoves.Add(job.Id);
            else commit.Leases.Add(new(job.Id, after.Lease.Encode()));
        }

        if (before.HasDeadline != after.HasDeadline)
        {
            if (after.HasDeadline) commit.Deadlines.Add(new(job.Id, spec.ExpiresAt!.Value));
            else commit.DeadlineRemoves.Add(job.Id);
        }

        AddCountDifference(commit, job, before.Counted, after.Counted);
        if (!after.HasSpec)
        {
            commit.Purges.Add(new(job.Id, spec.Queue, spec.Type, spec.Stamp, [.. IndexNames.Of(spec, before.Counted)]));
            return;
        }

        if (!ReferenceEquals(before.Outcome, after.Outcome))
        {
            if (after.Outcome is null) commit.OutcomeRemoves.Add(job.Id);
            else commit.Outcomes.Add(new(job.Id, after.Outcome.Encode(), after.Outcome.RetainUntil));
        }

        if (before.Counted != after.Counted)
        {
            if (IndexNames.State(before.Counted) is { } left) commit.IndexRemoves.Add(new(left, job.Id, spec.Stamp));
            if (IndexNames.State(after.Counted) is { } joined) commit.IndexAdds.Add(new(joined, job.Id, spec.Stamp));
        }
    }

    private static void AddCountDifference(PartitionCommit commit, LiveJob job, JobState? before, JobState? after)
    {
        if (before == after) return;
        if (before is { } left) Add(left, -1);
        if (after is { } joined) Add(joined, 1);

        void Add(JobState state, long delta)
        {
            var key = job.Lane.CountKey(state);
            var sum = commit.CountDeltas.GetValueOrDefault(key) + delta;
            if (sum == 0) commit.CountDeltas.Remove(key);
            else commit.CountDeltas[key] = sum;
        }
    }

    private void LetGo(LiveJob job)
    {
        if (!job.IsSettled || job.Place == JobPlace.Leased || (job.Place == JobPlace.Waiting && (job.InWindow || job.Lane.Keeps(job)))) return;
        if (_pins.ContainsKey(job.Id) || !_live.Remove(job.Id)) return;
        if (job.Spec is { } spec) _windowBytes -= spec.Args.Length;
        job.Lane.LetGo(job);
    }

    /// <summary>Keeps the windows within their bounds, of jobs and of bytes.</summary>
    private void TrimWindows()
    {
        foreach (var lane in _lanes.Values)
        {
            while (lane.Trim() is { } job) LetGo(job);
        }

        if (_windowBytes <= _options.WindowBytes) return;
        foreach (var lane in _lanes.Values)
        {
            foreach (var job in lane.Window.Reverse())
            {
                if (_windowBytes <= _options.WindowBytes) return;
                if (job.Spec is null || !job.IsSettled) continue;
                _windowBytes -= job.Spec.Args.Length;
                job.Spec = null;
            }
        }
    }
}
