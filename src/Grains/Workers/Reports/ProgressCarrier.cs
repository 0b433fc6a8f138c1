using Microsoft.Extensions.Logging;
using OrleansJobs.Hosting;

namespace OrleansJobs.Workers;

/// <summary>
/// Carries what handlers report to the grains of their jobs: the first value at once, later ones at most every interval, and only what has
/// changed. Where nobody watches a job it says less. One timer for the whole silo, that stands still while nothing changes.
/// </summary>
internal sealed partial class ProgressCarrier : IDisposable
{
    /// <summary>How often at most a job's progress is carried while nobody watches it.</summary>
    public static readonly TimeSpan UnwatchedInterval = TimeSpan.FromSeconds(2);

    private readonly Func<string, IJobFeed> _feeds;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _unwatchedInterval;
    private readonly int _maxMessage;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<ProgressCell> _waiting = [];
    private ProgressCell? _changed;
    private int _sweeps;
    private int _armed;

    public ProgressCarrier(Func<string, IJobFeed> feeds, TimeProvider time, JobGridOptions options, ILogger logger)
    {
        _feeds = feeds;
        _time = time;
        _interval = options.ProgressInterval;
        _unwatchedInterval = UnwatchedInterval > _interval ? UnwatchedInterval : _interval;
        _maxMessage = options.Limits.MaxMessageLength;
        _logger = logger;
        _timer = time.CreateTimer(static carrier => ((ProgressCarrier)carrier!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A cell that was carried has a new value.</summary>
    public void Changed(ProgressCell cell)
    {
        do cell.Next = Volatile.Read(ref _changed);
        while (Interlocked.CompareExchange(ref _changed, cell, cell.Next) != cell.Next);
        // While the timer is set it will look at this cell too, in time; only a first value does not wait for it.
        if (Volatile.Read(ref _armed) == 0 || cell.Carried.SentAt == 0) Sweep();
    }

    /// <summary>The newest value, numbered as if it were sent; and somebody watches from now on.</summary>
    public Progress Watch(ProgressCell cell)
    {
        Progress progress;
        lock (cell.Carried)
        {
            cell.Carried.Unwatched = false;
            cell.Carried.Watches++;
            progress = Number(cell, cell.Read());
        }

        Sweep();
        return progress;
    }

    /// <summary>
    /// Timestamp of when the handler was last seen to say something else than before; 0: it has said nothing. Reports do not look at the clock: they are seen when they are carried, or asked for here, at
    /// most two seconds later.
    /// </summary>
    public long NewsAt(ProgressCell cell)
    {
        lock (cell.Carried)
        {
            See(cell.Carried, cell.Read());
            return cell.Carried.NewsAt;
        }
    }

    private void See(CarriedState carried, ProgressValue value)
    {
        if (value.Version == carried.Seen.Version) return;
        if (carried.Seen.Version == 0 || !value.SaysAs(carried.Seen)) carried.NewsAt = Math.Max(1, _time.GetTimestamp());
        carried.Seen = value;
    }

    /// <summary>The attempt is over: nothing more is carried for it, and its last value goes with its report.</summary>
    /// <param name="told">Whether the job's grain was told anything.</param>
    public Progress Close(ProgressCell cell, out bool told)
    {
        cell.Listener?.Over();
        lock (cell.Carried)
        {
            cell.Carried.Closed = true;
            told = cell.Carried.Told;
            return Number(cell, cell.Read());
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        Volatile.Write(ref _armed, 0);
        Sweep();
    }

    /// <summary>Looks at all that has changed, away from the handler's thread. One sweep runs at a time; one more follows where it was asked for meanwhile.</summary>
    private void Sweep()
    {
        if (Interlocked.Exchange(ref _sweeps, 2) == 0) ThreadPool.UnsafeQueueUserWorkItem(static carrier => carrier.SweepAll(), this, preferLocal: false);
    }

    private void SweepAll()
    {
        do
        {
            Interlocked.Exchange(ref _sweeps, 1);
            SweepOnce();
        }
        while (Interlocked.CompareExchange(ref _sweeps, 0, 1) != 1);
    }

    private void SweepOnce()
    {
        for (var cell = Interlocked.Exchange(ref _changed, null); cell is not null;)
        {
            var next = cell.Next;
            cell.Next = null;
            _waiting.Add(cell);
            cell = next;
        }

        var soonest = TimeSpan.MaxValue;
        var kept = 0;
        for (var i = 0; i < _waiting.Count; i++)
        {
            var cell = _waiting[i];
            var wait = TimeToWait(cell);
            if (wait is null) continue;
            if (wait <= TimeSpan.Zero)
            {
                Carry(cell);
                continue;
            }

            _waiting[kept++] = cell;
            if (wait < soonest) soonest = wait.Value;
        }

        _waiting.RemoveRange(kept, _waiting.Count - kept);
        if (kept == 0) return;
        Volatile.Write(ref _armed, 1);
        _timer.Change(soonest < _interval ? soonest : _interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Null: never again. Zero: now.</summary>
    private TimeSpan? TimeToWait(ProgressCell cell)
    {
        var carried = cell.Carried;
        lock (carried)
        {
            if (carried.Closed) return null;
            if (carried.InFlight) return _interval;
            if (carried.SentAt == 0) return TimeSpan.Zero;
            var left = (carried.Unwatched ? _unwatchedInterval : _interval) - _time.GetElapsedTime(carried.SentAt);
            // Those that are nearly due go along, so that a thousand jobs are a few sweeps a second and not a thousand.
            return left <= _interval / 10 ? TimeSpan.Zero : left;
        }
    }

    private void Carry(ProgressCell cell)
    {
        cell.Rearm();
        Progress progress;
        int watches;
        lock (cell.Carried)
        {
            var value = cell.Read();
            if (cell.Carried.Closed || value.Version == cell.Carried.SentVersion) return;
            See(cell.Carried, value);
            progress = Number(cell, value);
            cell.Carried.SentVersion = value.Version;
            cell.Carried.SentAt = Math.Max(1, _time.GetTimestamp());
            cell.Carried.InFlight = true;
            cell.Carried.Told = true;
            watches = cell.Carried.Watches;
        }

        cell.Listener?.Tell(progress);
        _ = SendAsync(cell, progress, watches);
    }

    private async Task SendAsync(ProgressCell cell, Progress progress, int watches)
    {
        var watched = false;
        var failed = false;
        try
        {
            watched = await _feeds(cell.Lease.Id).Progress(cell.Lease, progress).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failed = true;
            LogNotCarried(exception, cell.Lease.Id);
        }

        lock (cell.Carried)
        {
            cell.Carried.InFlight = false;
            // Whoever came to watch meanwhile is news that this answer, given before, does not undo.
            cell.Carried.Unwatched = !watched && cell.Carried.Watches == watches;
            if (failed) cell.Carried.SentVersion = 0;
        }

        if (failed) cell.Tell();
    }

    private Progress Number(ProgressCell cell, ProgressValue value)
    {
        if (value.Version == 0) return default(Progress) with { Epoch = cell.Epoch };
        if (value.Version != cell.Carried.NumberedVersion)
        {
            cell.Carried.NumberedVersion = value.Version;
            cell.Carried.Sequence++;
        }

        return new Progress(cell.Carried.Sequence, value.Current, Math.Max(1, value.Total), ExceptionText.Clip(value.Message, _maxMessage), value.Data, cell.Epoch);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Progress of job {JobId} could not be carried to its grain; it will be tried again.")]
    private partial void LogNotCarried(Exception exception, string jobId);
}
