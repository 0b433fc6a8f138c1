namespace OrleansJobs.Storage;

/// <summary>When a copy is given up: it is made on the thread on which all commits wait, so it neither goes on for ever nor holds them up for long.</summary>
internal sealed class SqliteCopyBounds
{
    /// <summary>SQLite begins a copy anew whenever a transaction is undone, as it is while a disk is full.</summary>
    public const int MaxRestarts = 5;

    /// <summary>Slow steps in a row: one or two are a disk that is busy with something else.</summary>
    public const int MaxSlow = 4;

    /// <summary>A step takes a millisecond or two on a disk of this machine.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(250);

    /// <summary>All that slow steps may take together: commits have waited for it.</summary>
    public static readonly TimeSpan MaxSlowTime = TimeSpan.FromSeconds(10);

    private int _copied;
    private int _restarts;
    private int _slow;
    private TimeSpan _slowTime;

    /// <summary>After each step.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="copied">Pages that the copy has now.</param>
    /// <returns>Why it is given up; null while it goes on.</returns>
    public string? Note(TimeSpan took, int copied)
    {
        // A step always copies something, so as much as before was copied anew.
        if (copied <= _copied) _restarts++;
        _copied = copied;
        _slow = took > Slow ? _slow + 1 : 0;
        if (took > Slow) _slowTime += took;
        if (_restarts > MaxRestarts) return $"it had to begin anew {_restarts} times, because transactions were undone; is the disk of the store's file full?";
        if (_slow < MaxSlow && _slowTime < MaxSlowTime) return null;
        return $"{MaxSlow} writes in a row took longer than {Slow.TotalMilliseconds} ms each, or such writes {MaxSlowTime.TotalSeconds} s together, while commits waited: let Store:BackupFolder be on a disk of this machine, and move copies from there";
    }
}
