using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What ties a session to one partition.</summary>
internal sealed class PartitionTies(long firstSequence)
{
    public long Sequence { get; set; } = firstSequence;

    /// <summary>The partition has said which leases are this session's. Before that nobody here knows: another silo may have kept the session.</summary>
    public bool IsKnown { get; set; }

    /// <summary>An answer was lost, or none has come yet: what is held is said with the next exchange.</summary>
    public bool LostAnswer { get; set; } = true;

    /// <summary>Leases of older generations are not taken any more.</summary>
    public long OldestGeneration { get; set; }

    /// <summary>Leases of older generations that the partition was told are held, on the worker's word; it has yet to say what they are.</summary>
    public HashSet<LeaseName> Confirmed { get; } = [];

    /// <summary>The highest generation that has been met.</summary>
    public long NewestGeneration { get; private set; }

    /// <summary>Reports that the partition has not acknowledged.</summary>
    public int Reports { get; set; }

    public void Meet(long generation) => NewestGeneration = Math.Max(NewestGeneration, generation);
}
