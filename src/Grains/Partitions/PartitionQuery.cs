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
        var found = new List<ListedJob>();
        var after = query.SubmittedAfter is { } instant ? JobSpec.StampAt(instant.ToUnixTimeMilliseconds()) : 0;
        var index = query.Schedule is { } schedule ? IndexNames.Schedule(schedule) : query.Parent is { } parent ? IndexNames.Parent(parent) : query.After is { } leader ? IndexNames.After(leader) : query.Tags.Length > 0 ? IndexNames.Tag(query.Tags[0]) : IndexNames.State(query.State);
        // One line more than the page, to know whether there is another. Where lines do not fit the filter, ever more are looked at.
        var chunk = query.Limit + 1;
        for (var (looked, bytes) = (0, 0L); looked < MostLookedAt && bytes < PageBytes; chunk = Math.Min(2 * chunk, LogChunk))
        {
            var lines = await _rows.ReadLogAsync(before, after, chunk, index, query.Queue, query.Type);
            // The last line of a full read only says that there is more.
            var ids = Array.ConvertAll(lines.Length == chunk ? lines[..^1] : lines, line => line.Member);
            var records = await _rows.ReadListedAsync(ids, ReadBytes);
            for (var i = 0; i < records.Length; i++)
            {
                before = lines[i].Stamp;
                if (records[i] is not { } record) continue;
                bytes += record.Size;
                if (!IsKept(record)) continue;
                var status = StatusOf.Stored(lines[i].Member, record, Now, withResult: false);
                if (!query.Matches(status)) continue;
                found.Add(new(before, Refined(status)));
                if (found.Count == query.Limit) return new() { Jobs = [.. found], LookedDownTo = i + 1 < lines.Length ? before : null };
            }

            if (records.Length == lines.Length) return new() { Jobs = [.. found] };
            looked += records.Length;
        }

        return new() { Jobs = [.. found], LookedDownTo = before };
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
