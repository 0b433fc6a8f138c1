using OrleansJobs.Storage;

namespace OrleansJobs.Hosting;

/// <summary>What this silo knows of the grid's and the store's health. Written by those who meet the store, read by the readiness check and the admission of submits.</summary>
internal sealed class GridHealth(TimeProvider time)
{
    /// <summary>One answer that failed is noise; this long without a good one is trouble.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private long _unreachableSince;
    private volatile string? _lost;
    private double _fullness;

    /// <summary>The grid this silo serves, once it has been opened.</summary>
    public GridRecord? Grid { get; set; }

    /// <summary>The silo takes no more work because it is to stop.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Share of the store's memory limit that is used.</summary>
    public double Fullness
    {
        get => Volatile.Read(ref _fullness);
        set => Volatile.Write(ref _fullness, value);
    }

    public bool IsLost => _lost is not null;

    /// <summary>Why the clock is not to be trusted; answers null where it is.</summary>
    public Func<string?>? ClockTrouble { get; set; }

    public void StoreAnswered() => Volatile.Write(ref _unreachableSince, 0);

    public void StoreFailed() => Interlocked.CompareExchange(ref _unreachableSince, Math.Max(1, time.GetTimestamp()), 0);

    /// <summary>The store was not empty and is now. Nothing heals that but people: the silo stays not ready until it is restarted.</summary>
    public void StoreLost(string what) => _lost ??= what;

    /// <summary>Null: ready. Otherwise why not, in words for operators.</summary>
    public string? Trouble()
    {
        if (_lost is { } lost) return lost;
        if (Grid is null) return "The grid has not been opened yet.";
        if (IsDraining) return "This silo is draining.";
        if (ClockTrouble?.Invoke() is { } clock) return clock;
        var since = Volatile.Read(ref _unreachableSince);
        return since != 0 && time.GetElapsedTime(since) >= Patience ? "The store does not answer." : null;
    }
}
