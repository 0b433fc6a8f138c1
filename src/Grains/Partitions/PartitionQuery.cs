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
    private const int LogChunk = 200;

    /// <summary>Jobs that one page looks at, whatever it finds.</summary>
    private const int MostLookedAt = 1000;

    public async Task<PartitionPage> ReadPage(JobQuery query, long before)
    {
        var found = new List<ListedJob>();
        var after = query.SubmittedAfter is { } instant ? JobSpec.StampAt(instant.ToUnixTimeMilliseconds()) : 0;
        var index = query.Tags.Length > 0 ? IndexNames.Tag(query.Tags[0]) : IndexNames.State(query.State);
        for (var looked = 0; looked < MostLookedAt;)
        {
            var lines = await _store.ReadLogAsync(_partition, new LogQuery(before, after, LogChunk, index, query.Queue, query.Type));
            var records = await _store.ReadAsync(_partition, Array.ConvertAll(lines, line => line.Id));
            for (var i = 0; i < lines.Length; i++)
            {
                before = lines[i].Stamp;
                if (records[i] is not { } record || !IsKept(record)) continue;
                var status = StatusOf.Stored(lines[i].Id, record, Now, withResult: false);
                if (!Matches(query, status)) continue;
                found.Add(new(before, status));
                if (found.Count == query.Limit) return new() { Jobs = [.. found], LookedDownTo = before };
            }

            if (lines.Length < LogChunk) return new() { Jobs = [.. found] };
            looked += lines.Length;
        }

        return new() { Jobs = [.. found], LookedDownTo = before };
    }

    public async Task<GridStats> GetStats()
    {
        await CountDueAsync();
        var now = Now;
        var due = _core.CountDue(now);
        return new GridStats
        {
            Counts = [.. _core.Counts()],
            Due = due,
            Backlog = due.Sum(count => count.Jobs),
            Running = _core.Leased.Count,
            Orphans = _core.Orphans,
            OldestWaiting = TimeSpan.FromMilliseconds(_core.OldestWaiting(now)),
            SubmittedPerSecond = _submitted.PerSecond(now),
            FinishedPerSecond = _finished.PerSecond(now),
        };
    }

    /// <summary>Asks the store how many jobs are due in those lanes whose windows do not reach as far as the present.</summary>
    private async Task CountDueAsync()
    {
        var now = Now;
        var lanes = _core.LanesDueBeyondWindow(now);
        if (lanes.Count == 0 || _commits.IsOver) return;
        var counts = await _store.CountDueAsync(_partition, lanes.ConvertAll(lane => lane.Name), now);
        for (var i = 0; i < counts.Length; i++) lanes[i].DueInStore = counts[i];
    }

    private static bool Matches(JobQuery query, JobStatus status) =>
        (query.State is not { } state || status.State == state)
        && (query.Type is null || status.Type == query.Type)
        && (query.Queue is null || status.Queue == query.Queue)
        && (query.SubmittedAfter is not { } after || status.SubmittedAt > after)
        && Array.TrueForAll(query.Tags, tag => Array.IndexOf(status.Tags, tag) >= 0);
}
