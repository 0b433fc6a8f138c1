using OrleansJobs.Storage;

namespace OrleansJobs.Lending;

/// <summary>What is kept of limits of queues. What stands in the rows is known to this folder.</summary>
internal sealed class QueueLimitTables(StoreLayout layout)
{
    /// <summary>The limits by queue, in every partition.</summary>
    public RowTable Settings { get; } = layout.Rows("queuelimits", readAtOpening: true);

    /// <summary>What a partition has been lent, by queue.</summary>
    public RowTable Held { get; } = layout.Rows("queueheld", readAtOpening: true);

    /// <summary>What a queue's home has lent, by partition and queue.</summary>
    public RowTable Lent { get; } = layout.Rows("queuelent", readAtOpening: true);

    /// <summary>How much of a queue's rate is used up, where that is not yet given back.</summary>
    public RowTable Rates { get; } = layout.Rows("queuerates", readAtOpening: true);
}
