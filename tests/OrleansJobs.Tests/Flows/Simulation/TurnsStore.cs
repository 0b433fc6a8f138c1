using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>The store in memory, whose answers take turns and may be lost.</summary>
internal sealed class TurnsStore(MemoryPartitionStore inner, Turns turns, Func<bool> isLost, SimulationMutation mutation) : IPartitionStore
{
    public string Kind => inner.Kind;
    public string Description => inner.Description;

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default) => inner.OpenGridAsync(partitions, cancellation);

    public ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default) => inner.ReadGridAsync(cancellation);

    public ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default) => inner.OpenAsync(partition, above, cancellation);

    public ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        if (mutation == SimulationMutation.NoLetterCommit)
        {
            commit.Of(GridLayout.Letters.Rows).Puts.Clear();
            commit.Of(GridLayout.Letters.Outbox).Puts.Clear();
        }

        return Slowly(() => inner.CommitAsync(commit, cancellation));
    }

    public ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default) =>
        Slowly(() => inner.ReadRowsAsync(partition, read, keys, cancellation));

    public ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default) =>
        Slowly(() => inner.ReadSetAsync(partition, set, range, cancellation));

    public ValueTask<PagedLine[]> ReadPageAsync(int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default) =>
        Slowly(() => inner.ReadPageAsync(partition, set, after, limit, rows, cancellation));

    public ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default) =>
        inner.CountAsync(partition, sets, names, upTo, cancellation);

    public ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default) =>
        inner.ReadLogsAsync(partition, logs, range, cancellation);

    public ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default) => inner.PutAsync(table, rows, cancellation);

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default) => inner.ReadAsync(table, cancellation);

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => inner.ReadTimeAsync(cancellation);

    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => inner.ReadFullnessAsync(cancellation);

    private async ValueTask<T> Slowly<T>(Func<ValueTask<T>> act)
    {
        await turns.Sometime();
        if (isLost()) throw new TimeoutException();
        var result = await act();
        await turns.Sometime();
        return isLost() ? throw new TimeoutException() : result;
    }
}

/// <summary>What the simulation leaves out on purpose, to show that its checks notice.</summary>
internal enum SimulationMutation
{
    None,

    /// <summary>What has been applied is forgotten when a partition opens.</summary>
    NoLetterMarks,

    /// <summary>Letters are not stored with what causes them.</summary>
    NoLetterCommit,

    /// <summary>A flow that is about to wait does not look whether what it waits for has come.</summary>
    NoParkCheck,
}
