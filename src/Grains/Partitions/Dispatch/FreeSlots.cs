namespace OrleansJobs.Partitions;

/// <summary>
/// The slots that are free for one answer, where its worker asks for more jobs than that. A permit is for a job that runs: those that something limits are given out
/// for these slots only, the others ahead of them too. Whatever is given out takes one while there are some: who goes first does so in the worker as well.
/// </summary>
internal sealed class FreeSlots(int count)
{
    private int _left = count;
    private int _leases;
    private bool _hasLimited;

    /// <summary>So many leases, the first of the answer, are for these slots; 0 where none of all is of a limited job: then nobody needs to know.</summary>
    public int Limited => _hasLimited ? _leases : 0;

    /// <summary>It was the turn of a limited job, and there was none left.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>Whether a limited job may be given out; where not, that is noted.</summary>
    public bool HasOne
    {
        get
        {
            IsMissing |= _left == 0;
            return _left > 0;
        }
    }

    /// <summary>A job has been given out, or a batch in so many leases.</summary>
    public void Take(int leases, bool isLimited)
    {
        _hasLimited |= isLimited;
        if (_left == 0) return;
        _left--;
        _leases += leases;
    }
}
