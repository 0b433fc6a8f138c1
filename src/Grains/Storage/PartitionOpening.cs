namespace OrleansJobs.Storage;

/// <summary>What an activation is told when it opens a partition: its generation, and all that the layout says is read then.</summary>
public sealed class PartitionOpening(long generation, bool existed, long lastStamp)
{
    private readonly Dictionary<StorePart, object> _read = [];

    /// <summary>This opening's generation; only grows, in a store that has lost openings too.</summary>
    public long Generation { get; } = generation;

    /// <summary>False where the partition had never been opened before in this store.</summary>
    public bool Existed { get; } = existed;

    /// <summary>The highest stamp given so far; 0 where none was.</summary>
    public long LastStamp { get; } = lastStamp;

    /// <exception cref="ArgumentException">The layout does not say that this table is read at an opening.</exception>
    public KeyValuePair<string, byte[]>[] Rows(RowTable table) =>
        table.IsReadAtOpening ? Of<KeyValuePair<string, byte[]>[]>(table) ?? [] : throw new ArgumentException($"The rows of {table} are not read at an opening.");

    /// <exception cref="ArgumentException">The layout does not say that these sets are read at an opening.</exception>
    public SetSummary[] Sets(OrderedSets sets) =>
        sets.IsReadAtOpening ? Of<SetSummary[]>(sets) ?? [] : throw new ArgumentException($"The sets of {sets} are not read at an opening.");

    /// <summary>The score of the first member; null where there is none.</summary>
    public long? First(OrderedSet set) => _read.TryGetValue(set, out var first) ? (long)first : null;

    /// <summary>None is zero.</summary>
    public KeyValuePair<string, long>[] Counts(CounterTable counters) => Of<KeyValuePair<string, long>[]>(counters) ?? [];

    internal PartitionOpening With(StorePart part, object? read)
    {
        if (read is not null) _read[part] = read;
        return this;
    }

    private T? Of<T>(StorePart part)
        where T : class => _read.TryGetValue(part, out var read) ? (T)read : null;
}

/// <summary>A set as an opening tells of it.</summary>
public readonly record struct SetSummary(string Name, long Count, long First);
