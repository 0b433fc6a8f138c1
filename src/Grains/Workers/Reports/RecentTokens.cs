namespace OrleansJobs.Workers;

/// <summary>
/// The tokens of the attempts that ended last. A lease may come by two ways at once, from a partition of this silo directly and in an
/// answer that repeats what seemed lost, and the slower way may be slower than the job. Not thread-safe.
/// </summary>
internal sealed class RecentTokens
{
    public const int Capacity = 1024;

    private readonly HashSet<long> _tokens = [];
    private readonly Queue<long> _order = new();

    public bool Contains(long token) => _tokens.Contains(token);

    public void Add(long token)
    {
        if (!_tokens.Add(token)) return;
        _order.Enqueue(token);
        if (_order.Count > Capacity) _tokens.Remove(_order.Dequeue());
    }
}
