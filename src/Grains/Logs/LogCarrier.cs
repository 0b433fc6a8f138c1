using Microsoft.Extensions.Logging;

namespace OrleansJobs.Logs;

/// <summary>
/// Hands the lines of a silo's attempts to their partitions: one call to a partition at a time, and at most one in an interval, with what all of its jobs have logged since. What an
/// attempt logs in its last interval goes with its report instead, so that short jobs cost no call. One timer for the silo, that stands still while nobody logs.
/// </summary>
internal sealed partial class LogCarrier : IDisposable
{
    /// <summary>Bytes of one call, unless one attempt alone has more. The others go with the next.</summary>
    public const long MaxCallBytes = 1 << 20;

    /// <summary>Characters of lines that wait in the memory of a silo, of all its attempts: 64 MiB.</summary>
    public const long MaxWaiting = 32 << 20;

    /// <summary>Between two tries to hand over what cannot wait, where the partition did not answer.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly Func<int, ILogIntake> _intakes;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly long _maxWaiting;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly HashSet<AttemptLog> _changed = [];
    private readonly Dictionary<int, TaskCompletionSource<CallEnd>> _underWay = [];
    private long _waiting;
    private bool _isArmed;

    public LogCarrier(Func<int, ILogIntake> intakes, TimeProvider time, LogOptions options, ILogger logger, long maxWaiting = MaxWaiting)
    {
        _time = time;
        _maxWaiting = maxWaiting;
        _intakes = intakes;
        _interval = options.Interval;
        _logger = logger;
        _timer = time.CreateTimer(static carrier => ((LogCarrier)carrier!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls that are under way; for tests.</summary>
    public int Calls
    {
        get { lock (_gate) return _underWay.Count; }
    }

    /// <summary>Characters of lines that wait.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>More wait than may.</summary>
    public bool IsFull => Waiting > _maxWaiting;

    /// <summary>Lines have come to wait, or do so no more.</summary>
    public void Weigh(long size) => Interlocked.Add(ref _waiting, size);

    /// <summary>
    /// Hands over what attempts have said before it is answered: whoever takes them over goes on behind it. What cannot be handed over in time, or is not to be taken now, goes on waiting.
    /// </summary>
    public async Task FlushAsync(IReadOnlyCollection<AttemptLog> logs, TimeSpan patience, CancellationToken cancellation)
    {
        if (!logs.Any(static log => log.HasLines)) return;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Not as a call of whoever asks for it.
        var flush = Task.Run(() => Task.WhenAll(logs.GroupBy(static log => log.Partition).Select(group => FlushAsync(group.Key, [.. group], ending.Token))), CancellationToken.None);
        try
        {
            await flush.WaitAsync(patience, _time, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // They are sent again at the next interval.
        }

        await ending.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>An attempt has lines, and had none.</summary>
    public void Changed(AttemptLog log)
    {
        lock (_gate)
        {
            _changed.Add(log);
            Arm();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Arm()
    {
        if (_isArmed) return;
        _isArmed = true;
        _timer.Change(_interval, Timeout.InfiniteTimeSpan);
    }

    private void Ring()
    {
        List<(int Partition, AttemptLog[] Logs)> calls;
        lock (_gate)
        {
            _isArmed = false;
            calls = [.. _changed.Where(log => !_underWay.ContainsKey(log.Partition)).GroupBy(static log => log.Partition).Select(static group => (group.Key, group.ToArray()))];
            foreach (var (partition, logs) in calls) Begin(partition, logs);

            if (_changed.Count > 0) Arm();
        }

        foreach (var (partition, logs) in calls) _ = SendAsync(partition, logs);
    }

    private TaskCompletionSource<CallEnd> Begin(int partition, AttemptLog[] logs)
    {
        var end = new TaskCompletionSource<CallEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        _underWay.Add(partition, end);
        _changed.ExceptWith(logs);
        return end;
    }

    private async Task FlushAsync(int partition, AttemptLog[] logs, CancellationToken cancellation)
    {
        while (Array.Exists(logs, static log => log.HasLines) && !cancellation.IsCancellationRequested)
        {
            AttemptLog[]? all = null;
            Task<CallEnd> end;
            lock (_gate)
            {
                if (_underWay.TryGetValue(partition, out var earlier)) end = earlier.Task;
                else
                {
                    // With what others have: they may be about to go too.
                    all = [.. logs.Where(static log => log.HasLines).Union(_changed.Where(log => log.Partition == partition))];
                    end = Begin(partition, all).Task;
                }
            }

            if (all is not null) await SendAsync(partition, all).ConfigureAwait(false);
            var came = await end.ConfigureAwait(false);
            // It was asked, and has no room now.
            if (all is not null && came is CallEnd.Refused) return;
            if (came is CallEnd.Failed) await Task.Delay(Retry, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(int partition, AttemptLog[] logs)
    {
        var sent = new List<(AttemptLog Log, LogLines Lines)>(logs.Length);
        var later = new List<AttemptLog>();
        LogAnswer[]? answers = null;
        try
        {
            var bytes = 0L;
            foreach (var log in logs)
            {
                if (bytes >= MaxCallBytes) later.Add(log);
                else if (log.Peek() is { } lines)
                {
                    bytes += lines.Size;
                    sent.Add((log, lines));
                }
            }

            if (sent.Count > 0) answers = await _intakes(partition).AppendLogs([.. sent.Select(static one => one.Lines)]).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogNotCarried(exception, partition, sent.Count);
        }

        for (var i = 0; i < sent.Count; i++)
        {
            var (log, lines) = sent[i];
            if (log.Settled(lines.Lines[^1].Number, answers is not null && i < answers.Length ? answers[i] : null)) later.Add(log);
        }

        TaskCompletionSource<CallEnd>? end;
        lock (_gate)
        {
            _underWay.Remove(partition, out end);
            _changed.UnionWith(later);
            if (_changed.Count > 0) Arm();
        }

        end!.SetResult(answers is null && sent.Count > 0 ? CallEnd.Failed : answers is not null && Array.TrueForAll(answers, static answer => answer is LogAnswer.Later) ? CallEnd.Refused : CallEnd.Taken);
    }

    private enum CallEnd
    {
        /// <summary>Something of it was, or it held nothing.</summary>
        Taken,
        Refused,
        Failed,
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What {Count} jobs of partition {Partition} have logged could not be handed over; it will be tried again.")]
    private partial void LogNotCarried(Exception exception, int partition, int count);
}
