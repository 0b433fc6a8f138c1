using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>A commit under way: what is sent, and whose changes it holds.</summary>
/// <param name="Counts">How many records of jobs it writes and removes.</param>
/// <param name="Through">With it and those before it, so many changes are sent: compare with <see cref="PartitionCore.Changes"/>.</param>
internal sealed record SealedCommit(PartitionCommit Commit, List<(LiveJob Job, StoredShape Before)> Jobs, CommitCounts Counts, long Through);

/// <summary>How many jobs a commit submits, puts back to wait, leases, ends and forgets.</summary>
internal record struct CommitCounts
{
    public int Submits;
    public int Waits;
    public int Leases;
    public int Ends;
    public int Purges;

    public readonly int Sum => Submits + Waits + Leases + Ends + Purges;
}

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
        var (taken, bytes, counts) = (0, 0L, default(CommitCounts));
        while (taken < _dirty.Count && jobs.Count < MaxCommitJobs && bytes < MaxCommitBytes)
        {
            var job = _dirty[taken++];
            job.IsDirty = false;
            var before = job.Stored;
            var after = ShapeOf(job);
            // Withdrawn before it was ever stored.
            if (before == after) continue;
            bytes += AddDifference(commit, job, before, after, ref counts);
            job.Stored = after;
            job.InFlight++;
            jobs.Add((job, before));
        }

        _dirty.RemoveRange(0, taken);
        // What need not be sent has no place in the sequence.
        if (commit.IsEmpty) _sequence--;
        // Whoever submits can come again; everything else follows from what was accepted.
        commit.MayBeRefused = counts.Submits > 0;
        return new SealedCommit(commit, jobs, counts, Changes - _dirty.Count);
    }

    /// <summary>The store has it. Jobs that memory need not keep are let go.</summary>
    public void Applied(SealedCommit sealedCommit)
    {
        foreach (var (key, delta) in sealedCommit.Commit.Of(GridLayout.Jobs.Counts).Deltas)
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
    private static int AddDifference(PartitionCommit commit, LiveJob job, StoredShape before, StoredShape after, ref CommitCounts counts)
    {
        var (tables, spec, bytes) = (GridLayout.Jobs, job.Spec!, 0);
        if (!before.HasSpec)
        {
            counts.Submits++;
            commit.Put(tables.Specs, job.Id, Weighed(spec.Encode()));
            commit.Append(tables.Log, job.Lane.LogName, spec.Stamp, job.Id);
            foreach (var tag in spec.Tags) commit.Put(tables.Indexes[IndexNames.Tag(tag)], job.Id, spec.Stamp);
        }

        if (before.Lane != after.Lane || before.Due != after.Due)
        {
            if (before.Lane is not null) commit.Remove(tables.Lanes[before.Lane], job.Id, before.Due);
            if (after.Lane is not null) commit.Put(tables.Lanes[after.Lane], job.Id, after.Due);
        }

        if (!ReferenceEquals(before.Track, after.Track)) counts.Waits += Replace(tables.Tracks, after.Track?.Encode());
        if (!ReferenceEquals(before.Lease, after.Lease)) counts.Leases += Replace(tables.Leases, after.Lease?.Encode());
        if (before.HasDeadline != after.HasDeadline)
        {
            if (after.HasDeadline) commit.Put(tables.Deadlines.Only, job.Id, spec.ExpiresAt!.Value);
            else commit.Remove(tables.Deadlines.Only, job.Id, spec.ExpiresAt!.Value);
        }

        if (!ReferenceEquals(before.Outcome, after.Outcome))
        {
            counts.Ends += Replace(tables.Outcomes, after.Outcome?.Encode());
            if (before.Outcome is { } ended) commit.Remove(tables.Retention.Only, job.Id, ended.RetainUntil);
            if (after.Outcome is { } outcome) commit.Put(tables.Retention.Only, job.Id, outcome.RetainUntil);
        }

        if (before.Counted != after.Counted)
        {
            if (before.Counted is { } left) commit.Count(tables.Counts, job.Lane.CountKey(left), -1);
            if (after.Counted is { } joined) commit.Count(tables.Counts, job.Lane.CountKey(joined), 1);
            if (IndexNames.State(before.Counted) is { } old) commit.Remove(tables.Indexes[old], job.Id, spec.Stamp);
            if (IndexNames.State(after.Counted) is { } now) commit.Put(tables.Indexes[now], job.Id, spec.Stamp);
        }

        if (before.HasSpec && !after.HasSpec)
        {
            counts.Purges++;
            commit.Remove(tables.Specs, job.Id);
            commit.Remove(tables.Log, job.Lane.LogName, spec.Stamp);
            foreach (var tag in spec.Tags) commit.Remove(tables.Indexes[IndexNames.Tag(tag)], job.Id, spec.Stamp);
        }

        return bytes;

        int Replace(RowTable table, byte[]? record)
        {
            if (record is null)
            {
                commit.Remove(table, job.Id);
                return 0;
            }

            commit.Put(table, job.Id, Weighed(record));
            return 1;
        }

        byte[] Weighed(byte[] record)
        {
            bytes += record.Length;
            return record;
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
