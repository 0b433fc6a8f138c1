using OrleansJobs.Keys;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>A job that a partition has in memory: one that waits soon, runs, or has changed and is not stored yet.</summary>
internal sealed class LiveJob(string id, JobBook book) : Entry
{
    public string Id { get; } = id;

    /// <summary>Null where memory is short: to be read before use.</summary>
    public JobSpec? Spec { get; set; }
    public JobTrack Track { get; set; } = JobTrack.Fresh;
    public JobPlace Place { get; set; }

    /// <summary>The lane it waits in, or waited in last.</summary>
    public required Lane Lane { get; set; }

    /// <summary>While waiting: when it is due.</summary>
    public long Due { get; set; }

    /// <summary>While waiting, where it has a key: its place in the key's line; see <see cref="KeySeat"/>.</summary>
    public long Seat { get; set; }

    /// <summary>By what its lane is in order.</summary>
    public long Score => Lane.Line is null ? Due : Seat;

    /// <summary>Only its place in the lane is known, not what happened to it so far: its record is to be read before use.</summary>
    public bool IsSketch { get; set; }

    /// <summary>Stands in its lane's window.</summary>
    public bool InWindow { get; set; }

    /// <summary>Bytes that count against the bound of what memory holds of waiting jobs.</summary>
    public int Weight { get; set; }
    public JobOutcome? Outcome { get; set; }

    /// <summary>While it runs: with whom; null: by itself.</summary>
    public Batches.AttemptBatch? Batch { get; set; }

    /// <summary>What the store holds once all commits sent so far are applied.</summary>
    public JobShape Stored { get; set; } = JobShape.None;

    public override bool IsStored => Stored.HasSpec;

    public override bool IsOrdered => true;

    public override object? WriteTo(CommitDraft draft)
    {
        var (before, after) = (Stored, JobShape.Of(this));
        if (before == after) return null;
        JobShape.AddDifference(draft, this, before, after);
        Stored = after;
        return before;
    }

    public override void Applied()
    {
        // From now on it was accepted: what follows from it is not refused, and no other job is kept in memory for its sake.
        if (IsStored) Origin = null;
        book.LetGo(this);
    }

    public override void Restore(object before) => Stored = (JobShape)before;

    public override void Drop() => book.Discard(this);
}

/// <summary>Where in its life a job is, as the partition's lists go.</summary>
internal enum JobPlace : byte
{
    Waiting,
    Leased,
    Finished,

    /// <summary>Deleted, or its submit was withdrawn.</summary>
    Gone,
}
