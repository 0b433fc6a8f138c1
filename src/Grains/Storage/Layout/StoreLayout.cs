namespace OrleansJobs.Storage;

/// <summary>
/// What a grid keeps, as handles that are made once. A store is given the layout and knows nothing else of what it keeps; all that is written and read is said
/// with the handles. Stored are their names, so their order may change and new ones may be added at any time.
/// </summary>
public sealed class StoreLayout
{
    private readonly List<StorePart> _parts = [];

    public IReadOnlyList<StorePart> Parts => _parts;

    /// <summary>Rows of a partition: bytes by key.</summary>
    /// <param name="readAtOpening">An activation is given all of them when it opens the partition.</param>
    public RowTable Rows(string name, bool readAtOpening = false) => Add(new RowTable(name, _parts.Count, readAtOpening));

    /// <summary>One ordered set of a partition; its first member is read at each opening.</summary>
    public OrderedSet Set(string name) => Add(new OrderedSet(name, _parts.Count));

    /// <summary>Any number of ordered sets of a partition, each with a name. One that is empty is gone.</summary>
    /// <param name="readAtOpening">
    /// An activation is given all their names, with how many members each has and the first, when it opens the partition. Sets that were stored without are
    /// not found by it: their names were not kept.
    /// </param>
    public OrderedSets Sets(string name, bool readAtOpening = false) => Add(new OrderedSets(name, _parts.Count, readAtOpening));

    /// <summary>Any number of logs of a partition, each with a name, which are read merged. One that is empty is gone.</summary>
    public MergedLogs Logs(string name) => Add(new MergedLogs(name, _parts.Count));

    /// <summary>Numbers of a partition by name, all of which are read at each opening. One that is zero is gone.</summary>
    public CounterTable Counters(string name) => Add(new CounterTable(name, _parts.Count));

    /// <summary>Rows of the whole grid, outside of every commit: the last write counts.</summary>
    public GridTable GridRows(string name) => Add(new GridTable(name, _parts.Count));

    private T Add<T>(T part)
        where T : StorePart
    {
        if (part.Name.Length == 0 || part.Name.Any(c => c is < 'a' or > 'z'))
            throw new ArgumentException($"The name of a part of the store is made of small letters; it is '{part.Name}'.");
        if (StorePart.Reserved.Contains(part.Name) || _parts.Exists(other => other.Name == part.Name))
            throw new ArgumentException($"There is a part of the store with the name '{part.Name}' already.");
        _parts.Add(part);
        return part;
    }
}

/// <summary>A handle of something that is kept.</summary>
public abstract class StorePart
{
    /// <summary>Names that stores use themselves.</summary>
    internal static readonly string[] Reserved = ["meta", "grid"];

    private protected StorePart(string name, int ordinal)
    {
        Name = name;
        Ordinal = ordinal;
    }

    public string Name { get; }

    /// <summary>Its place in the layout: for arrays in memory, and never stored.</summary>
    internal int Ordinal { get; }

    public override string ToString() => Name;
}

/// <inheritdoc cref="StoreLayout.Rows"/>
public sealed class RowTable : StorePart
{
    internal RowTable(string name, int ordinal, bool readAtOpening)
        : base(name, ordinal) => IsReadAtOpening = readAtOpening;

    public bool IsReadAtOpening { get; }
}

/// <summary>
/// Members, each once and with a score, in the order (score, member by ordinal). None is empty, since a place before all others of its score is.
/// Scores have at most 53 bits and a sign.
/// </summary>
public abstract class ScoredPart : StorePart
{
    private protected ScoredPart(string name, int ordinal)
        : base(name, ordinal)
    {
    }
}

/// <inheritdoc cref="StoreLayout.Set"/>
public sealed class OrderedSet : ScoredPart
{
    internal OrderedSet(string name, int ordinal)
        : base(name, ordinal)
    {
    }

    public SetName Only => new(this, "");
}

/// <inheritdoc cref="StoreLayout.Sets"/>
public sealed class OrderedSets : ScoredPart
{
    internal OrderedSets(string name, int ordinal, bool readAtOpening)
        : base(name, ordinal) => IsReadAtOpening = readAtOpening;

    public bool IsReadAtOpening { get; }

    public SetName this[string name] => name.Length > 0 ? new(this, name) : throw new ArgumentException("A set among others has a name.");
}

/// <inheritdoc cref="StoreLayout.Logs"/>
public sealed class MergedLogs : StorePart
{
    internal MergedLogs(string name, int ordinal)
        : base(name, ordinal)
    {
    }
}

/// <inheritdoc cref="StoreLayout.Counters"/>
public sealed class CounterTable : StorePart
{
    internal CounterTable(string name, int ordinal)
        : base(name, ordinal)
    {
    }
}

/// <inheritdoc cref="StoreLayout.GridRows"/>
public sealed class GridTable : StorePart
{
    internal GridTable(string name, int ordinal)
        : base(name, ordinal)
    {
    }
}

/// <summary>Which ordered set: the only one of its part, whose name is empty, or one among others.</summary>
public readonly record struct SetName(ScoredPart Part, string Name);
