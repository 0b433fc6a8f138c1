namespace OrleansJobs.Partitions;

/// <summary>A waiting job as a page of its lane shows it.</summary>
/// <param name="Score">See <see cref="LiveJob.Score"/>.</param>
/// <param name="Job">Null beyond the page's budget of bytes: to be read before use.</param>
internal sealed record LaneEntry(string Id, long Score, StoredJob? Job);

/// <summary>A place in a lane's order (score, id by ordinal). Everything is behind <see cref="Start"/>.</summary>
internal readonly record struct LanePosition(long Score, string Id)
{
    public static readonly LanePosition Start = new(long.MinValue, "");
}
