using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>What is kept of keys. What stands in the rows is known to this folder.</summary>
internal sealed class KeyTables(StoreLayout layout)
{
    /// <summary>Rules and pauses by name: of prefixes in every partition, of single keys where the key lives.</summary>
    public RowTable Settings { get; } = layout.Rows("keysettings", readAtOpening: true);

    /// <summary>How much of its rate a key has used up, where that is not yet given back.</summary>
    public RowTable Rates { get; } = layout.Rows("keyrates", readAtOpening: true);

    /// <summary>Which job has a unique value.</summary>
    public RowTable Uniques { get; } = layout.Rows("keyuniques");

    /// <summary>Values that jobs have which have ended, with the instants at which they are free.</summary>
    public OrderedSet Frees { get; } = layout.Set("keyfrees");
}
