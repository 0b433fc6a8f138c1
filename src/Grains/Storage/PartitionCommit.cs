namespace OrleansJobs.Storage;

/// <summary>
/// One atomic write of a partition. Within it, removals are applied before additions of the same kind, purges first of all; every operation
/// is idempotent.
/// </summary>
public sealed class PartitionCommit(int partition, long generation, long sequence)
{
    public int Partition { get; } = partition;
    public long Generation { get; } = generation;
    public long Sequence { get; } = sequence;

    /// <summary>Finished jobs to forget, with all that is stored of them.</summary>
    public List<JobPurge> Purges { get; } = [];

    /// <summary>New jobs: their record, and their line in the log of their queue and type.</summary>
    public List<JobPut> Jobs { get; } = [];

    /// <summary>Waiting jobs that leave their lane.</summary>
    public List<LaneRemove> LaneRemoves { get; } = [];

    /// <summary>Jobs that wait in a lane from now on.</summary>
    public List<LaneAdd> LaneAdds { get; } = [];
    public List<string> LeaseRemoves { get; } = [];
    public List<KeyValuePair<string, byte[]>> Leases { get; } = [];
    public List<string> TrackRemoves { get; } = [];
    public List<KeyValuePair<string, byte[]>> Tracks { get; } = [];

    /// <summary>Finished jobs that are to live again.</summary>
    public List<string> OutcomeRemoves { get; } = [];
    public List<OutcomePut> Outcomes { get; } = [];
    public List<string> DeadlineRemoves { get; } = [];
    public List<KeyValuePair<string, long>> Deadlines { get; } = [];

    /// <summary>Lines of the rarer indexes, such as one tag's or that of the failed.</summary>
    public List<IndexLine> IndexRemoves { get; } = [];
    public List<IndexLine> IndexAdds { get; } = [];
    public Dictionary<string, long> CountDeltas { get; } = [];

    /// <summary>A commit that only removes, leases and finishes is let through by a full store.</summary>
    public bool AddsJobs => Jobs.Count > 0;

    public bool IsEmpty =>
        Purges.Count == 0 && Jobs.Count == 0 && LaneRemoves.Count == 0 && LaneAdds.Count == 0 && LeaseRemoves.Count == 0 && Leases.Count == 0
        && TrackRemoves.Count == 0 && Tracks.Count == 0 && OutcomeRemoves.Count == 0 && Outcomes.Count == 0 && DeadlineRemoves.Count == 0
        && Deadlines.Count == 0 && IndexRemoves.Count == 0 && IndexAdds.Count == 0 && CountDeltas.Count == 0;
}

/// <param name="Stamp">The job's place in the order of submits: strictly growing within a partition.</param>
public readonly record struct JobPut(string Id, byte[] Spec, string Queue, string Type, long Stamp);

public readonly record struct JobPurge(string Id, string Queue, string Type, long Stamp, string[] Indexes);

public readonly record struct LaneAdd(string Lane, string Id, long Due);

public readonly record struct LaneRemove(string Lane, string Id);

/// <param name="RetainUntil">Unix milliseconds.</param>
public readonly record struct OutcomePut(string Id, byte[] Outcome, long RetainUntil);

public readonly record struct IndexLine(string Index, string Id, long Stamp);
