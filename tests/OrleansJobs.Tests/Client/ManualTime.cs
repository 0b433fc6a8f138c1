namespace OrleansJobs.Tests.Client;

/// <summary>A clock that stands still until it is told to go on.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private int _still;
    private long _armed;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How many timers are armed.</summary>
    public int Timers
    {
        get
        {
            lock (_lock) return _timers.Count;
        }
    }

    /// <summary>So far it goes on by itself whenever somebody looks at it.</summary>
    public TimeSpan Creep { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now += Creep;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += by;
            due = _timers.FindAll(timer => timer.Due <= _now);
            _timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.Fire();
    }

    /// <summary>Something real is under way: until this is disposed of, <see cref="RunAsync"/> does not move the clock.</summary>
    public IDisposable StandStill()
    {
        lock (_lock) _still++;
        return new Stillness(this);
    }

    /// <summary>Goes on from timer to timer until the task has completed.</summary>
    public async Task<T> RunAsync<T>(Task<T> task)
    {
        var armed = -1L;
        for (var steps = 0; !task.IsCompleted; steps++)
        {
            if (steps == 30_000) throw new TimeoutException("The task does not complete, however far the clock goes.");
            // Lets continuations run before the clock moves on: where the machine is busy they stand in the queue that these go through.
            await Task.Delay(TimeSpan.FromMilliseconds(1), System);
            for (var turns = 0; turns < 4; turns++)
                await Task.Factory.StartNew(static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
            // Those that a thread keeps in a queue of its own are not behind it. Other tests have some as well, and need not come to an end.
            for (var waits = 0; ThreadPool.PendingWorkItemCount > 0 && waits < 50; waits++) await Task.Delay(TimeSpan.FromMilliseconds(1), System);
            TimeSpan next;
            lock (_lock)
            {
                // Whoever has just set a timer is about to do what it bounds, and has not said yet that this takes no time.
                var isNew = armed != _armed;
                armed = _armed;
                if (_still > 0 || isNew) continue;
                next = _timers.Count == 0 ? TimeSpan.Zero : _timers.Min(timer => timer.Due) - _now;
            }

            Advance(next);
        }

        return await task;
    }

    private sealed class Stillness(ManualTime time) : IDisposable
    {
        public void Dispose()
        {
            lock (time._lock) time._still--;
        }
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero) throw new NotSupportedException("Timers that repeat.");
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = time._now + dueTime;
                time._timers.Add(this);
                time._armed++;
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
