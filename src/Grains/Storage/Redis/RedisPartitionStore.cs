using System.Collections.Concurrent;
using OrleansJobs.Diagnostics;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Keeps partitions in Redis 7 or later, each under one hash tag. A commit is one script. Keys: <c>oj:{service:p}:…</c> with the hashes
/// <c>meta</c>, <c>jobs</c>, <c>tracks</c>, <c>leases</c>, <c>outcomes</c>, <c>counts</c>; the sorted sets <c>lane:…</c> by due time, <c>retention</c>, <c>deadlines</c>,
/// <c>index:…</c> by stamp; the streams <c>log:queue/type</c> with stamps as ids, and the sorted sets
/// <c>log:=queue/type</c> by stamp, with the lines of jobs that outlived those around them; and the sets <c>lanes</c> and <c>logs</c> that name them. The grid's own are
/// <c>oj:{service}:grid</c> and <c>:types</c>.
/// </summary>
/// <remarks>
/// Scores are doubles: instants and stamps are exact below 2^53. Of opens and commits the client's exceptions come out as they are;
/// <see cref="RedisConnectionException"/> and <see cref="RedisTimeoutException"/> mean "unknown". What a read throws may have to reach a caller
/// on another silo, which the client's exceptions do not: it is an <see cref="OrleansException"/>.
/// Commits go through the store that opened the partition.
/// </remarks>
public sealed class RedisPartitionStore : IPartitionStore
{
    private readonly IConnectionMultiplexer _redis;
    private readonly IDatabase _database;
    private readonly RedisKeys _keys;

    // Where a store fails over and loses its last writes, its commits' sequences go back. A ticket drawn at opening knows even two openings apart whose
    // generation is the same, as it may be where servers' clocks differ by more than the failover takes.
    private readonly ConcurrentDictionary<int, long> _tickets = [];

    /// <param name="redis">The process's shared connection.</param>
    /// <param name="service">Keeps grids in one Redis apart, such as Orleans' ServiceId. No braces.</param>
    public RedisPartitionStore(IConnectionMultiplexer redis, string service)
    {
        _redis = redis;
        _database = redis.GetDatabase();
        _keys = new(service);
    }

