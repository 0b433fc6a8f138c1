namespace OrleansJobs.Workers;

/// <summary>
/// The names of the leases that ended last. A lease may come by two ways at once, from a partition of this silo directly and in an
/// answer that repeats what seemed lost, and the slower way may be slower than the job. Not thread-safe.
/// </summary>
internal sealed class RecentLeases
{
    public const int Capacity = 1024;

    private readonly HashSet<LeaseName> _leases = [];
    private readonly Queue<LeaseName> _order = new();

    public bool Contains(LeaseName lease) => _leases.Contains(lease);

    public void Add(LeaseName lease)
    {
        if (!_leases.Add(lease)) return;
        _order.Enqueue(lease);
        if (_order.Count > Capacity) _leases.Remove(_order.Dequeue());
    }
}
