using OrleansJobs.Storage;

namespace OrleansJobs.Topics;

/// <summary>What is kept of topics.</summary>
internal sealed class TopicTables(StoreLayout layout)
{
    /// <summary>In each partition: the version of the bindings without which it publishes nothing.</summary>
    public const string Known = "known";

    /// <summary>Bindings by name; in their home alone.</summary>
    public RowTable Bindings { get; } = layout.Rows("bindings", readAtOpening: true);

    public RowTable Versions { get; } = layout.Rows("bindingversions", readAtOpening: true);
}
