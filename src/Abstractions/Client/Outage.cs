namespace OrleansJobs;

/// <summary>Counts how long the grid has not answered, and how long to wait before asking again: ever longer, up to two seconds.</summary>
internal struct Outage(TimeProvider time, TimeSpan atMost)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    private long? _since;
    private TimeSpan _delay = FirstDelay;

    /// <summary>The grid has answered.</summary>
    public void End()
    {
        _since = null;
        _delay = FirstDelay;
    }

    /// <summary>The grid has not answered. False: for too long.</summary>
    public bool GoesOn(long asked)
    {
        _since ??= asked;
        return time.GetElapsedTime(_since.Value) < atMost;
    }

    public Task DelayAsync(CancellationToken cancellation)
    {
        var delay = _delay;
        _delay = TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, delay.Ticks * 2));
        return Task.Delay(delay, time, cancellation);
    }
}
