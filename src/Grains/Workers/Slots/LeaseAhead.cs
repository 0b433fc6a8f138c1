namespace OrleansJobs.Workers;

/// <summary>
/// How many leases to hold beyond the slots. Where jobs are much shorter than a round trip to their partition, slots would stand empty for
/// most of the time; where they are long, a lease held ahead keeps a job from an idle silo. So it follows the measured duration, and a lease
/// that found no slot in time takes it back to none.
/// </summary>
internal sealed class LeaseAhead(int slots)
{
    /// <summary>What is held ahead is to find its slot within about this time.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMilliseconds(5);

    /// <summary>A lease that found no slot for so long is handed back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Leases held ahead per slot, at most.</summary>
    public const int MaxPerSlot = 16;

    private const double Weight = 1.0 / 32;

    private double _average = Horizon.TotalMilliseconds;

    /// <summary>Leases that may be held beyond the slots now.</summary>
    public int Allowed => _average >= Horizon.TotalMilliseconds ? 0 : (int)(slots * Math.Min(MaxPerSlot, Horizon.TotalMilliseconds / Math.Max(_average, 0.001)));

    public void Finished(TimeSpan took) => _average += (Math.Min(took.TotalMilliseconds, 100 * Horizon.TotalMilliseconds) - _average) * Weight;

    /// <summary>A lease held ahead found no slot: the jobs that run are longer than those before.</summary>
    public void Overdue() => _average = 10 * Horizon.TotalMilliseconds;
}
