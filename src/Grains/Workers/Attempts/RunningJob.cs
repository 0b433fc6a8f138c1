using System.Text.Json;
using OrleansJobs.Batches;
using OrleansJobs.Logs;

namespace OrleansJobs.Workers;

/// <summary>One attempt on this silo, from the arrival of its lease to its report: what its handler sees, and the strings to stop it by.</summary>
internal sealed class RunningJob : JobContext, IThreadPoolWorkItem
{
    /// <summary>Timers go no further than 49 days, deadlines do.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    private static readonly TimeSpan SavePatience = TimeSpan.FromMinutes(2);

    /// <summary>In the place of a cell that was never made: the attempt is over, and none is to be made any more.</summary>
    private static readonly ProgressCell NoCell = new(default, null!);

    /// <inheritdoc cref="NoCell"/>
    private static readonly AttemptLog NoLog = new(default, 0, null!, new());

    private readonly AttemptServices _services;
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;
    private StallWatch? _stall;
    private ProgressCell? _progress;
    private AttemptLog? _log;
    private long _firstReportAt;

    /// <summary>Timestamp of the last log line, checkpoint or step; 0: none yet. Of progress its cell knows.</summary>
    private long _newsAt;
    private int _waitsForGrid;
    private long _checkpointAt;
    private int _checkpoints;
    private byte[]? _checkpoint;
    private StopReason _reason;
    private bool _told;
    private bool _reported;
    private bool _over;

    public RunningJob(Lease lease, HandlerEntry handler, AttemptServices services)
    {
        Lease = lease;
        Handler = handler;
        _services = services;
        LeaseName = new LeaseName(lease.Id, lease.Token);
    }

    public Lease Lease { get; }
    public HandlerEntry Handler { get; }

    /// <summary>Something of it was stored that stays, so that the failures of attempts before it count no more.</summary>
    public bool HasOvercome { get; set; }
    public LeaseName LeaseName { get; }
    public override string Id => Lease.Id;
    public override string Type => Lease.Type;
    public override string Queue => Lease.Queue;
    public override int Attempt => Lease.Attempt;
    public override long Token => Lease.Token;
    public override DateTimeOffset SubmittedAt => Lease.SubmittedAt;
    public override DateTimeOffset DueAt => Lease.DueAt;
    public override IReadOnlyList<JobTag> Tags => Lease.Tags;
    public CancellationToken Cancellation => _stop.Token;

    /// <summary>Timestamp of its arrival, then of its start.</summary>
    public long Since { get; set; }

    /// <summary>Where it is; the worker's, under its lock.</summary>
    public JobStage Stage { get; set; }

    /// <summary>With whom it runs, where its handler runs batches, though it may be alone in it; null: by itself.</summary>
    public RunningBatch? Batch { get; set; }

    /// <summary>As what its handler knows it, once that has begun, where it runs in a batch.</summary>
    public BatchItem? Item { get; set; }

    /// <summary>It was given for a slot that was free, and is kept so for it; otherwise it was leased ahead.</summary>
    public bool HasSlot { get; init; }

    /// <summary>It holds the silo's one place for a suspect.</summary>
    public bool HoldsSuspectPlace { get; set; }

    public StopReason Reason
    {
        get { lock (_stop) return _reason; }
    }

    /// <summary>The handler has said something new beside progress, of which the carrier knows.</summary>
    public void NoteNews() => Volatile.Write(ref _newsAt, _services.Time.GetTimestamp());

    /// <summary>For how long its handler has said nothing new; of a batch, about any of its jobs. It costs whoever asks, and nobody else.</summary>
    public TimeSpan SilentFor => _services.Time.GetElapsedTime(Batch is { Members.Length: > 1 } batch ? batch.Members.Max(static member => member.NewsAt) : NewsAt);

    /// <summary>It waits for the grid, which is no silence of its handler's, until that is disposed of.</summary>
    public GridWait WaitForGrid()
    {
        Interlocked.Increment(ref _waitsForGrid);
        return new(this);
    }

