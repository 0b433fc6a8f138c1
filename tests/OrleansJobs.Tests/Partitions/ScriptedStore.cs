using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Partitions;

/// <summary>A store in memory that shows each commit to a script first, which may answer in its place.</summary>
internal sealed class ScriptedStore(Func<PartitionCommit, CommitOutcome?> script) : IPartitionStore
{
    private readonly MemoryPartitionStore _inner = new();

    /// <summary>The store's clock.</summary>
    public Func<DateTimeOffset> Time { get; init; } = TimeProvider.System.GetUtcNow;

    public async ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        await Task.Yield();
        return script(commit) ?? await _inner.CommitAsync(commit, cancellation);
    }

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default) => _inner.OpenGridAsync(partitions, cancellation);

    public ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default) => _inner.ReadGridAsync(cancellation);

    public ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default) =>
        _inner.OpenAsync(partition, above, cancellation);

    public ValueTask<StoredJob?[]> ReadAsync(int partition, IReadOnlyList<string> ids, CancellationToken cancellation = default) =>
        _inner.ReadAsync(partition, ids, cancellation);

    public ValueTask<StoredJob?[]> ReadListedAsync(int partition, IReadOnlyList<string> ids, ListedRead read, CancellationToken cancellation = default) =>
        _inner.ReadListedAsync(partition, ids, read, cancellation);

    public ValueTask<LaneEntry[]> ReadLaneAsync(
        int partition, string lane, LanePosition after, int limit, int byteBudget, CancellationToken cancellation = default) =>
        _inner.ReadLaneAsync(partition, lane, after, limit, byteBudget, cancellation);

    public ValueTask<long[]> CountDueAsync(int partition, IReadOnlyList<string> lanes, long now, CancellationToken cancellation = default) =>
        _inner.CountDueAsync(partition, lanes, now, cancellation);

    public ValueTask<LogEntry[]> ReadLogAsync(int partition, LogQuery query, CancellationToken cancellation = default) =>
        _inner.ReadLogAsync(partition, query, cancellation);

    public ValueTask<string[]> ReadExpiredAsync(int partition, long now, int limit, CancellationToken cancellation = default) =>
        _inner.ReadExpiredAsync(partition, now, limit, cancellation);

    public ValueTask<LaneEntry[]> ReadDeadlinesAsync(int partition, long now, int limit, CancellationToken cancellation = default) =>
        _inner.ReadDeadlinesAsync(partition, now, limit, cancellation);

    public ValueTask PutTypesAsync(IReadOnlyDictionary<string, byte[]> types, CancellationToken cancellation = default) =>
        _inner.PutTypesAsync(types, cancellation);

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadTypesAsync(CancellationToken cancellation = default) => _inner.ReadTypesAsync(cancellation);

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => new(Time());

    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => _inner.ReadFullnessAsync(cancellation);
}
