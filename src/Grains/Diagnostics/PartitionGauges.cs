using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// What the partitions of this silo hold, by queue and type. A partition writes from its turns without waiting; the exporter reads from its
/// own thread, and may see one figure a moment before another.
/// </summary>
internal sealed class PartitionGauges
{
    private readonly ConcurrentDictionary<PartitionGauge, byte> _open = new();

    // Exporters repeat the last value of a series that is not told any more. What a partition held when it moved to another silo would then be
    // counted twice, so a lane that was seen once is told for ever, at 0 where nobody here holds it.
    private readonly ConcurrentDictionary<(string Queue, string Type), byte> _seen = new();

    public int Open => _open.Count;

    public long Orphans => _open.Keys.Sum(partition => partition.Orphans);

    /// <summary>A partition has opened on this silo. Dispose of its gauge when it closes.</summary>
    public PartitionGauge OpenPartition()
    {
        var gauge = new PartitionGauge(this);
        _open[gauge] = 0;
        return gauge;
    }

    internal void Close(PartitionGauge gauge) => _open.TryRemove(gauge, out _);

    internal void See(string queue, string type) => _seen.TryAdd((queue, type), 0);

    internal IEnumerable<Measurement<long>> Observe(Func<LaneGauge, long> read) =>
        from lanes in Lanes() select new Measurement<long>(lanes.Sum(read), Tags(lanes.Key));

    internal IEnumerable<Measurement<double>> ObserveAges(DateTimeOffset now) =>
        from lanes in Lanes() select new Measurement<double>(Age(lanes.Select(lane => lane.OldestDue).Append(LaneGauge.NoneWaits).Min(), now), Tags(lanes.Key));

    private IEnumerable<IGrouping<(string Queue, string Type), LaneGauge>> Lanes() => _open.Keys
        .SelectMany(partition => partition.Lanes)
        .Concat(_seen.Keys.Select(key => new LaneGauge(key.Queue, key.Type)))
        .GroupBy(lane => (lane.Queue, lane.Type));

    private static double Age(long oldestDue, DateTimeOffset now) =>
        oldestDue == LaneGauge.NoneWaits ? 0 : Math.Max(0, (now.ToUnixTimeMilliseconds() - oldestDue) / 1000.0);

    private static KeyValuePair<string, object?>[] Tags((string Queue, string Type) lane) => [new("queue", lane.Queue), new("type", lane.Type)];
}

/// <summary>What one partition holds.</summary>
internal sealed class PartitionGauge(PartitionGauges owner) : IDisposable
{
    private readonly ConcurrentDictionary<(string Queue, string Type), LaneGauge> _lanes = new();
    private long _orphans;

    /// <summary>Jobs that nothing would wake.</summary>
    public long Orphans
    {
        get => Volatile.Read(ref _orphans);
        set => Volatile.Write(ref _orphans, value);
    }

    internal IEnumerable<LaneGauge> Lanes => _lanes.Values;

    /// <summary>The gauge of a queue and type; the same one every time, so that it may be kept.</summary>
    public LaneGauge Lane(string queue, string type) => _lanes.TryGetValue((queue, type), out var lane) ? lane : Add(queue, type);

    /// <summary>The partition has closed: what it held is another activation's to tell.</summary>
    public void Dispose() => owner.Close(this);

    private LaneGauge Add(string queue, string type)
    {
        owner.See(queue, type);
        return _lanes.GetOrAdd((queue, type), static key => new LaneGauge(key.Queue, key.Type));
    }
}

/// <summary>How many jobs of one queue and type a partition holds. Set by its turns only.</summary>
internal sealed class LaneGauge(string queue, string type)
{
    public const long NoneWaits = long.MaxValue;

    private long _waiting;
    private long _scheduled;
    private long _running;
    private long _oldestDue = NoneWaits;

    public string Queue { get; } = queue;
    public string Type { get; } = type;

    /// <summary>Due and not started.</summary>
    public long Waiting
    {
        get => Volatile.Read(ref _waiting);
        set => Volatile.Write(ref _waiting, value);
    }

    /// <summary>Due later.</summary>
    public long Scheduled
    {
        get => Volatile.Read(ref _scheduled);
        set => Volatile.Write(ref _scheduled, value);
    }

    /// <summary>Leased.</summary>
    public long Running
    {
        get => Volatile.Read(ref _running);
        set => Volatile.Write(ref _running, value);
    }

    /// <summary>When the job that waits longest was due, in Unix milliseconds; <see cref="NoneWaits"/> where none waits.</summary>
    public long OldestDue
    {
        get => Volatile.Read(ref _oldestDue);
        set => Volatile.Write(ref _oldestDue, value);
    }
}
