using OrleansJobs.Logs;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>A lease of a session, from its arrival until its partition knows how the attempt ended.</summary>
internal sealed class HeldLease(Lease lease, RetryPolicy policy, TimeSpan? timeout, ProgressCarrier carrier, IProgressListener? listener = null, Func<LeaseName, int, AttemptLog>? makeLog = null)
{
    private ProgressCell? _progress;
    private AttemptLog? _log;
    private LogLines? _lastLines;
    private ProgressValue? _said;
    private long _lastLine;
    private long _newsAt;

    public Lease Lease { get; } = lease;
    public LeaseName Name { get; } = new(lease.Id, lease.Token);

    /// <summary>What holds for its failures.</summary>
    public RetryPolicy Policy { get; } = policy;
    public TimeSpan? Timeout { get; } = timeout;

    /// <summary>After how long without anything new it is to stop; null: never.</summary>
    public TimeSpan? StalledAfter { get; init; }

    /// <summary>Timestamp of when its worker last said something new of it, or had got it; 0: it cannot know of it yet.</summary>
    public long NewsAt => Math.Max(GivenAt, _newsAt);

    /// <summary>Its worker has said something new: other progress, a line, a checkpoint, a step.</summary>
    public void NoteNews(long now) => _newsAt = now;

    /// <summary>Timestamp of its arrival.</summary>
    public required long ArrivedAt { get; init; }

    /// <summary>Of its progress: not 0 where another activation of the session may have told some.</summary>
    public long Epoch { get; init; }

    /// <summary>What an attempt before this one has left has been read, where there is something.</summary>
    public bool IsLoaded { get; set; }

    /// <summary>Its partition is to store that it is alone before it may run.</summary>
    public bool IsHeldBack { get; set; }
    public bool IsReady => IsLoaded && !IsHeldBack;

    /// <summary>Bytes of what its handler is given.</summary>
    public int Size => Lease.Args.Length + (Checkpoint?.Length ?? 0);
    public byte[]? Checkpoint { get; set; }

    /// <summary>What its job remembers; null: nobody has asked.</summary>
    public LeaseMemory? Memory { get; set; }

    /// <summary>How many attempts before this one have failed and still count.</summary>
    public int Failures => Memory is { HasStored: true } ? 0 : Lease.Failures;

    /// <summary>Timestamp of when it was put into an answer, the last time before the worker named it; 0: the worker cannot know of it.</summary>
    public long GivenAt { get; set; }

    /// <summary>The call in whose answer it was put last.</summary>
    public WorkCall? GivenTo { get; private set; }

    /// <summary>The worker's last call named it.</summary>
    public bool IsNamed { get; private set; }

    /// <summary>Some call of the worker named it. Before that nobody knows whether the answer that brought it has arrived.</summary>
    public bool WasNamed { get; private set; }

    /// <summary>The worker's newest call names it, or does not.</summary>
    public void Hear(bool isNamed)
    {
        IsNamed = isNamed;
        WasNamed |= isNamed;
    }

    /// <summary>It was put into an answer.</summary>
    public void Give(WorkCall call, long now)
    {
        GivenTo = call;
        // What it may take counts from the answer that arrives.
        if (GivenAt == 0 || !WasNamed) GivenAt = now;
    }

    /// <summary>Why the worker is to stop it; null: it is not.</summary>
    public WorkCancelReason? Stop { get; private set; }

    /// <summary>The worker was told to stop it.</summary>
    public bool IsToldToStop { get; set; }

    /// <summary>Timestamp of when it was asked to stop.</summary>
    public long StoppedAt { get; private set; }

    /// <summary>Its report is made, and may not have been delivered yet.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Its partition knows how the attempt ended, or it is not the session's any more.</summary>
    public bool IsSettled { get; set; }

    /// <summary>The job's grain may keep something of it.</summary>
    public bool HasGrainState { get; set; } = lease.HasGrainState;

    /// <summary>A cancel goes before a timeout, as it was promised.</summary>
    public void AskToStop(WorkCancelReason why, long now)
    {
        if (HasEnded || Stop is WorkCancelReason.Cancelled || Stop == why) return;
        Stop = why;
        StoppedAt = now;
        IsToldToStop = false;
    }

    /// <param name="now">A timestamp.</param>
    public void Report(WorkProgress progress, long now)
    {
        // What it leaves out stays as it was.
        var value = new ProgressValue(0, progress.Current, progress.Total, progress.Message ?? _said?.Message, progress.Data ?? _said?.Data);
        if (_said is not { } said || !value.SaysAs(said)) NoteNews(now);
        _said = value;
        Cell.Report(progress.Current, progress.Total, progress.Message, progress.Data);
    }

    /// <summary>Keeps what its worker has logged.</summary>
    /// <param name="now">For lines that do not say when, in Unix milliseconds.</param>
    /// <param name="timestamp">Now.</param>
    public void Log(WorkLogLine[] lines, long now, long timestamp)
    {
        if (lines.Length == 0 || HasEnded) return;
        // Lines come again until it is known that they were heard.
        if (lines[^1].Number > _lastLine) (_lastLine, _newsAt) = (lines[^1].Number, timestamp);
        if (makeLog is null) return;
        (_log ??= makeLog(Name, Lease.Partition)).AddNumbered(LinesOf(lines, now));
    }

    /// <summary>Takes over what its worker had logged before it was known whose the lease is.</summary>
    public void Adopt(AttemptLog log)
    {
        _log = log;
        log.Release();
    }

    /// <inheritdoc cref="Log"/>
    public static LogLine[] LinesOf(WorkLogLine[] lines, long now) =>
        Array.ConvertAll(lines, line => new LogLine(line.Number, line.At?.ToUnixTimeMilliseconds() ?? now, line.Level, line.Text, line.ErrorType, line.ErrorMessage));

    /// <summary>The progress that can be watched from now on.</summary>
    public Progress Watch() => carrier.Watch(Cell);

    private ProgressCell Cell => _progress ??= new ProgressCell(Name, carrier, Epoch, listener);

    /// <summary>Nothing more is said of it but what this makes.</summary>
    public JobReport End(AttemptEnding ending)
    {
        HasEnded = true;
        _lastLines = _log?.Close();
        var progress = Close();
        return new JobReport
        {
            Id = Name.Id, Token = Name.Token, Kind = ending.Kind, Result = ending.Result, Error = ending.Error, Delay = ending.Delay,
            Logs = _lastLines, Progress = progress, HasGrainState = HasGrainState, MaxAttempts = Policy.Attempts, NeverStarted = GivenAt == 0, Park = ending.Park,
        };
    }

    /// <summary>Nobody hears of its progress any more.</summary>
    public Progress Close()
    {
        _log?.Close();
        return CloseProgress();
    }

    /// <summary>The session goes on elsewhere: what its worker was told is heard is still to be handed over, also what a report that may not arrive would have brought.</summary>
    /// <returns>Null: there is nothing.</returns>
    public AttemptLog? Leave()
    {
        CloseProgress();
        if (!HasEnded) return _log;
        if (IsSettled || _lastLines is null || makeLog is null) return null;
        var log = makeLog(Name, Lease.Partition);
        log.AddNumbered(_lastLines.Lines);
        return log;
    }

    private Progress CloseProgress()
    {
        if (_progress is null) return default;
        var last = carrier.Close(_progress, out var told);
        HasGrainState |= told;
        return last;
    }
}
