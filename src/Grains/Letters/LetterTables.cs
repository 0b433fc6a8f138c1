using OrleansJobs.Storage;

namespace OrleansJobs.Letters;

/// <summary>What is kept of letters.</summary>
internal sealed class LetterTables(StoreLayout layout)
{
    /// <summary>Letters that have not been delivered, by number.</summary>
    public RowTable Rows { get; } = layout.Rows("letters");

    /// <summary>Their numbers in order, a set for each receiver. The score is the generation, the member tells those of one apart.</summary>
    public OrderedSets Outbox { get; } = layout.Sets("outbox", readAtOpening: true);

    /// <summary>The number of the last letter that was delivered, by receiver.</summary>
    public RowTable Delivered { get; } = layout.Rows("delivered", readAtOpening: true);

    /// <summary>The number of the last letter that was applied, by sender.</summary>
    public RowTable Applied { get; } = layout.Rows("applied", readAtOpening: true);
}