    public async ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        await RedisServerRules.CheckAsync(_redis, cancellation).ConfigureAwait(false);
        var reply = await RunAsync(RedisScript.Grid, _keys.Grid, [partitions, Guid.NewGuid().ToString("N"), GridRecord.NewSecret()], cancellation).ConfigureAwait(false);
        var grid = new GridRecord((int)reply[0], (string)reply[1]!, (string)reply[2]!);
        return grid.Partitions == partitions ? grid : throw new GridMismatchException(partitions, grid.Partitions);
    }

    public async ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default)
    {
        var values = await _database.HashGetAsync(_keys.Grid[0], ["partitions", "incarnation", "secret"]).WaitAsync(cancellation).ConfigureAwait(false);
        return values[0].IsNull ? null : new((int)values[0], values[1].ToString(), values[2].ToString());
    }

    public async ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default)
    {
        var ticket = NewTicket();
        var script = Sabotage.IsOff(Safeguard.TokenFloor) ? RedisScript.OpenWithoutFloor : RedisScript.Open;
        var reply = await RunAsync(script, _keys.Base(partition), [ticket, above], cancellation).ConfigureAwait(false);
        _tickets[partition] = ticket;
        return RedisReplies.Opening(reply);
    }

    public async ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        CommitRules.Check(commit);
        var ticket = _tickets.GetValueOrDefault(commit.Partition);
        var script = Sabotage.IsOff(Safeguard.GenerationCheck) ? RedisScript.Unfenced : commit.AddsJobs ? RedisScript.Add : RedisScript.Commit;
        try
        {
            var reply = await RunAsync(script, _keys.Base(commit.Partition), CommitArguments.Of(commit, ticket), cancellation).ConfigureAwait(false);
            return Outcome(commit, (long)reply);
        }
        catch (RedisServerException e) when (commit.AddsJobs && e.Message.StartsWith("OOM", StringComparison.Ordinal))
        {
            return await SettleAsync(commit, ticket, cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask<StoredJob?[]> ReadAsync(int partition, IReadOnlyList<string> ids, CancellationToken cancellation = default)
    {
        if (ids.Count == 0) return [];
        var arguments = new RedisValue[ids.Count];
        for (var i = 0; i < arguments.Length; i++) arguments[i] = ids[i];
        return RedisReplies.Jobs(await ReadAsync(RedisScript.Read, _keys.Base(partition), arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask<StoredJob?[]> ReadListedAsync(int partition, IReadOnlyList<string> ids, ListedRead read, CancellationToken cancellation = default)
    {
        if (ids.Count == 0) return [];
        var arguments = new RedisValue[3 + ids.Count];
        (arguments[0], arguments[1], arguments[2]) = (read.SpecField, read.OutcomeField, read.ByteBudget);
        for (var i = 0; i < ids.Count; i++) arguments[3 + i] = ids[i];
        return RedisReplies.Jobs(await ReadAsync(RedisScript.List, _keys.Base(partition), arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask<LaneEntry[]> ReadLaneAsync(
        int partition, string lane, LanePosition after, int limit, int byteBudget, CancellationToken cancellation = default)
    {
        if (limit <= 0) return [];
        RedisValue[] arguments = [lane, after.Due, after.Id, limit, byteBudget];
        return RedisReplies.Page(await ReadAsync(RedisScript.Lane, _keys.Base(partition), arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask<long[]> CountDueAsync(int partition, IReadOnlyList<string> lanes, long now, CancellationToken cancellation = default)
    {
        if (lanes.Count == 0) return [];
        RedisValue[] arguments = [now, .. lanes.Select(lane => (RedisValue)lane)];
        return (long[])(await ReadAsync(RedisScript.Due, _keys.Base(partition), arguments, cancellation).ConfigureAwait(false))!;
    }

    public async ValueTask<LogEntry[]> ReadLogAsync(int partition, LogQuery query, CancellationToken cancellation = default)
    {
        // Stamps are positive, and stream ids must be. Given bounds that leave nothing between them, the client would swap them.
        if (query.Limit <= 0 || query.Before <= 0 || query.After >= query.Before) return [];
        if (query.Index is { } index) return await ReadIndexAsync(partition, index, query, cancellation).ConfigureAwait(false);

        RedisValue[] arguments =
            [query.Before, query.After < 0 ? "" : query.After, query.Limit, query.Queue ?? "", query.Type ?? ""];
        return RedisReplies.Log(await ReadAsync(RedisScript.Log, _keys.Base(partition), arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask<string[]> ReadExpiredAsync(int partition, long now, int limit, CancellationToken cancellation = default)
    {
        if (limit <= 0) return [];
        var ids = await AnswerAsync(_database.SortedSetRangeByScoreAsync(_keys.Retention(partition), stop: now, take: limit), cancellation).ConfigureAwait(false);
        return Array.ConvertAll(ids, static id => id.ToString());
    }

    public async ValueTask<LaneEntry[]> ReadDeadlinesAsync(int partition, long now, int limit, CancellationToken cancellation = default)
    {
        if (limit <= 0) return [];
        var lines = await AnswerAsync(_database.SortedSetRangeByScoreWithScoresAsync(_keys.Deadlines(partition), stop: now, take: limit), cancellation)
            .ConfigureAwait(false);
        return Array.ConvertAll(lines, static line => new LaneEntry(line.Element.ToString(), (long)line.Score, null));
    }

    public async ValueTask PutTypesAsync(IReadOnlyDictionary<string, byte[]> types, CancellationToken cancellation = default)
    {
        if (types.Count == 0) return;
        var arguments = new List<RedisValue>(2 * types.Count);
        foreach (var (name, description) in types)
        {
            arguments.Add(name);
            arguments.Add(description);
        }

        await RunAsync(RedisScript.Types, _keys.Types, [.. arguments], cancellation).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyDictionary<string, byte[]>> ReadTypesAsync(CancellationToken cancellation = default)
    {
        var entries = await AnswerAsync(_database.HashGetAllAsync(_keys.Types[0]), cancellation).ConfigureAwait(false);
        var types = new Dictionary<string, byte[]>(entries.Length);
        foreach (var entry in entries) types[entry.Name.ToString()] = entry.Value!;
        return types;
    }

    /// <summary>Of the server that has the grid's record, where there are several.</summary>
    public async ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default)
    {
        var reply = await ReadAsync(RedisScript.Time, _keys.Grid, [], cancellation).ConfigureAwait(false);
        return DateTimeOffset.UnixEpoch.AddSeconds((long)reply[0]).AddMicroseconds((long)reply[1]);
    }

    /// <summary>The fullest server's share where there are several.</summary>
    public async ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default)
    {
        var fullest = 0.0;
        foreach (var memory in await RedisInfo.ReadAsync(_redis, "memory", cancellation).ConfigureAwait(false))
        {
            var limit = memory.Number("maxmemory");
            if (limit > 0) fullest = Math.Max(fullest, (double)memory.Number("used_memory") / limit);
        }

        return fullest;
    }

    private async Task<LogEntry[]> ReadIndexAsync(int partition, string index, LogQuery query, CancellationToken cancellation)
    {
        var lines = await AnswerAsync(_database.SortedSetRangeByScoreWithScoresAsync(
            _keys.Index(partition, index), query.After, query.Before, Exclude.Both, Order.Descending, take: query.Limit), cancellation).ConfigureAwait(false);
        return Array.ConvertAll(lines, static line => new LogEntry((long)line.Score, line.Element.ToString()));
    }

    /// <summary>A full store has refused this commit now. Had it been applied before, with the reply lost, "full" would be a lie.</summary>
    private async Task<CommitOutcome> SettleAsync(PartitionCommit commit, long ticket, CancellationToken cancellation)
    {
        var next = NewTicket();
        RedisValue[] arguments = [commit.Generation, ticket, commit.Sequence, next];
        var outcome = Outcome(commit, (long)await RunAsync(RedisScript.Settle, _keys.Base(commit.Partition), arguments, cancellation).ConfigureAwait(false));

        // Where the partition has been opened again meanwhile, its ticket is the newer one.
        if (outcome == CommitOutcome.Full) _tickets.TryUpdate(commit.Partition, next, ticket);
        return outcome;
    }

    private static CommitOutcome Outcome(PartitionCommit commit, long reply)
    {
        if (reply < 0) CommitRules.CheckAbove(commit.Jobs[0].Stamp, -reply);
        return reply switch
        {
            0 => CommitOutcome.Applied,
            1 => CommitOutcome.Fenced,
            2 => CommitOutcome.Lost,
            3 => CommitOutcome.Full,
            _ => throw new InvalidOperationException($"A script answered {reply} to a commit."),
        };
    }

    private Task<RedisResult> RunAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellation) =>
        script.EvaluateAsync(_database, keys, arguments).WaitAsync(cancellation);

    private Task<RedisResult> ReadAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellation) =>
        AnswerAsync(script.EvaluateAsync(_database, keys, arguments), cancellation);

    private static async Task<T> AnswerAsync<T>(Task<T> reply, CancellationToken cancellation)
    {
        try
        {
            return await reply.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RedisException or RedisTimeoutException)
        {
            throw new OrleansException($"The store does not answer: {exception.Message}");
        }
    }

    /// <summary>Not 0, which stands for "never opened here".</summary>
    private static long NewTicket() => Random.Shared.NextInt64(1, long.MaxValue);
}
