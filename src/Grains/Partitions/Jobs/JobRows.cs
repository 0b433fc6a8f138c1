using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>Reads jobs from the store.</summary>
internal sealed class JobRows(IPartitionStore store, int partition)
{
    private static readonly RowColumn[] Columns =
        [.. ((RowTable[])[GridLayout.Jobs.Specs, GridLayout.Jobs.Tracks, GridLayout.Jobs.Leases, GridLayout.Jobs.Outcomes]).Select(table => new RowColumn(table))];

    /// <summary>Without what lists do not show, and what may be large.</summary>
    private static readonly RowColumn[] ListedColumns =
        [Columns[0] with { Omitted = RecordFields.SpecArgs }, Columns[1], Columns[2], Columns[3] with { Omitted = RecordFields.OutcomeResult }];

    /// <summary>The same with the arguments, for those who look for something in them.</summary>
    private static readonly RowColumn[] SearchedColumns = [Columns[0], Columns[1], Columns[2], ListedColumns[3]];

    /// <summary>With what came of a job, and without what it was given.</summary>
    private static readonly RowColumn[] EndedColumns = [ListedColumns[0], Columns[1], Columns[2], Columns[3]];

    /// <summary>What came of a job alone.</summary>
    private static readonly RowColumn[] OutcomeColumn = [Columns[3]];

    private static readonly RowRead Whole = new(Columns);

    /// <summary>Records of jobs, live or finished, in the order asked for; null where there is none. Fewer than asked for where a budget of bytes ends them.</summary>
    public async ValueTask<StoredJob?[]> ReadAsync(IReadOnlyList<string> ids, CancellationToken cancellation = default, int byteBudget = int.MaxValue) =>
        Array.ConvertAll(await store.ReadRowsAsync(partition, Whole with { ByteBudget = byteBudget }, ids, cancellation), StoredJob.Of);

    public async ValueTask<StoredJob?> ReadAsync(string id) => StoredJob.Of((await store.ReadRowsAsync(partition, Whole, [id]))[0]);

    /// <summary>Records of jobs for a list, without what lists do not show; fewer than asked for where the budget of bytes ends them.</summary>
    /// <param name="withArgs">With the arguments all the same.</param>
    public async ValueTask<StoredJob?[]> ReadListedAsync(IReadOnlyList<string> ids, int byteBudget, bool withArgs = false) =>
        Array.ConvertAll(await store.ReadRowsAsync(partition, new(withArgs ? SearchedColumns : ListedColumns, byteBudget), ids), StoredJob.Of);

    /// <summary>Records of jobs with their results and without their arguments; fewer than asked for where the budget of bytes ends them.</summary>
    public async ValueTask<StoredJob?[]> ReadEndedAsync(IReadOnlyList<string> ids, int byteBudget) =>
        Array.ConvertAll(await store.ReadRowsAsync(partition, new(EndedColumns, byteBudget), ids), StoredJob.Of);

    /// <summary>How jobs ended, and nothing else of them; null where one has not, or there is none; fewer than asked for where the budget of bytes ends them.</summary>
    public async ValueTask<byte[]?[]> ReadOutcomesAsync(IReadOnlyList<string> ids, int byteBudget) =>
        Array.ConvertAll(await store.ReadRowsAsync(partition, new(OutcomeColumn, byteBudget), ids), static row => row[0]);

    /// <summary>Waiting jobs of a lane in its order, from behind a place; beyond the budget without their records.</summary>
    public async ValueTask<LaneEntry[]> ReadLaneAsync(string lane, LanePosition after, int limit, int byteBudget)
    {
        var place = new SetPlace(after.Score, after.Id);
        var page = await store.ReadPageAsync(partition, GridLayout.Jobs.Lanes[lane], place, limit, Whole with { ByteBudget = byteBudget });
        return Array.ConvertAll(page, static line => new LaneEntry(line.Member, line.Score, line.Rows is { } rows ? StoredJob.Of(rows) : null));
    }

    /// <summary>How many waiting jobs of each lane are due.</summary>
    public ValueTask<long[]> CountDueAsync(IReadOnlyList<string> lanes, long now) => store.CountAsync(partition, GridLayout.Jobs.Lanes, lanes, now);

    /// <summary>Jobs in the order of their submits, newest first.</summary>
    /// <param name="index">Only those of an index; queue and type are then not looked at.</param>
    /// <param name="queue">Those that were submitted to it, put into another since or not, and those that were put into it, of any type.</param>
    public async ValueTask<LogLine[]> ReadLogAsync(long before, long after, int limit, string? index, string? queue, string? type)
    {
        if (index is not null) return await ReadIndexAsync(before, after, limit, index);
        var log = store.ReadLogsAsync(partition, GridLayout.Jobs.Log, new(before, after, limit, Fits(queue, type)));
        if (queue is null) return await log;
        var logged = log.AsTask();
        var moved = await ReadIndexAsync(before, after, limit, IndexNames.Queue(queue));
        var lines = await logged;
        return moved.Length == 0 ? lines : [.. lines.Concat(moved).OrderByDescending(static line => line.Stamp).Take(limit)];
    }

    private async ValueTask<LogLine[]> ReadIndexAsync(long before, long after, int limit, string index)
    {
        if (before <= 0 || after >= before - 1) return [];
        var lines = await store.ReadSetAsync(partition, GridLayout.Jobs.Indexes[index], new(after + 1, before - 1, limit, Descending: true));
        return Array.ConvertAll(lines, static line => new LogLine(line.Score, line.Member));
    }

    /// <summary>Finished jobs whose retention is over, soonest first.</summary>
    public async ValueTask<string[]> ReadExpiredAsync(long now, int limit) =>
        Array.ConvertAll(await store.ReadSetAsync(partition, GridLayout.Jobs.Retention.Only, new(long.MinValue, now, limit)), static line => line.Member);

    /// <summary>Waiting jobs that are to be started by an instant, soonest first; the scores are the instants.</summary>
    public ValueTask<SetLine[]> ReadDeadlinesAsync(int limit) =>
        store.ReadSetAsync(partition, GridLayout.Jobs.Deadlines.Only, new(long.MinValue, long.MaxValue, limit));

    private static Func<string, bool>? Fits(string? queue, string? type)
    {
        if (queue is null && type is null) return null;
        if (queue is not null && type is not null) return JobTables.LogName(queue, type).Equals;
        return queue is not null
            ? name => name.Length > queue.Length && name[queue.Length] == '/' && name.StartsWith(queue, StringComparison.Ordinal)
            : name => name.AsSpan(name.IndexOf('/') + 1).SequenceEqual(type);
    }
}
