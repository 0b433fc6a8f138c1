using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using OrleansJobs.Keys;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// What the partitions of this silo hold, by queue and type. A partition writes from its turns without waiting; the exporter reads from its
/// own thread, and may see one figure a moment before another.
/// </summary>
internal sealed class PartitionGauges(TimeProvider time)
{
    /// <summary>Pairs of queue and type that are told apart; what others hold is told together, as <see cref="Other"/>. Names are anybody's to make up.</summary>
    public const int MaxSeries = 1000;

    public const string Other = "(other)";

    /// <summary>
    /// Exporters repeat the last value of a series that is not told any more. What a partition held when it moved to another silo would then be
    /// counted twice, so what was seen is told for a while more, as 0 where nobody here holds it.
    /// </summary>
    public static readonly TimeSpan ToldAfterwards = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<PartitionGauge, byte> _open = new();
    private readonly ConcurrentDictionary<(string Queue, string Type), long> _seen = new();

    public int Open => _open.Count;

    public long Orphans => _open.Keys.Sum(partition => partition.Orphans);

    /// <summary>Schedules that the grid has paused, since it cannot serve them.</summary>
    public long Unserved => _open.Keys.Sum(partition => partition.Unserved);

    /// <summary>Letters between partitions that have not been delivered.</summary>
    public long Letters => _open.Keys.Sum(partition => partition.Letters.Waiting);

    /// <summary>How old, in seconds, the oldest of them is.</summary>
    public double LetterAge => _open.Keys.Select(partition => partition.Letters.Age).DefaultIfEmpty().Max();

    /// <summary>What is told of keys.</summary>
    public KeyFigures Keys => _open.Keys.Aggregate(default(KeyFigures), (sum, partition) => sum + partition.Keys);

    /// <summary>Names that are known now, those held as those told afterwards.</summary>
    public int Series => _seen.Count;

    /// <summary>A partition has opened on this silo. Dispose of its gauge when it closes.</summary>
    public PartitionGauge OpenPartition()
    {
        var gauge = new PartitionGauge(this);
        _open[gauge] = 0;
        return gauge;
    }

    internal void Close(PartitionGauge gauge) => _open.TryRemove(gauge, out _);

    internal IEnumerable<Measurement<long>> Observe(Func<LaneFigures, long> read) =>
        Lanes().Select(lane => new Measurement<long>(read(lane.Value), Tags(lane.Key)));

    internal IEnumerable<Measurement<double>> ObserveAges(DateTimeOffset now) =>
        Lanes().Select(lane => new Measurement<double>(Age(lane.Value.OldestDue, now), Tags(lane.Key)));

    private Dictionary<(string Queue, string Type), LaneFigures> Lanes()
    {
        var now = time.GetTimestamp();
        var sums = new Dictionary<(string Queue, string Type), LaneFigures>();
        foreach (var (lane, figures) in _open.Keys.SelectMany(partition => partition.Figures))
        {
            var key = IsKept(lane) ? lane : (Other, Other);
            _seen[key] = now;
            sums[key] = sums.TryGetValue(key, out var sum) ? sum + figures : figures;
        }

        foreach (var (lane, seenAt) in _seen)
        {
            if (sums.ContainsKey(lane)) continue;
            if (time.GetElapsedTime(seenAt, now) > ToldAfterwards) _seen.TryRemove(lane, out _);
            else sums.Add(lane, LaneFigures.None);
        }

        return sums;
    }

    private bool IsKept((string Queue, string Type) lane) => _seen.ContainsKey(lane) || _seen.Count < MaxSeries;

    private static double Age(long oldestDue, DateTimeOffset now) =>
        oldestDue == LaneFigures.NoneWaits ? 0 : Math.Max(0, (now.ToUnixTimeMilliseconds() - oldestDue) / 1000.0);

    private static KeyValuePair<string, object?>[] Tags((string Queue, string Type) lane) => [new("queue", lane.Queue), new("type", lane.Type)];
}

/// <summary>What one partition holds.</summary>
internal sealed class PartitionGauge(PartitionGauges owner) : IDisposable
{
    private long _orphans;
    private long _unserved;
    private System.Runtime.CompilerServices.StrongBox<KeyFigures> _keys = new();
    private IReadOnlyDictionary<(string Queue, string Type), LaneFigures> _figures = new Dictionary<(string, string), LaneFigures>();

    /// <summary>Jobs that nothing would wake.</summary>
    public long Orphans
    {
        get => Volatile.Read(ref _orphans);
        set => Volatile.Write(ref _orphans, value);
    }

    /// <summary>Schedules that the grid has paused, since it cannot serve them.</summary>
    public long Unserved
    {
        get => Volatile.Read(ref _unserved);
        set => Volatile.Write(ref _unserved, value);
    }

    /// <summary>What is told of its keys.</summary>
    public KeyFigures Keys
    {
        get => Volatile.Read(ref _keys).Value;
        set => Volatile.Write(ref _keys, new(value));
    }

    /// <summary>Letters to other partitions that have not been delivered, and the age of the oldest in seconds.</summary>
    public (long Waiting, double Age) Letters { get; set; }

    public IReadOnlyDictionary<(string Queue, string Type), LaneFigures> Figures => Volatile.Read(ref _figures);

    /// <summary>What it holds from now on, all of it. The figures are not changed any more by whoever gave them.</summary>
    public void Show(IReadOnlyDictionary<(string Queue, string Type), LaneFigures> figures) => Volatile.Write(ref _figures, figures);

    /// <summary>The partition has closed: what it held is another activation's to tell.</summary>
    public void Dispose() => owner.Close(this);
}

/// <summary>How many jobs of one queue and type there are.</summary>
internal record struct LaneFigures
{
    public const long NoneWaits = long.MaxValue;

    public static readonly LaneFigures None = new() { OldestDue = NoneWaits };

    /// <summary>Due and not started.</summary>
    public long Waiting { get; set; }

    /// <summary>Due later.</summary>
    public long Scheduled { get; set; }

    /// <summary>Leased.</summary>
    public long Running { get; set; }

    /// <summary>When the job that waits longest was due, in Unix milliseconds; <see cref="NoneWaits"/> where none waits.</summary>
    public long OldestDue { get; set; }

    public static LaneFigures operator +(LaneFigures x, LaneFigures y) => new()
    {
        Waiting = x.Waiting + y.Waiting, Scheduled = x.Scheduled + y.Scheduled, Running = x.Running + y.Running, OldestDue = Math.Min(x.OldestDue, y.OldestDue),
    };
}
