using OrleansJobs.Storage;

namespace OrleansJobs.Logs;

/// <summary>What is kept of what jobs have logged.</summary>
internal sealed class LogTables(StoreLayout layout)
{
    /// <summary>Pages of lines, by job and place in its ring; see <see cref="LogPage"/>.</summary>
    public RowTable Pages { get; } = layout.Rows("joblogs");
}
