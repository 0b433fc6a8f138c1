namespace OrleansJobs.Storage;

/// <summary>Ids, each with a score, in the order (score, id by ordinal): what a sorted set is in Redis.</summary>
internal sealed class ScoredSet
{
    private readonly Dictionary<string, long> _scores = [];
    private readonly SortedSet<Line> _order = new(LineOrder.Instance);

    public int Count => _scores.Count;

    public Line First => _order.Min;

    /// <exception cref="ArgumentException">It is there with another score.</exception>
    public void Put(string id, long score)
    {
        Check(id, score);
        if (_scores.TryAdd(id, score)) _order.Add(new(score, id));
    }

    /// <param name="score">The one that it has; nothing happens where it is not there.</param>
    /// <exception cref="ArgumentException">It has another score.</exception>
    public void Remove(string id, long score)
    {
        Check(id, score);
        if (_scores.Remove(id)) _order.Remove(new(score, id));
    }

    /// <summary>Those strictly behind a place, in order.</summary>
    public IEnumerable<Line> Behind(long score, string id)
    {
        var place = new Line(score, id);
        if (Count == 0 || LineOrder.Instance.Compare(place, _order.Max) >= 0) yield break;

        foreach (var line in _order.GetViewBetween(place, _order.Max))
        {
            if (line != place) yield return line;
        }
    }

    /// <summary>Those with a score from one to another, both included.</summary>
    public IEnumerable<Line> Between(long from, long to, bool descending)
    {
        if (Count == 0 || from > to || from > _order.Max.Score || to < _order.Min.Score) return [];
        // An empty id comes before all others of its score.
        var view = to >= _order.Max.Score ? _order.GetViewBetween(new(from, ""), _order.Max) : _order.GetViewBetween(new(from, ""), new(to + 1, ""));
        return (descending ? view.Reverse() : view).Where(line => line.Score <= to);
    }

    /// <summary>Stores that look for members by their score would keep two of them, or leave one behind: what is wrong there is not to pass here.</summary>
    private void Check(string id, long score)
    {
        if (_scores.TryGetValue(id, out var known) && known != score) throw new ArgumentException($"'{id}' stands at {known}, not at {score}.");
    }

    internal readonly record struct Line(long Score, string Id);

    private sealed class LineOrder : IComparer<Line>
    {
        public static readonly LineOrder Instance = new();

        public int Compare(Line x, Line y) => x.Score != y.Score ? x.Score.CompareTo(y.Score) : string.CompareOrdinal(x.Id, y.Id);
    }
}
