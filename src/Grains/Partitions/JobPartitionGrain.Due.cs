using OrleansJobs.Keys;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>Waiting jobs by when they are due, soonest first.</summary>
[GenerateSerializer, Immutable, Alias("oj.duePage")]
internal sealed record DuePage
{
    [Id(0)] public DueJob[] Jobs { get; init; } = [];

    /// <summary>Everything up to it has been looked at; null: everything there is.</summary>
    [Id(1)] public DuePlace? LookedUpTo { get; init; }

    /// <summary>So many lanes fit the query that nothing was looked at.</summary>
    [Id(2)] public bool HasTooManyLanes { get; init; }

    /// <inheritdoc cref="PartitionPage.LookedAt"/>
    [Id(3)] public int LookedAt { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.dueJob")]
internal readonly record struct DueJob([property: Id(0)] long Due, [property: Id(1)] JobStatus Status);

/// <summary>A place in the order of what is due.</summary>
[GenerateSerializer, Immutable, Alias("oj.duePlace")]
internal readonly record struct DuePlace([property: Id(0)] long Due, [property: Id(1)] string Id) : IComparable<DuePlace>
{
    public static readonly DuePlace Start = new(0, "");

    public int CompareTo(DuePlace other) => Due != other.Due ? Due.CompareTo(other.Due) : string.CompareOrdinal(Id, other.Id);
}

/// <summary>
/// Jobs that wait for an instant, by that instant. Each lane is in this order already: nothing is kept for it, and lanes that are whole in memory are not read.
/// </summary>
internal sealed partial class JobPartitionGrain
{
    /// <summary>Each lane costs a read, where memory does not hold it.</summary>
    private const int MostDueLanes = 256;

    public async Task<DuePage> ReadDuePage(JobQuery query, DuePlace after)
    {
        var now = Now;
        // What is due already waits for a slot, not for its time.
        var place = after.Due > now ? after : new DuePlace(now, "\uffff");
        var found = new List<DueJob>();
        var chunk = query.Limit + 1;
        var looked = 0;
        for (var bytes = 0L; looked < MostLookedAt && bytes < PageBytes; chunk = Math.Min(2 * chunk, LogChunk))
        {
            if (await ReadDueAsync(query, place, chunk) is not { } line) return new() { HasTooManyLanes = true };
            var ids = Array.ConvertAll(line.Length == chunk ? line[..^1] : line, entry => entry.Id);
            var records = await _rows.ReadListedAsync(ids, ReadBytes, withArgs: query.Args is not null);
            for (var i = 0; i < records.Length; i++)
            {
                place = line[i];
                if (records[i] is not { } record) continue;
                bytes += record.Size;
                var status = StatusOf.Stored(place.Id, record, now, withResult: false);
                if (status.State != JobState.Pending || !query.Matches(status) || !JobListing.HasArgs(record, query.Args)) continue;
                found.Add(new(place.Due, status));
                if (found.Count == query.Limit) return new() { Jobs = [.. found], LookedUpTo = i + 1 < line.Length ? place : null, LookedAt = looked + i + 1 };
            }

            looked += records.Length;
            if (records.Length == line.Length) return new() { Jobs = [.. found], LookedAt = looked };
        }

        return new() { Jobs = [.. found], LookedUpTo = place, LookedAt = looked };
    }

    /// <summary>What comes behind a place, of all lanes that fit; null where they are too many.</summary>
    private async Task<DuePlace[]?> ReadDueAsync(JobQuery query, DuePlace after, int limit)
    {
        var found = new List<DuePlace>();
        var unread = new List<Lane>();
        foreach (var lane in _core.Jobs.Index.All.Where(lane => lane.Count > 0 && (query.Queue is null || lane.Queue == query.Queue) && (query.Type is null || lane.Type == query.Type)))
        {
            if (lane.Horizon is not null) unread.Add(lane);
            else if (lane.Line is null) found.AddRange(PlacesIn(lane).Take(limit));
            // Those of a key stand in another order.
            else found.AddRange(PlacesIn(lane).Order().Take(limit));
        }

        if (unread.Count > MostDueLanes) return null;
        foreach (var lane in unread)
        {
            // Scores of a key's lane are seats; of those that are not due yet, the instant at which they are.
            var isKeyed = lane.Line is not null;
            var from = new SetPlace(isKeyed ? KeySeat.At(after.Due) : after.Due, after.Id);
            var page = await _store.ReadPageAsync(_partition, GridLayout.Jobs.Lanes[lane.Name], from, limit, new RowRead(GridLayout.Jobs.Specs) with { ByteBudget = 0 });
            found.AddRange(page.Where(line => !isKeyed || line.Score < KeySeat.Last).Select(line => new DuePlace(isKeyed ? KeySeat.DueOf(line.Score) : line.Score, line.Member)));
            // Save where an order keeps their places, which are the first and in memory.
            if (isKeyed) found.AddRange(lane.Window.Where(job => KeySeat.IsKept(job, after.Due - 1)).Select(job => new DuePlace(job.Due, job.Id)).Where(place => place.CompareTo(after) > 0));
        }

        // What waits for others, and for no instant, comes at the end of all time.
        return [.. found.Where(place => place.Due < JobBook.Never).Order().Take(limit)];

        IEnumerable<DuePlace> PlacesIn(Lane lane) => lane.Window.Select(job => new DuePlace(job.Due, job.Id)).Where(place => place.CompareTo(after) > 0);
    }
}
