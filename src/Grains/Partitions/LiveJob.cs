using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>A job that a partition has in memory: one that waits soon, runs, or has changed and is not stored yet.</summary>
internal sealed class LiveJob(string id)
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

    /// <summary>Only its place in the lane is known, not what happened to it so far: its record is to be read before use.</summary>
    public bool IsSketch { get; set; }

    /// <summary>Stands in its lane's window.</summary>
    public bool InWindow { get; set; }

    /// <summary>Bytes that count against the bound of what memory holds of waiting jobs.</summary>
    public int Weight { get; set; }
    public JobOutcome? Outcome { get; set; }

    /// <summary>What the store holds once all commits sent so far are applied.</summary>
    public StoredShape Stored { get; set; }

    /// <summary>Changed since the last commit was sent.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Commits under way that hold changes of it.</summary>
    public int InFlight { get; set; }

    public bool IsSettled => !IsDirty && InFlight == 0;
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

/// <summary>What of a job stands in the store. A commit is the difference between two of these, which is why it can be repeated.</summary>
internal readonly record struct StoredShape
{
    public bool HasSpec { get; init; }

    /// <summary>The lane whose entry it has; null: none.</summary>
    public string? Lane { get; init; }
    public long Due { get; init; }
    public JobTrack? Track { get; init; }
    public JobTrack? Lease { get; init; }
    public JobOutcome? Outcome { get; init; }
    public bool HasDeadline { get; init; }

    /// <summary>The state it is counted and indexed under; null: none.</summary>
    public JobState? Counted { get; init; }
}