    public void GridAnswered()
    {
        NoteNews();
        Interlocked.Decrement(ref _waitsForGrid);
    }

    private long NewsAt
    {
        get
        {
            if (Volatile.Read(ref _waitsForGrid) > 0) return _services.Time.GetTimestamp();
            var at = Math.Max(Since, Volatile.Read(ref _newsAt));
            return Volatile.Read(ref _progress) is { } cell && cell != NoCell ? Math.Max(at, _services.Carrier.NewsAt(cell)) : at;
        }
    }

    /// <summary>Something has come for the job: to be read from its partition. Raised on any thread.</summary>
    public event Action? News;

    public void TellNews() => News?.Invoke();

    public override void Report(long current, long total, string? message = null)
    {
        NoteReport();
        Cell?.Report(current, total, message);
    }

    public override void Report<T>(long current, long total, string? message, T data)
    {
        NoteReport();
        Cell?.Report(current, total, message, WriteProgressData(data));
    }

    /// <summary>The first of them alone looks at the clock.</summary>
    private void NoteReport()
    {
        if (Volatile.Read(ref _firstReportAt) == 0) Interlocked.CompareExchange(ref _firstReportAt, _services.Time.GetUtcNow().ToUnixTimeMilliseconds(), 0);
    }

    public override void Log(JobLogLevel level, string text, Exception? exception = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        NoteNews();
        if (!KeepsLog) return;
        var log = Volatile.Read(ref _log);
        if (log is null)
        {
            var made = new AttemptLog(LeaseName, Lease.Partition, _services.Logs, _services.LogOptions);
            log = Interlocked.CompareExchange(ref _log, made, null) ?? made;
        }

        if (log == NoLog) return;
        log.Add(
            _services.Time.GetUtcNow().ToUnixTimeMilliseconds(), level, text,
            exception is null ? null : ExceptionText.TypeOf(exception), exception is null ? null : ExceptionText.MessageOf(exception, _services.LogOptions.MaxLineLength));
    }

    /// <summary>Whether what is logged with <c>ILogger</c> at a level is kept with the job.</summary>
    public bool Captures(JobLogLevel level) => KeepsLog && _services.LogOptions.CaptureLoggers && level >= _services.LogOptions.MinimumLevel && Volatile.Read(ref _log) != NoLog;

    private bool KeepsLog => Handler.Options.KeepsLogs && _services.LogOptions.MaxLines > 0;

    public override async Task SaveCheckpointAsync<T>(T value, CancellationToken cancellation = default)
    {
        var bytes = WriteCheckpoint(value);
        NoteNews();
        Volatile.Write(ref _told, true);
        // Either the report sees that the grain is told something, or this sees the report: nobody would have the grain forget what comes after it.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _reported)) throw new JobAttemptStaleException(Id, Token);
        using (WaitForGrid())
        {
            if (!await SaveAsync(bytes, cancellation).ConfigureAwait(false)) throw new JobAttemptStaleException(Id, Token);
        }

        Volatile.Write(ref _checkpoint, bytes);
        Volatile.Write(ref _checkpointAt, _services.Time.GetUtcNow().ToUnixTimeMilliseconds());
        Interlocked.Increment(ref _checkpoints);
    }

