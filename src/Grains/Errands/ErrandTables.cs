using OrleansJobs.Storage;

namespace OrleansJobs.Errands;

/// <summary>What is kept of errands.</summary>
internal sealed class ErrandTables(StoreLayout layout)
{
    /// <summary>Work that is owed, by name; the score is when it came to be.</summary>
    public OrderedSet Owed { get; } = layout.Set("errands");
}
