using System.Collections.Concurrent;

namespace OrleansJobs.Storage;

/// <summary>Keeps everything in this process: for the embedded mode, where jobs live as long as the process, and for tests.</summary>
/// <param name="time">The store's clock; null: the machine's.</param>
public sealed class MemoryPartitionStore(TimeProvider? time = null) : IPartitionStore
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<int, MemoryPartition> _partitions = [];
    private readonly ConcurrentDictionary<string, byte[]> _types = [];
    private readonly Lock _gridLock = new();
    private GridRecord? _grid;

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        lock (_gridLock)
        {
            _grid ??= new(partitions, Guid.NewGuid().ToString("N"), GridRecord.NewSecret());
            if (_grid.Partitions != partitions) throw new GridMismatchException(partitions, _grid.Partitions);
            return new(_grid);
        }
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

    public ValueTask<StoredJob?[]> ReadAsync(int partition, IReadOnlyList<string> ids, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        var jobs = new StoredJob?[ids.Count];
        lock (data)
        {
            for (var i = 0; i < jobs.Length; i++) jobs[i] = data.Read(ids[i]);
        }

        return new(jobs);
    }

    public ValueTask<StoredJob?[]> ReadListedAsync(int partition, IReadOnlyList<string> ids, ListedRead read, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadListed(ids, read));
    }

    public ValueTask<LaneEntry[]> ReadLaneAsync(
        int partition, string lane, LanePosition after, int limit, int byteBudget, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadLane(lane, after, limit, byteBudget));
    }

    public ValueTask<long[]> CountDueAsync(int partition, IReadOnlyList<string> lanes, long now, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new([.. lanes.Select(lane => data.CountDue(lane, now))]);
    }

    public ValueTask<LogEntry[]> ReadLogAsync(int partition, LogQuery query, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadLog(query));
    }

    public ValueTask<string[]> ReadExpiredAsync(int partition, long now, int limit, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadExpired(now, limit));
    }

    public ValueTask<LaneEntry[]> ReadDeadlinesAsync(int partition, long now, int limit, CancellationToken cancellation = default)
    {
        var data = Of(partition);
        lock (data) return new(data.ReadDeadlines(now, limit));
    }

    public ValueTask PutTypesAsync(IReadOnlyDictionary<string, byte[]> types, CancellationToken cancellation = default)
    {
        foreach (var (name, description) in types) _types[name] = description;
        return default;
    }

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadTypesAsync(CancellationToken cancellation = default) =>
        new(new Dictionary<string, byte[]>(_types));

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => new(_time.GetUtcNow());

    /// <summary>Always 0: what bounds this store is the backlog's ceiling.</summary>
    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => new(0.0);

    /// <summary>The lanes and logs of a partition.</summary>
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
        _types.Clear();
    }

    private MemoryPartition Of(int partition) => _partitions.GetOrAdd(partition, static _ => new());
}