    /// <summary>While the store is away a save waits for it, as a commit does: to fail the attempt would help nobody. Not for ever, and not once it is to stop.</summary>
    private async Task<bool> SaveAsync(byte[] checkpoint, CancellationToken cancellation)
    {
        var started = _services.Time.GetTimestamp();
        var outage = new Outage(_services.Time, SavePatience);
        while (true)
        {
            try
            {
                return await _services.Grid.Feed(Id).SaveCheckpoint(LeaseName, checkpoint).WaitAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception) when (!_stop.IsCancellationRequested && !cancellation.IsCancellationRequested && outage.GoesOn(started))
            {
                // What was sent may be saved or not; the same value again makes it certain.
            }
            catch (Exception exception) when (_stop.IsCancellationRequested && exception is not OperationCanceledException)
            {
                // To the handler it is the stop that ends the wait, whatever the store does at that moment: a drain is no failed attempt.
                throw new OperationCanceledException("The attempt was stopped before its checkpoint could be saved.", exception, _stop.Token);
            }

            await outage.DelayAsync(_stop.Token).WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public override T? Checkpoint<T>()
        where T : default => Volatile.Read(ref _checkpoint) is { } bytes ? JsonSerializer.Deserialize<T>(bytes, JobJson.Options) : default;

    public override IAsyncEnumerable<ReceivedSignal> SignalsAsync(CancellationToken cancellation = default) => Flows.JobSignals.ReadAsync(this, _services, cancellation);

    public override async Task<T?> ResultOfAsync<T>(string id, CancellationToken cancellation = default)
        where T : default
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var status = await new Flows.ChildResults(_services, this).GetAsync(id, _services.Partitions).WaitAsync(cancellation).ConfigureAwait(false);
        return status switch
        {
            null => throw new JobNotFoundException(id),
            { State: JobState.Success } => status.Result is { } result ? JsonSerializer.Deserialize<T>(result, JobJson.Options) : default,
            { State: JobState.Failure } => throw new JobFailedException(status),
            { State: JobState.Revoked } => throw new JobCancelledException(status),
            _ => throw new InvalidOperationException($"Job '{id}' has not ended."),
        };
    }

    void IThreadPoolWorkItem.Execute() => _ = Batch is { } batch ? _services.Batches.RunAsync(batch) : _services.Execution.RunAsync(this);

    /// <summary>What an attempt before this one has left.</summary>
    public void Restore(byte[]? checkpoint) => Volatile.Write(ref _checkpoint, checkpoint);

    /// <summary>From now on the timeout counts.</summary>
    public void StartTimeout()
    {
        lock (_stop)
        {
            // There is one timer, and a cancel that came before the handler has set it to the end of its grace.
            if (_reason is StopReason.Cancel) return;
            if (Handler.Options.StalledAfter is { } silence && _stall is null && !_over)
            {
                // What came before it, such as its checkpoint, was read for it.
                NoteNews();
                _stall = new(this, silence, _services.Time);
            }

            var (soft, hard) = (AttemptRules.TimeoutOf(Lease, Handler.Options), AttemptRules.HardTimeoutOf(Lease, Handler.Options, _services.CancelGrace));
            if (AttemptRules.LeftOf(Lease, _services.Time.GetUtcNow()) is { } left && !((soft ?? hard) <= left))
            {
                if (left <= LongestTimer) Arm(left, static job => job.Stop(StopReason.Deadline));
                else Arm(LongestTimer, static job => job.StartTimeout());
            }
            else if (soft is not null) Arm(soft.Value, static job => job.Stop(StopReason.Timeout));
            else if (hard is not null) Arm(hard.Value, static job => job.StopForGood());
        }
    }

    /// <summary>Asks the handler to stop. A cancel goes before what was asked earlier.</summary>
    public void Stop(StopReason reason)
    {
        lock (_stop)
        {
            if (_over || _reason >= reason) return;
            var first = _reason == StopReason.None;
            _reason = reason;
            // A draining silo has its own end; every other stop ends the job even where the handler does not.
            if (reason is not StopReason.Drain && Stage is JobStage.Running) Arm(GraceAfter(reason), static job => job._services.Abandon(job));
            if (!first) return;
        }

        // Callbacks that the handler has registered run on the thread pool, and what they throw is theirs.
        _ = CancelAsync();
    }

    /// <summary>No stop and no timeout from now on.</summary>
    public void Over()
    {
        lock (_stop)
        {
            _over = true;
            _timer?.Dispose();
            _stall?.Dispose();
        }
    }

    /// <summary>The progress that can be watched from now on.</summary>
    public Progress Watch() => Cell is { } cell ? _services.Carrier.Watch(cell) : default;

    /// <summary>What goes to the partition of this attempt. Whatever its handler says from now on is said to nobody: it may still run, and its job may be gone.</summary>
    public JobReport ReportOf(AttemptEnding ending, bool neverStarted)
    {
        Volatile.Write(ref _reported, true);
        Interlocked.MemoryBarrier();
        var told = Volatile.Read(ref _told);
        var progress = default(Progress);
        if (Interlocked.CompareExchange(ref _progress, NoCell, null) is { } cell && cell != NoCell)
        {
            progress = _services.Carrier.Close(cell, out var carried);
            told |= carried;
        }

        return new JobReport
        {
            Id = Id,
            Token = Token,
            Kind = ending.Kind,
            Result = ending.Result,
            Error = ending.Error,
            Delay = ending.Delay,
            Progress = progress,
            HasGrainState = told || Lease.HasGrainState,
            MaxAttempts = AttemptRules.PolicyOf(Lease, Handler.Options).Attempts,
            NeverStarted = neverStarted,
            Park = ending.Park,
            Marks = Marks,
            Logs = Interlocked.CompareExchange(ref _log, NoLog, null) is { } log && log != NoLog ? log.Close() : null,
        };
    }

    private AttemptMarks? Marks => Volatile.Read(ref _firstReportAt) is var reported && Volatile.Read(ref _checkpointAt) is var saved && (reported | saved) == 0 ? null
        : new(reported == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(reported), saved == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(saved), Volatile.Read(ref _checkpoints));

    /// <summary>Made when it is first needed; null once the attempt is over without one.</summary>
    private ProgressCell? Cell
    {
        get
        {
            var cell = Volatile.Read(ref _progress);
            if (cell is null)
            {
                var made = new ProgressCell(LeaseName, _services.Carrier, listener: _services.ListenerOf(Lease));
                cell = Interlocked.CompareExchange(ref _progress, made, null) ?? made;
            }

            return cell == NoCell ? null : cell;
        }
    }

    private byte[] WriteCheckpoint<T>(T value)
    {
        var limit = _services.Limits.MaxCheckpointBytes;
        try
        {
            return ResultWriter.Write(value, static (writer, state) => JsonSerializer.Serialize(writer, state, JobJson.Options), limit);
        }
        catch (ResultTooLargeException)
        {
            throw new ArgumentException($"The checkpoint is longer than {limit} bytes as JSON.", nameof(value));
        }
    }

    private static byte[] WriteProgressData<T>(T data)
    {
        try
        {
            return ResultWriter.Write(data, static (writer, value) => JsonSerializer.Serialize(writer, value, JobJson.Options), JobLimits.MaxProgressData);
        }
        catch (ResultTooLargeException)
        {
            throw new ArgumentException($"What progress carries is longer than {JobLimits.MaxProgressData} bytes as JSON.", nameof(data));
        }
    }

    /// <summary>The grace of a cancel, unless the hard timeout of the handler comes sooner or lets it run longer after its timeout.</summary>
    private TimeSpan GraceAfter(StopReason reason)
    {
        var grace = _services.CancelGrace;
        if (AttemptRules.HardTimeoutOf(Lease, Handler.Options, grace) is not { } hard) return grace;
        var left = hard - _services.Time.GetElapsedTime(Since);
        if (left < TimeSpan.Zero) left = TimeSpan.Zero;
        return reason is StopReason.Timeout || left < grace ? left : grace;
    }

    private void StopForGood()
    {
        Stop(StopReason.Timeout);
        _services.Abandon(this);
    }

    private void Arm(TimeSpan after, Action<RunningJob> then)
    {
        lock (_stop)
        {
            if (_over) return;
            _timer?.Dispose();
            _timer = _services.Time.CreateTimer(_ => then(this), null, after, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task CancelAsync()
    {
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _services.CancelCallbackFailed(this, exception);
        }
    }
}

/// <summary>Where an attempt is on its silo.</summary>
internal enum JobStage : byte
{
    /// <summary>Here, without a slot.</summary>
    Waiting,
    Running,

    /// <summary>Its report is made; its handler has not returned.</summary>
    Stuck,

    /// <summary>Its report is made, and may not have been delivered yet.</summary>
    Ended,
}
