namespace OrleansJobs.Storage;

/// <summary>Ids by stamp: what a stream with explicit ids is in Redis.</summary>
internal sealed class StampedLog
{
    private readonly SortedSet<LogLine> _lines = new(Comparer<LogLine>.Create((x, y) => x.Stamp.CompareTo(y.Stamp)));

    public int Count => _lines.Count;

    public void Add(LogLine line) => _lines.Add(line);

    public void Remove(long stamp) => _lines.Remove(new(stamp, ""));

    /// <summary>Those with a stamp strictly between, newest first.</summary>
    public IEnumerable<LogLine> Between(long after, long before) =>
        after >= before || after + 1 == before ? [] : _lines.GetViewBetween(new(after + 1, ""), new(before - 1, "")).Reverse();
}
