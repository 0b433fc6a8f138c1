namespace OrleansJobs.Workers;

/// <summary>
/// Stops an attempt that says nothing new for longer than its type allows. Made only for types that have such a limit. Its timer is set to when the limit would be reached, not to each word of
/// the handler: a handler that speaks costs it one look a limit.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    private readonly RunningJob _job;
    private readonly TimeSpan _limit;
    private readonly ITimer _timer;

    public StallWatch(RunningJob job, TimeSpan limit, TimeProvider time)
    {
        (_job, _limit) = (job, limit);
        _timer = time.CreateTimer(static watch => ((StallWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var left = _limit - _job.SilentFor;
        if (left <= TimeSpan.Zero) _job.Stop(StopReason.Stalled);
        // A clock that counts in ticks may be a part of one short of it.
        else _timer.Change(left > LeastLook ? left : LeastLook, Timeout.InfiniteTimeSpan);
    }

    private static readonly TimeSpan LeastLook = TimeSpan.FromMilliseconds(1);
}
