using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>What the grid asks of each partition to list jobs across all of them.</summary>
[Alias("oj.IPartitionQuery")]
internal interface IPartitionQuery : IGrainWithIntegerKey
{
    /// <summary>Jobs with stamps below a bound, newest first.</summary>
    [Alias("page")]
    Task<PartitionPage> ReadPage(JobQuery query, long before);

    /// <summary>The job that has the id of the query, where it fits; null: there is no such job here, or not in the queue that is asked for.</summary>
    [Alias("one")]
    Task<PartitionPage?> ReadOne(JobQuery query);

    /// <summary>Jobs that wait for an instant, soonest first, behind a place.</summary>
    [Alias("due")]
    Task<DuePage> ReadDuePage(JobQuery query, DuePlace after);
}

[GenerateSerializer, Immutable, Alias("oj.partitionPage")]
internal sealed record PartitionPage
{
    [Id(0)] public ListedJob[] Jobs { get; init; } = [];

    /// <summary>Everything above this stamp has been looked at; null: everything there is.</summary>
    [Id(1)] public long? LookedDownTo { get; init; }

    /// <summary>Jobs that were looked at, or whose ids were.</summary>
    [Id(2)] public int LookedAt { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.listedJob")]
internal readonly record struct ListedJob([property: Id(0)] long Stamp, [property: Id(1)] JobStatus Status);

/// <summary>Listing, counting.</summary>
internal sealed partial class JobPartitionGrain
{
    /// <summary>Lines of a log that are read at a time, at most.</summary>
    private const int LogChunk = JobLimits.MaxPage + 1;

    /// <summary>Jobs that one page looks at, whatever it finds.</summary>
    private const int MostLookedAt = 1000;

    /// <summary>Bytes of records that one page looks at. With results and arguments left out, few pages come near it.</summary>
    private const int PageBytes = 1 << 20;

    /// <summary>Bytes of records of one read, during which the store does nothing else.</summary>
    private const int ReadBytes = 256 << 10;

    public async Task<PartitionPage> ReadPage(JobQuery query, long before)
    {
        var plan = ListPlan.Of(query, before);
        var found = new List<ListedJob>();
        (before, var chunk, var looked) = (plan.Before, plan.FirstChunk, 0);
        for (var (rows, bytes) = (0, 0L); looked < plan.MostLines && rows < MostLookedAt && bytes < PageBytes; chunk = plan.Next(chunk))
        {
            var lines = await _rows.ReadLogAsync(before, plan.After, chunk, plan.Index, query.Queue, query.Type);
            // The last line of a full read only says that there is more.
            var read = lines.Length == chunk ? lines[..^1] : lines;
            var fitting = query.Id is { } id ? Array.FindAll(read, line => line.Member.StartsWith(id, StringComparison.Ordinal)) : read;
            var records = fitting.Length == 0 ? [] : await _rows.ReadListedAsync(Array.ConvertAll(fitting, line => line.Member), ReadBytes, withArgs: query.Args is not null);
            for (var i = 0; i < records.Length; i++)
            {
                before = fitting[i].Stamp;
                rows++;
                if (records[i] is not { } record) continue;
                bytes += record.Size;
                if (Found(query, fitting[i].Member, record) is not { } status) continue;
                found.Add(new(before, status));
                if (found.Count == query.Limit) return new() { Jobs = [.. found], LookedDownTo = before == lines[^1].Stamp ? null : before, LookedAt = looked + PlaceOf(before) };
            }

            if (records.Length == fitting.Length && read.Length == lines.Length) return new() { Jobs = [.. found], LookedAt = looked + read.Length };
            if (records.Length == fitting.Length) before = read[^1].Stamp;
            looked += PlaceOf(before);

            int PlaceOf(long stamp) => Array.FindIndex(read, line => line.Stamp == stamp) + 1;
        }

        return new() { Jobs = [.. found], LookedDownTo = before, LookedAt = looked };
    }

    public async Task<PartitionPage?> ReadOne(JobQuery query)
    {
        if ((await _rows.ReadListedAsync([query.Id!], ReadBytes, withArgs: query.Args is not null))[0] is not { } record || !IsKept(record)) return null;
        var status = StatusOf.Stored(query.Id!, record, Now, withResult: false);
        // What lies in another queue is no answer to who asks for this one, nor does it hide jobs whose ids begin so.
        if (query.Queue is { } queue && status.Queue != queue) return null;
        var waits = query.Order != ListOrder.Due || JobListing.WaitsForTime(status);
        return new() { Jobs = waits && Found(query, query.Id!, record) is { } fitting ? [new(0, fitting)] : [], LookedAt = 1 };
    }

    /// <summary>What a list shows of a job that fits; null of one that does not.</summary>
    private JobStatus? Found(JobQuery query, string id, StoredJob record)
    {
        if (!IsKept(record)) return null;
        var status = StatusOf.Stored(id, record, Now, withResult: false);
        return query.Matches(status) && JobListing.HasArgs(record, query.Args) ? Refined(status) : null;
    }

    public async Task<JobStatus?[]> GetListed(string[] ids)
    {
        if (ids.Length > FlowGraph.MaxJobs) throw new ArgumentException($"At most {FlowGraph.MaxJobs} ids.", nameof(ids));
        var statuses = new JobStatus?[ids.Length];
        for (var done = 0; done < ids.Length;)
        {
            var records = await _rows.ReadListedAsync(ids[done..], ReadBytes);
            foreach (var record in records)
            {
                if (record is not null && IsKept(record)) statuses[done] = Refined(StatusOf.Stored(ids[done], record, Now, withResult: false));
                done++;
            }
        }

        return statuses;
    }

    /// <summary>With the limits that it waits for.</summary>
    private JobStatus Refined(JobStatus status, bool withPlace = false) => _queueLimits.Refine(_keys.Refine(_core.Jobs.Batches.Refine(status, _core.Jobs.Find(status.Id), Now), withPlace));

    public async Task<GridStats> GetStats()
    {
        await CountDueAsync();
        var now = Now;
        var due = _core.Jobs.Windows.CountDue(now);
        return new GridStats
        {
            Counts = [.. _core.Jobs.Counts.All()],
            Due = due,
            Backlog = due.Sum(count => count.Jobs),
            Running = _core.Jobs.Leased.Count,
            Orphans = _core.Jobs.Orphans,
            Letters = _core.Letters.Waiting,
            LetterAge = TimeSpan.FromMilliseconds(_core.Letters.OldestAge(now)),
            OldestWaiting = TimeSpan.FromMilliseconds(_core.Jobs.Windows.OldestWaiting(now)),
            SubmittedPerSecond = _submitted.PerSecond(now),
            FinishedPerSecond = _finished.PerSecond(now),
        };
    }

    /// <summary>Asks the store how many jobs are due in those lanes whose windows do not reach as far as the present.</summary>
    private async Task CountDueAsync()
    {
        var now = Now;
        var lanes = _core.Jobs.Windows.DueBeyond(now);
        if (lanes.Count == 0 || _commits.IsOver) return;
        var counts = await _rows.CountDueAsync(lanes.ConvertAll(lane => lane.Name), now);
        for (var i = 0; i < counts.Length; i++) lanes[i].DueInStore = counts[i];
    }
}
