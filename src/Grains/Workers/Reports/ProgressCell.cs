namespace OrleansJobs.Workers;

/// <summary>
/// The last value a handler has reported. Writers neither wait for a reader nor allocate: a version that is odd while a value is being
/// written tells a reader to look again. The carrier is told of the first change after each time it looked, not of every one.
/// </summary>
internal sealed class ProgressCell(LeaseName lease, ProgressCarrier carrier, long epoch = 0, IProgressListener? listener = null)
{
    private long _version;
    private long _current;
    private long _total;
    private string? _message;
    private byte[]? _data;
    private int _changed;

    public LeaseName Lease { get; } = lease;

    /// <summary>See <see cref="Progress"/>.</summary>
    public long Epoch { get; } = epoch;

    /// <summary>Who else hears of what is carried; null: nobody.</summary>
    public IProgressListener? Listener { get; } = listener;

    /// <summary>What the carrier knows of this cell; the carrier's alone.</summary>
    public CarriedState Carried { get; } = new();

    /// <summary>The carrier's list of changed cells runs through the cells themselves, so that it costs nothing to be on it.</summary>
    public ProgressCell? Next { get; set; }

    public void Report(long current, long total, string? message, byte[]? data = null)
    {
        var spin = new SpinWait();
        long version;
        while (((version = Volatile.Read(ref _version)) & 1) != 0 || Interlocked.CompareExchange(ref _version, version + 1, version) != version)
            spin.SpinOnce(sleep1Threshold: -1);
        _current = current;
        _total = total;
        if (message is not null) _message = message;
        if (data is not null) _data = data;
        // A full fence: the value is out before the flag is read. The carrier lowers the flag before it reads the value, so one of the two sees the other.
        Interlocked.Exchange(ref _version, version + 2);
        if (Volatile.Read(ref _changed) == 0) Tell();
    }

    /// <summary>The value and its version; version 0: nothing was ever reported.</summary>
    public ProgressValue Read()
    {
        var spin = new SpinWait();
        while (true)
        {
            var version = Volatile.Read(ref _version);
            if ((version & 1) == 0)
            {
                var value = new ProgressValue(version, Volatile.Read(ref _current), Volatile.Read(ref _total), Volatile.Read(ref _message), Volatile.Read(ref _data));
                if (Volatile.Read(ref _version) == version) return value;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>From now on the next report tells the carrier.</summary>
    public void Rearm() => Interlocked.Exchange(ref _changed, 0);

    /// <summary>Has the carrier look at it, unless it is about to.</summary>
    public void Tell()
    {
        if (Interlocked.Exchange(ref _changed, 1) == 0) carrier.Changed(this);
    }
}

/// <summary>How far a cell's value has been carried. Guarded by its own lock.</summary>
internal sealed class CarriedState
{
    /// <summary>Counts the values that were given a number, so that the newest has the highest.</summary>
    public long Sequence { get; set; }

    /// <summary>The version that <see cref="Sequence"/> stands for.</summary>
    public long NumberedVersion { get; set; }
    public long SentVersion { get; set; }

    /// <summary>Timestamp of the last time it was sent; 0: never.</summary>
    public long SentAt { get; set; }
    public bool InFlight { get; set; }
    public bool Closed { get; set; }

    /// <summary>How many times it was said that somebody watches.</summary>
    public int Watches { get; set; }
    public bool Unwatched { get; set; }

    /// <summary>The job grain has been told something.</summary>
    public bool Told { get; set; }

    /// <summary>The value that was looked at last.</summary>
    public ProgressValue Seen { get; set; }

    /// <summary>Timestamp of when a value was first seen that says something else than the one before; 0: none was.</summary>
    public long NewsAt { get; set; }
}
