using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Flows;

/// <summary>A clock for flows: short waits, such as those before another try, are over at once; long ones when the test says.</summary>
internal sealed class FlowTime : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly ManualTime _long = new();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _long.GetUtcNow();

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, _long.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        lock (_lock) _long.Advance(by);
    }

    private sealed class Timer(FlowTime time, ITimer later, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan || dueTime > Short) return later.Change(dueTime, period);
            time.Advance(dueTime);
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                if (!_disposed) callback(state);
            }, null);
            return true;
        }

        public void Dispose()
        {
            _disposed = true;
            later.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
