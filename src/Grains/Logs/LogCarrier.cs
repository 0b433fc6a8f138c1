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

    private readonly Func<int, ILogIntake> _intakes;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly HashSet<AttemptLog> _changed = [];
    private readonly HashSet<int> _underWay = [];
    private bool _isArmed;

    public LogCarrier(Func<int, ILogIntake> intakes, TimeProvider time, LogOptions options, ILogger logger)
    {
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
            calls = [.. _changed.Where(log => !_underWay.Contains(log.Partition)).GroupBy(static log => log.Partition).Select(static group => (group.Key, group.ToArray()))];
            foreach (var (partition, logs) in calls)
            {
                _underWay.Add(partition);
                _changed.ExceptWith(logs);
            }

            if (_changed.Count > 0) Arm();
        }

        foreach (var (partition, logs) in calls) _ = SendAsync(partition, logs);
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

        lock (_gate)
        {
            _underWay.Remove(partition);
            _changed.UnionWith(later);
            if (_changed.Count > 0) Arm();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What {Count} jobs of partition {Partition} have logged could not be handed over; it will be tried again.")]
    private partial void LogNotCarried(Exception exception, int partition, int count);
}
