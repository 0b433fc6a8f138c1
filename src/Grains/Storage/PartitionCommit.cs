namespace OrleansJobs.Storage;

/// <summary>
/// One atomic write of a partition. Within it, all removals are applied before all additions; every operation but the counters' is idempotent, and the
/// sequence makes the whole so.
/// </summary>
public sealed class PartitionCommit(int partition, long generation, long sequence)
{
    private readonly List<PartChanges> _changes = new(8);
    private PartChanges?[] _byPart = new PartChanges?[12];

    public int Partition { get; } = partition;
    public long Generation { get; } = generation;
    public long Sequence { get; } = sequence;

    /// <summary>A full store may refuse it. One that makes room, or follows from what was accepted, is let through.</summary>
    public bool MayBeRefused { get; set; }

    /// <summary>The first stamp of the lines that are added to logs; 0: none are.</summary>
    public long FirstStamp { get; private set; }

    /// <inheritdoc cref="FirstStamp"/>
    public long LastStamp { get; private set; }

    public IReadOnlyList<PartChanges> Changes => _changes;

    public bool IsEmpty => _changes.TrueForAll(static changes => changes.IsEmpty);

    /// <summary>How many rows, members, lines and counters it changes.</summary>
    public int Size => _changes.Sum(static changes => changes.Count);

    public void Put(RowTable table, string key, byte[] row) => Of(table).Puts.Add(new(key, row));

    public void Remove(RowTable table, string key) => Of(table).Removes.Add(key);

    /// <summary>
    /// Adds a member, or changes nothing where it stands there with this score. One that has another score must be removed in this commit or an earlier one:
    /// a store need not look for it.
    /// </summary>
    public void Put(SetName set, string member, long score) => Of(set.Part).Puts.Add(new(set.Name, member, score));

    /// <param name="score">The one that it has.</param>
    public void Remove(SetName set, string member, long score) => Of(set.Part).Removes.Add(new(set.Name, member, score));

    /// <summary>Adds a line at the end of a log.</summary>
    /// <param name="stamp">Above every stamp that a line of the partition was ever given.</param>
    /// <param name="member">It has no other line in this log, or one that this commit removes.</param>
    public void Append(MergedLogs logs, string name, long stamp, string member)
    {
        if (stamp <= LastStamp) throw new ArgumentException($"Stamps start at 1 and grow; '{member}' has {stamp} after {LastStamp}.", nameof(stamp));
        if (FirstStamp == 0) FirstStamp = stamp;
        LastStamp = stamp;
        Of(logs).Puts.Add(new(name, stamp, member));
    }

    public void Remove(MergedLogs logs, string name, long stamp) => Of(logs).Removes.Add(new(name, stamp));

    /// <summary>Adds to a counter.</summary>
    public void Count(CounterTable counters, string name, long delta)
    {
        var deltas = Of(counters).Deltas;
        var sum = deltas.GetValueOrDefault(name) + delta;
        if (sum == 0) deltas.Remove(name);
        else deltas[name] = sum;
    }

    public RowChanges Of(RowTable table) => (RowChanges)(Known(table) ?? New(table, new RowChanges(table)));

    public SetChanges Of(ScoredPart sets) => (SetChanges)(Known(sets) ?? New(sets, new SetChanges(sets)));

    public LogChanges Of(MergedLogs logs) => (LogChanges)(Known(logs) ?? New(logs, new LogChanges(logs)));

    public CounterChanges Of(CounterTable counters) => (CounterChanges)(Known(counters) ?? New(counters, new CounterChanges(counters)));

    private PartChanges? Known(StorePart part) => part.Ordinal < _byPart.Length ? _byPart[part.Ordinal] : null;

    private PartChanges New(StorePart part, PartChanges changes)
    {
        if (part.Ordinal >= _byPart.Length) Array.Resize(ref _byPart, part.Ordinal + 4);
        _byPart[part.Ordinal] = changes;
        _changes.Add(changes);
        return changes;
    }
}

/// <summary>What a commit changes of one part.</summary>
public abstract class PartChanges
{
    private protected PartChanges()
    {
    }

    public bool IsEmpty => Count == 0;

    internal abstract int Count { get; }
}

public sealed class RowChanges(RowTable table) : PartChanges
{
    public RowTable Table { get; } = table;
    public List<string> Removes { get; } = [];
    public List<KeyValuePair<string, byte[]>> Puts { get; } = [];
    internal override int Count => Removes.Count + Puts.Count;
}

public sealed class SetChanges(ScoredPart sets) : PartChanges
{
    public ScoredPart Sets { get; } = sets;
    public List<ScoredMember> Removes { get; } = [];
    public List<ScoredMember> Puts { get; } = [];
    internal override int Count => Removes.Count + Puts.Count;
}

public sealed class LogChanges(MergedLogs logs) : PartChanges
{
    public MergedLogs Logs { get; } = logs;
    public List<LogMark> Removes { get; } = [];
    public List<NamedLine> Puts { get; } = [];
    internal override int Count => Removes.Count + Puts.Count;
}

public sealed class CounterChanges(CounterTable counters) : PartChanges
{
    public CounterTable Counters { get; } = counters;

    /// <summary>None is zero.</summary>
    public Dictionary<string, long> Deltas { get; } = [];
    internal override int Count => Deltas.Count;
}

public readonly record struct ScoredMember(string Set, string Member, long Score);

public readonly record struct LogMark(string Log, long Stamp);

public readonly record struct NamedLine(string Log, long Stamp, string Member);
