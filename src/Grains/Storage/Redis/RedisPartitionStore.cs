using System.Collections.Concurrent;
using System.Net;
using OrleansJobs.Diagnostics;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Keeps partitions in Redis 7 or later, each under one hash tag. A commit is one script. Keys begin with <c>oj:{service:p}:</c>; behind it stand <c>meta</c>,
/// and what the layout names: a table and counters are a hash, a set is a sorted set, a log is a stream with stamps as ids and a sorted set <c>.kept:</c> with
/// the lines that outlived those around them. <c>.names</c> are sets of the names that a part has. The grid's own begin with <c>oj:{service}:</c>.
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
    private readonly RedisOpening _opening;

    // Where a store fails over and loses its last writes, its commits' sequences go back. A ticket drawn at opening knows even two openings apart whose
    // generation is the same, as it may be where servers' clocks differ by more than the failover takes.
    private readonly ConcurrentDictionary<int, long> _tickets = [];

    /// <param name="redis">The process's shared connection.</param>
    /// <param name="service">Keeps grids in one Redis apart, such as Orleans' ServiceId. No braces.</param>
    public RedisPartitionStore(IConnectionMultiplexer redis, string service, StoreLayout layout)
    {
        _redis = redis;
        _database = redis.GetDatabase();
        _keys = new(service);
        _opening = new(_keys, layout);
    }

    public string Kind => "redis";

    public string Description => $"in Redis at {string.Join(", ", _redis.GetEndPoints().Select(server => server is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : server.ToString()))}";

    public async ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        await RedisServerRules.CheckAsync(_redis, cancellation).ConfigureAwait(false);
        var drawn = GridRecord.New(partitions);
        var reply = await RunAsync(RedisScript.Grid, [_keys.Grid], [drawn.Partitions, drawn.Incarnation, drawn.Secret, GridRecord.Format], cancellation)
            .ConfigureAwait(false);
        GridRecord.CheckFormat((string?)reply[3]);
        return new GridRecord((int)reply[0], (string)reply[1]!, (string)reply[2]!).Fitting(partitions);
    }

    public async ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default)
    {
        var values = await _database.HashGetAsync(_keys.Grid, ["partitions", "incarnation", "secret"]).WaitAsync(cancellation).ConfigureAwait(false);
        return values[0].IsNull ? null : new((int)values[0], values[1].ToString(), values[2].ToString());
    }

    public async ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default)
    {
        var ticket = NewTicket();
        var script = Sabotage.IsOff(Safeguard.TokenFloor) ? RedisScript.OpenWithoutFloor : RedisScript.Open;
        var opening = await _opening.OpenAsync(partition, ticket, above, (keys, arguments) => RunAsync(script, keys, arguments, cancellation)).ConfigureAwait(false);
        _tickets[partition] = ticket;
        return opening;
    }

    public async ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default)
    {
        CommitRules.Check(commit);
        var ticket = _tickets.GetValueOrDefault(commit.Partition);
        var script = Sabotage.IsOff(Safeguard.GenerationCheck) ? RedisScript.Unfenced : commit.MayBeRefused ? RedisScript.Add : RedisScript.Commit;
        try
        {
            var (keys, arguments) = CommitArguments.Of(commit, _keys, ticket);
            return Outcome(commit, (long)await RunAsync(script, keys, arguments, cancellation).ConfigureAwait(false));
        }
        catch (RedisServerException e) when (commit.MayBeRefused && e.Message.StartsWith("OOM", StringComparison.Ordinal))
        {
            return await SettleAsync(commit, ticket, cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default)
    {
        if (keys.Count == 0) return [];
        var arguments = new List<RedisValue>(1 + read.Columns.Length + keys.Count);
        if (!read.IsPlain)
        {
            arguments.Add(read.ByteBudget);
            foreach (var column in read.Columns) arguments.Add(column.Omitted);
        }

        foreach (var key in keys) arguments.Add(key);
        var script = read.IsPlain ? RedisScript.Read : RedisScript.Budget;
        return RedisReplies.Rows(await ReadAsync(script, Tables(partition, read), [.. arguments], cancellation).ConfigureAwait(false));
    }

    public async ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default)
    {
        if (range.Limit <= 0 || range.From > range.To) return [];
        var lines = await AnswerAsync(_database.SortedSetRangeByScoreWithScoresAsync(
            _keys.Of(partition, set), range.From, range.To, order: range.Descending ? Order.Descending : Order.Ascending, take: range.Limit), cancellation).ConfigureAwait(false);
        return Array.ConvertAll(lines, static line => new SetLine(line.Element.ToString(), (long)line.Score));
    }

    public async ValueTask<PagedLine[]> ReadPageAsync(
        int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default)
    {
        if (limit <= 0) return [];
        RedisValue[] arguments = [after.Score, after.Member, limit, rows.ByteBudget, .. rows.Columns.Select(column => (RedisValue)column.Omitted)];
        return RedisReplies.Page(await ReadAsync(
            RedisScript.Page, [_keys.Of(partition, set), .. Tables(partition, rows)], arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default)
    {
        if (names.Count == 0) return [];
        RedisKey[] keys = [.. names.Select(name => _keys.Of(partition, sets[name]))];
        return (long[])(await ReadAsync(RedisScript.Count, keys, [upTo], cancellation).ConfigureAwait(false))!;
    }

    public async ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default)
    {
        if (range.IsEmpty) return [];
        // Which logs there are first, since the script has to be told its keys. One that begins between the two has only lines that are newer than this call.
        var members = await AnswerAsync(_database.SetMembersAsync(_keys.NamesOf(partition, logs)), cancellation).ConfigureAwait(false);
        var names = members.Select(static member => member.ToString()).Where(name => range.Fits?.Invoke(name) != false).ToList();
        if (names.Count == 0) return [];
        RedisKey[] keys = [.. names.SelectMany(name => (RedisKey[])[_keys.Stream(partition, logs, name), _keys.Kept(partition, logs, name)])];
        RedisValue[] arguments = [range.Before, range.After < 0 ? "" : range.After, range.Limit];
        return RedisReplies.Log(await ReadAsync(RedisScript.Log, keys, arguments, cancellation).ConfigureAwait(false));
    }

    public async ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default)
    {
        if (rows.Count == 0) return;
        var arguments = new List<RedisValue>(2 * rows.Count);
        foreach (var (key, row) in rows)
        {
            arguments.Add(key);
            arguments.Add(row);
        }

        await RunAsync(RedisScript.Put, [_keys.Of(table)], [.. arguments], cancellation).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default)
    {
        var entries = await AnswerAsync(_database.HashGetAllAsync(_keys.Of(table)), cancellation).ConfigureAwait(false);
        var rows = new Dictionary<string, byte[]>(entries.Length);
        foreach (var entry in entries) rows[entry.Name.ToString()] = entry.Value!;
        return rows;
    }

    /// <summary>Of the server that has the grid's record, where there are several.</summary>
    public async ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default)
    {
        var reply = await ReadAsync(RedisScript.Time, [_keys.Grid], [], cancellation).ConfigureAwait(false);
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

    private RedisKey[] Tables(int partition, RowRead read) => Array.ConvertAll(read.Columns, column => _keys.Of(partition, column.Table));

    /// <summary>A full store has refused this commit now. Had it been applied before, with the reply lost, "full" would be a lie.</summary>
    private async Task<CommitOutcome> SettleAsync(PartitionCommit commit, long ticket, CancellationToken cancellation)
    {
        var next = NewTicket();
        RedisValue[] arguments = [commit.Generation, ticket, commit.Sequence, next];
        var outcome = Outcome(commit, (long)await RunAsync(RedisScript.Settle, [_keys.Meta(commit.Partition)], arguments, cancellation).ConfigureAwait(false));

        // Where the partition has been opened again meanwhile, its ticket is the newer one.
        if (outcome == CommitOutcome.Full) _tickets.TryUpdate(commit.Partition, next, ticket);
        return outcome;
    }

    private static CommitOutcome Outcome(PartitionCommit commit, long reply)
    {
        if (reply < 0) CommitRules.CheckAbove(commit.FirstStamp, -reply);
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
