using OrleansJobs.Storage;

namespace OrleansJobs.Flows;

/// <summary>What is kept of flows beside their jobs.</summary>
internal sealed class FlowTables(StoreLayout layout)
{
    /// <summary>How a flow stands, by its id and stamp.</summary>
    public RowTable States { get; } = layout.Rows("flows");

    /// <summary>What a flow remembers, by flow, run and sequence.</summary>
    public RowTable Events { get; } = layout.Rows("events");

    /// <summary>The same in order, a set for each run of a flow; the score is the sequence.</summary>
    public OrderedSets Order { get; } = layout.Sets("memory");
}
