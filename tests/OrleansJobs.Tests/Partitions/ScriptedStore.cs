using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Partitions;

/// <summary>A store in memory that shows each commit to a script first, which may answer in its place.</summary>
internal sealed class ScriptedStore(Func<PartitionCommit, CommitOutcome?> script) : IPartitionStore
{
    private readonly MemoryPartitionStore _inner = new(GridLayout.Layout);

    /// <summary>The store's clock.</summary>
    public Func<DateTimeOffset> Time { get; init; } = TimeProvider.System.GetUtcNow;

    public string Kind => _inner.Kind;

    public string Description => _inner.Description;

    public async ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        await Task.Yield();
        return script(commit) ?? await _inner.CommitAsync(commit, cancellation);
    }

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default) => _inner.OpenGridAsync(partitions, cancellation);

    public ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default) => _inner.ReadGridAsync(cancellation);

    public ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default) =>
        _inner.OpenAsync(partition, above, cancellation);

    public ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default) =>
        _inner.ReadRowsAsync(partition, read, keys, cancellation);

    public ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default) =>
        _inner.ReadSetAsync(partition, set, range, cancellation);

    public ValueTask<PagedLine[]> ReadPageAsync(int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default) =>
        _inner.ReadPageAsync(partition, set, after, limit, rows, cancellation);

    public ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default) =>
        _inner.CountAsync(partition, sets, names, upTo, cancellation);

    public ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default) =>
        _inner.ReadLogsAsync(partition, logs, range, cancellation);

    public ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default) =>
        _inner.PutAsync(table, rows, cancellation);

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default) => _inner.ReadAsync(table, cancellation);

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => new(Time());

    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => _inner.ReadFullnessAsync(cancellation);
}
