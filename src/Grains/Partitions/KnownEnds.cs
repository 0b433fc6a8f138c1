namespace OrleansJobs.Partitions;

/// <summary>
/// Finished jobs that were read lately, so that whoever reads them again is not sent to the store: their partition, the only one that changes
/// them, knows that nothing has. Bounded; what it has let go of is read again.
/// </summary>
internal sealed class KnownEnds
{
    /// <summary>Ends that one partition remembers, about 100 bytes each.</summary>
    public const int Most = 4096;

    private readonly Dictionary<string, (long Version, long RetainUntil)> _ends = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Whether the job has ended with this version, and that is still so.</summary>
    public bool Holds(string id, long version, long now) =>
        _ends.TryGetValue(id, out var end) && end.Version == version && end.RetainUntil > now;

    /// <summary>Nothing of what was read may have changed since.</summary>
    public void Remember(string id, long version, long retainUntil)
    {
        if (_ends.TryAdd(id, (version, retainUntil))) _order.Enqueue(id);
        else _ends[id] = (version, retainUntil);
        // Places of forgotten ids count too: the queue is as bounded as what it orders.
        while (_order.Count > Most) _ends.Remove(_order.Dequeue());
    }

    /// <summary>The job has changed in the store.</summary>
    public void Forget(string id)
    {
        if (_ends.Count > 0) _ends.Remove(id);
    }
}
