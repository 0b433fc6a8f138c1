using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The slots that are free for one answer, where its worker asks for more jobs than that. A permit is for a job that runs: those that something limits are given out
/// for these slots only, the others ahead of them too.
/// </summary>
internal sealed class FreeSlots(int count)
{
    private int _left = count;

    /// <summary>Leases of limited jobs.</summary>
    public List<Lease> Leases { get; } = [];

    /// <summary>It was the turn of a limited job, and there was none left.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>Whether another may be given out; where not, that is noted.</summary>
    public bool HasOne
    {
        get
        {
            IsMissing |= _left == 0;
            return _left > 0;
        }
    }

    /// <summary>One has been given out.</summary>
    public void Take() => _left--;
}
