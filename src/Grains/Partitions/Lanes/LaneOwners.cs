namespace OrleansJobs.Partitions;

/// <summary>
/// Who made the lanes that there are: names of queues are anybody's to make up, and one submitter must not use up what is there for all. Kept
/// in memory alone, for as long as the lane: a bound against abuse, not a record.
/// </summary>
internal sealed class LaneOwners
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Lanes that somebody made and that still hold a job; 0 for those who need not say who they are.</summary>
    public int CountOf(string? owner) => owner is null ? 0 : _counts.GetValueOrDefault(owner);

    /// <summary>A job of this submitter goes into the lane, which is theirs if nobody else's.</summary>
    public void Own(Lane lane, string? owner)
    {
        if (owner is null || lane.Owner is not null || lane.Count > 0) return;
        lane.Owner = owner;
        _counts[owner] = CountOf(owner) + 1;
    }

    /// <summary>The lane is forgotten, or empty and somebody else's to fill.</summary>
    public void Disown(Lane lane)
    {
        if (lane.Owner is not { } owner) return;
        lane.Owner = null;
        var left = CountOf(owner) - 1;
        if (left > 0) _counts[owner] = left;
        else _counts.Remove(owner);
    }
}
