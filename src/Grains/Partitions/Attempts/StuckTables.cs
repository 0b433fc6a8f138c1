using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>What is kept of attempts whose handlers go on without them. What stands in the rows is known to <see cref="StuckRecord"/>.</summary>
internal sealed class StuckTables(StoreLayout layout)
{
    /// <summary>By the token of the attempt.</summary>
    public RowTable Attempts { get; } = layout.Rows("stuck", readAtOpening: true);
}
