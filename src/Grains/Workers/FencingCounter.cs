namespace OrleansJobs.Workers;

/// <summary>Numbers of one activation of a partition, each given once: those of its leases, or of its letters.</summary>
internal sealed class FencingCounter(long generation)
{
    /// <summary>How many have been given.</summary>
    public long Given { get; set; }

    /// <summary>They run out: the partition is to be opened anew. The other half lasts until somebody looks.</summary>
    public bool IsExhausted => Given >= FencingToken.MaxCounter / 2;

    public long Next() => FencingToken.Make(generation, ++Given);
}
