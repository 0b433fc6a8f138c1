using System.Collections.Concurrent;

namespace OrleansJobs.Storage;

/// <summary>Keeps everything in this process: for work that may be lost with it, and for tests.</summary>
/// <param name="time">The store's clock; null: the machine's.</param>
public sealed class MemoryPartitionStore(StoreLayout layout, TimeProvider? time = null) : IPartitionStore
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<int, MemoryPartition> _partitions = [];
    private readonly ConcurrentDictionary<(GridTable Table, string Key), byte[]> _gridRows = [];
    private readonly Lock _gridLock = new();
    private GridRecord? _grid;

    public string Kind => "memory";

    public string Description => "in the memory of this process, and end with it";

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        lock (_gridLock) return new((_grid ??= GridRecord.New(partitions)).Fitting(partitions));
    }

    public ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default)
    {
        lock (_gridLock) return new(_grid);
    }

    public ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        var floor = GenerationFloor.At(_time.GetUtcNow());
        lock (data) return new(data.Open(Math.Max(above, floor - 1)));
    }

    public ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        CommitRules.Check(commit);
        var data = Of(commit.Partition);
        lock (data) return new(data.Commit(commit));
    }

    public ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadRows(read, keys));
    }

    public ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadSet(set, range));
    }

    public ValueTask<PagedLine[]> ReadPageAsync(int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadPage(set, after, limit, rows));
    }

    public ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new([.. names.Select(name => data.Count(sets[name], upTo))]);
    }

    public ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadLogs(logs, range));
    }

    public ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default)
    {
        foreach (var (key, row) in rows) _gridRows[(table, key)] = row;
        return default;
    }

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default) =>
        new(_gridRows.Where(row => row.Key.Table == table).ToDictionary(row => row.Key.Key, row => row.Value));

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => new(_time.GetUtcNow());

    /// <summary>Always 0: what bounds this store is the backlog's ceiling.</summary>
    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => new(0.0);

    /// <summary>The sets and logs of a partition.</summary>
    internal string[] Names(int partition)
    {
        var data = Of(partition);
        lock (data) return data.Names();
    }

    /// <summary>Forgets everything, as an emptied Redis does.</summary>
    internal void Clear()
    {
        lock (_gridLock) _grid = null;
        _partitions.Clear();
        _gridRows.Clear();
    }

    private MemoryPartition Of(int partition) => _partitions.GetOrAdd(partition, static (_, layout) => new(layout), layout);
}
