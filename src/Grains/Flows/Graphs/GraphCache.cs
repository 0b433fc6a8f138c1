namespace OrleansJobs.Flows.Graphs;

/// <summary>
/// Graphs that were read a while ago, by the bytes they were read from. A graph runs from its top whenever one of its jobs has ended, and to read a thousand jobs
/// each time would be most of what it does.
/// </summary>
/// <param name="maxBytes">Of all that is kept, as they were read. A graph in memory takes about ten times as much.</param>
internal sealed class GraphCache(int maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _newestFirst = new();
    private int _bytes;

    public int Count => _entries.Count;

    /// <param name="read">Reads one that is not known; may throw.</param>
    public GraphShape Of(ReadOnlySpan<byte> json, Func<ReadOnlySpan<byte>, GraphShape> read)
    {
        var hash = HashOf(json);
        lock (_lock)
        {
            if (_entries.TryGetValue(hash, out var known) && json.SequenceEqual(known.Value.Json))
            {
                _newestFirst.Remove(known);
                _newestFirst.AddFirst(known);
                return known.Value.Shape;
            }
        }

        // Not under the lock: others' graphs need not wait for a large one. Two that read the same do it twice.
        var shape = read(json);
        if (json.Length <= maxBytes / 4) Keep(new(hash, json.ToArray(), shape));
        return shape;
    }

    private void Keep(Entry entry)
    {
        lock (_lock)
        {
            // Another of the same hash, or what somebody has read meanwhile.
            if (_entries.TryGetValue(entry.Hash, out var other)) Drop(other);
            _entries[entry.Hash] = _newestFirst.AddFirst(entry);
            _bytes += entry.Json.Length;
            while (_bytes > maxBytes) Drop(_newestFirst.Last!);
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Hash);
        _newestFirst.Remove(node);
        _bytes -= node.Value.Json.Length;
    }

    private static int HashOf(ReadOnlySpan<byte> json)
    {
        var hash = new HashCode();
        hash.AddBytes(json);
        return hash.ToHashCode();
    }

    private sealed record Entry(int Hash, byte[] Json, GraphShape Shape);
}
