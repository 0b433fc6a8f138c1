using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>A commit under way: what is sent, and whose changes it holds.</summary>
/// <param name="Through">With it and those before it, so many changes are sent: compare with <see cref="PartitionCore.Changes"/>.</param>
internal sealed record SealedCommit(PartitionCommit Commit, List<(LiveJob Job, StoredShape Before)> Jobs, long Through);

/// <summary>How changes become commits. A commit is the difference between what is stored and what is, so that many changes of a job cost one write.</summary>
internal sealed partial class PartitionCore
{
    /// <summary>
    /// Jobs and bytes of records of one commit. The store serves nobody else while it applies one, and a larger one may not get through before it
    /// times out, again and again.
    /// </summary>
    public const int MaxCommitJobs = 5000;

    /// <inheritdoc cref="MaxCommitJobs"/>
    public const int MaxCommitBytes = 4 << 20;

    private readonly List<LiveJob> _dirty = [];
    private long _sequence;

    public bool HasChanges => _dirty.Count > 0;

    /// <summary>How many changes there have been so far, committed or not.</summary>
    public long Changes { get; private set; }

    /// <summary>Makes a commit of the changes since the last: of all, or where they are too many for one, of the oldest.</summary>
    public SealedCommit Seal()
    {
        var commit = new PartitionCommit(Partition, Generation, ++_sequence);
        var jobs = new List<(LiveJob, StoredShape)>(Math.Min(_dirty.Count, MaxCommitJobs));
        var (taken, bytes) = (0, 0L);
        while (taken < _dirty.Count && jobs.Count < MaxCommitJobs && bytes < MaxCommitBytes)
        {
            var job = _dirty[taken++];
            job.IsDirty = false;
            var before = job.Stored;
            var after = ShapeOf(job);
            // Withdrawn before it was ever stored.
            if (before == after) continue;
            bytes += AddDifference(commit, job, before, after);
            job.Stored = after;
            job.InFlight++;
            jobs.Add((job, before));
        }

        _dirty.RemoveRange(0, taken);
        // What need not be sent has no place in the sequence.
        if (commit.IsEmpty) _sequence--;
        return new SealedCommit(commit, jobs, Changes - _dirty.Count);
    }

    /// <summary>The store has it. Jobs that memory need not keep are let go.</summary>
    public void Applied(SealedCommit sealedCommit)
    {
        foreach (var (key, delta) in sealedCommit.Commit.CountDeltas)
        {
            var count = _counts.GetValueOrDefault(key) + delta;
            if (count == 0) _counts.Remove(key);
            else _counts[key] = count;
        }

        foreach (var (job, _) in sealedCommit.Jobs)
        {
            job.InFlight--;
            LetGo(job);
        }

        TrimWindows();
        _lanes.Forget();
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
        Changes++;
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

    /// <returns>The bytes of records that were added.</returns>
    private static int AddDifference(PartitionCommit commit, LiveJob job, StoredShape before, StoredShape after)
    {
        var bytes = 0;
        var spec = job.Spec!;
        if (!before.HasSpec)
        {
            commit.Jobs.Add(new(job.Id, Weighed(spec.Encode()), spec.Queue, spec.Type, spec.Stamp));
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
            else commit.Tracks.Add(new(job.Id, Weighed(after.Track.Encode())));
        }

        if (!ReferenceEquals(before.Lease, after.Lease))
        {
            if (after.Lease is null) commit.LeaseRemoves.Add(job.Id);
            else commit.Leases.Add(new(job.Id, Weighed(after.Lease.Encode())));
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
            return bytes;
        }

        if (!ReferenceEquals(before.Outcome, after.Outcome))
        {
            if (after.Outcome is null) commit.OutcomeRemoves.Add(job.Id);
            else commit.Outcomes.Add(new(job.Id, Weighed(after.Outcome.Encode()), after.Outcome.RetainUntil));
        }

        if (before.Counted != after.Counted)
        {
            if (IndexNames.State(before.Counted) is { } left) commit.IndexRemoves.Add(new(left, job.Id, spec.Stamp));
            if (IndexNames.State(after.Counted) is { } joined) commit.IndexAdds.Add(new(joined, job.Id, spec.Stamp));
        }

        return bytes;

        byte[] Weighed(byte[] record)
        {
            bytes += record.Length;
            return record;
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
        _windowBytes -= job.Weight;
        job.Weight = 0;
        job.Lane.LetGo(job);
    }

    /// <summary>Keeps the windows within their bounds, of jobs and of bytes.</summary>
    private void TrimWindows()
    {
        foreach (var lane in _lanes.TakeGrown())
        {
            while (lane.Trim() is { } job) LetGo(job);
        }

        if (_windowBytes <= _options.WindowBytes) return;
        // Well below the bound, so that the walk over all lanes is paid for by the bytes that must come before the next one.
        var target = _options.WindowBytes - _options.WindowBytes / 4;
        foreach (var lane in _lanes.All)
        {
            foreach (var job in lane.Window.Reverse())
            {
                if (_windowBytes <= target) return;
                if (job.Spec is null || !job.IsSettled) continue;
                job.Spec = null;
                Weigh(job);
            }
        }
    }
}
