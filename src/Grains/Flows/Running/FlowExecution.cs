using System.Diagnostics.CodeAnalysis;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>
/// One attempt of a flow. Its code runs in a pump; whenever nothing of it is left to run, what happens next is decided here: the remembered event with the lowest
/// place that is waited for goes to the code, alone, and when that has come to rest, the next. So an attempt that knows more than the one before decides
/// everything as that one did. When there is no such event, and nothing runs that would bring one, the flow is parked.
/// </summary>
internal sealed partial class FlowExecution : IFlowPumpOwner
{
    /// <summary>A wait that is over so soon is waited for in the slot.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    /// <summary>How long news that got lost goes unnoticed while steps run.</summary>
    private static readonly TimeSpan LookAround = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Unavailable = TimeSpan.FromSeconds(5);

    private readonly RunningJob _job;
    private readonly AttemptServices _services;
    private readonly FlowPump _pump;
    private readonly FlowLine _line;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Func<FlowExecution, Task<object?>> _start;
    private readonly FlowPending _pending = new();
    private readonly List<FlowWait> _open = [];
    private readonly List<FlowWait> _timed = [];
    private readonly PriorityQueue<FlowWait, long> _ready = new();
    private readonly HashSet<FlowSource> _sources = [];
    private readonly TaskCompletionSource<FlowEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _stopping;
    private ITimer? _timer;
    private int _busy;
    private bool _begun;
    private bool _calling;
    private int _holds;
    private bool _news;
    private bool _stopped;
    private volatile bool _over;
    private RetryLaterException? _later;

    /// <param name="start">Calls the flow's code.</param>
    public FlowExecution(RunningJob job, AttemptServices services, Func<FlowExecution, Task<object?>> start)
    {
        _job = job;
        _services = services;
        _start = start;
        _pump = new FlowPump(this);
        _line = new FlowLine(job, services);
        Results = new ChildResults(services, job);
    }

    public RunningJob Job => _job;
    public FlowMemory Memory { get; } = new();
    public FlowNames Names { get; } = new();
    public FlowPending Pending => _pending;
    public ChildResults Results { get; }
    public AttemptServices Services => _services;
    public bool IsCurrent => _pump.IsCurrent;

    /// <summary>The flow's code is not to go on: what it awaits does not end.</summary>
    /// <remarks>A step may have ended by the stop before the pump has heard of it.</remarks>
    public bool IsStopping => _stopped || _over || _later is not null || _job.Cancellation.IsCancellationRequested;

    /// <summary>A flow whose time has come at its partition does not wait again because this clock is somewhat behind.</summary>
    private DateTimeOffset Now => _services.Time.GetUtcNow() is var now && (now > _job.DueAt || _job.DueAt - now > ClockDifference) ? now : _job.DueAt;

    /// <summary>Called on a thread of the pool, where the flow's code runs until it waits for something that is not there yet.</summary>
    public Task<FlowEnd> RunAsync()
    {
        _job.News += OnNews;
        _stopping = _job.Cancellation.UnsafeRegister(static state => ((FlowExecution)state!).OnStop(), this);
        _pump.Begin(() =>
        {
            if ((_job.Lease.HasMemory ? _job.Lease.Flow : new FlowPage { Partitions = _services.Partitions }) is not { } known) ReadOn(Begin);
            else
            {
                // Of the time of the lease, which is another clock's: whoever must know what has come by some instant reads on.
                Memory.Take([known], DateTimeOffset.MinValue);
                Begin();
            }
        });
        return _ended.Task;

        void Begin()
        {
            _begun = true;
            if (IsStopping) End(Stopped);
            else StartHandler();
        }
    }

    public void Open(FlowWait wait)
    {
        wait.OpenAs = _open.Count;
        _open.Add(wait);
        wait.Within?.Waits.Add(wait);
        if (wait.HasDue) _timed.Add(wait);
        if (wait.Place(Memory) is { } place) _ready.Enqueue(wait, place);
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Close(FlowWait wait)
    {
        if (wait.OpenAs is not { } place) return;
        // The last takes its place: there may be thousands.
        wait.OpenAs = null;
        var last = _open[^1];
        _open.RemoveAt(_open.Count - 1);
        if (last != wait) (_open[place], last.OpenAs) = (last, place);
        wait.Within?.Waits.Remove(wait);
        if (wait.HasDue) _timed.Remove(wait);
        if (wait.HoldsName) Names.Release(wait.Name);
    }

    /// <summary>Runs something beside the flow's code, which it is not parked without.</summary>
    public void Do<T>(Func<Task<T>> work, Action<T> then, Action<Exception> failed)
    {
        _busy++;
        _ = Task.Run(async () =>
        {
            try
            {
                var done = await work().ConfigureAwait(false);
                _pump.Enqueue(() =>
                {
                    _busy--;
                    then(done);
                });
            }
            catch (Exception exception)
            {
                _pump.Enqueue(() =>
                {
                    _busy--;
                    failed(exception);
                });
            }
        });
    }

    /// <summary>
    /// Reads something that is the same whenever it is read: as if it took no time, nothing else is given to the flow's code before it is there. Where it cannot be
    /// read for long, that is nothing that the flow's code could deal with: it would take for a failure what the next attempt does not.
    /// </summary>
    public void Fetch<T>(Func<Task<T>> work, Action<T> then, Action<Exception> failed)
    {
        _holds++;
        Do(work, value =>
        {
            _holds--;
            _pump.Complete(() => then(value));
        }, exception =>
        {
            _holds--;
            if (exception is FlowUnavailableException) EndUnheard();
            else _pump.Complete(() => failed(exception));
        });
    }

    /// <inheritdoc cref="Fetch{T}(Func{Task{T}}, Action{T}, Action{Exception})"/>
    public Task<T> FetchAsync<T>(Func<Task<T>> work)
    {
        var done = new TaskCompletionSource<T>();
        Fetch(work, value => done.TrySetResult(value), exception => done.TrySetException(exception));
        return done.Task;
    }

    public void OrFail(Action action)
    {
        try
        {
            action();
        }
        catch (FlowFailedException failed)
        {
            Fail(failed.Error);
        }
    }

    /// <summary>Whatever the flow's code would make of it.</summary>
    public void Fail(JobError error) => End(new FlowEnd(AttemptEnding.Failed(error)));

    public void StartAnew(byte[] args, FlowEvent[] untaken) => End(new FlowEnd(AttemptEnding.StartedAnew(args, new FlowPark { Seen = Memory.Seen, Untaken = untaken })));

    /// <summary>A step wants the flow to be run again later.</summary>
    public void PutOff(RetryLaterException later) => _later ??= later;

    public void Add(FlowSource source) => _sources.Add(source);

    public void Remove(FlowSource source) => _sources.Remove(source);

    /// <summary>On any thread.</summary>
    public void FailFromOutside(JobError error)
    {
        if (!_pump.Enqueue(() => Fail(error))) CameLate();
    }

    public bool Idle()
    {
        if (_over || !_begun) return false;
        if (IsStopping)
        {
            GoOnStopping();
            return false;
        }

        if (_holds > 0) return false;
        if (DeliverNext()) return true;
        if (ParksWithPending())
        {
            Park();
            return false;
        }

        Flush();
        if (DeliverDue()) return true;
        Flush();
        if (IsBusy || LooksOnce() || IsSoonOver()) StayAwake();
        // Without a wait of its own it awaits something else, as any handler may: that will bring it back.
        else if (_open.Count > 0) Park();
        return false;
    }

    public void Threw(Exception exception) => End(new FlowEnd(null, null, exception));

    private bool IsBusy => _busy > 0 || _sources.Any(static source => source.IsAtWork);

    private void StartHandler()
    {
        Task<object?> run;
        if (_context is null) run = _start(this);
        else
        {
            Task<object?>? started = null;
            ExecutionContext.Run(_context, _ => started = _start(this), null);
            run = started!;
        }

        // Posted, as a continuation of the flow's code is: one that returns after it was parked shows the same.
        _ = run.ContinueWith(
            static (done, state) => ((FlowExecution)state!)._pump.Post(_ => ((FlowExecution)state)!.Returned(done), null), this, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Returned(Task<object?> run)
    {
        if (_over) return;
        if (run.IsCompletedSuccessfully) End(new FlowEnd(null, run.Result));
        else if (run.IsCanceled) End(new FlowEnd(null, null, new TaskCanceledException(run)));
        else if (run.Exception!.InnerExceptions is [FlowUnavailableException]) EndUnheard();
        else End(new FlowEnd(null, null, run.Exception!.InnerExceptions is [var only] ? only : run.Exception));
    }

    private bool DeliverNext()
    {
        while (_ready.TryDequeue(out var wait, out _))
        {
            if (wait.OpenAs is null) continue;
            Deliver(wait);
            return true;
        }

        return false;
    }

    /// <summary>What has no place of its own: where anything else is waited for it gets one, so that the next attempt finds them in the same order.</summary>
    private bool DeliverDue()
    {
        if (_timed.Count == 0) return false;
        var isAlone = _open.Count == 1 && !IsBusy && _pending.IsEmpty;
        foreach (var wait in _timed)
        {
            if (wait.IsMarked || !wait.IsDue(Memory, Now)) continue;
            if (wait.Mark is not { } mark || (isAlone && !wait.AlwaysMarks))
            {
                Deliver(wait);
                return true;
            }

            wait.IsMarked = true;
            _pending.Add(new FlowStep(mark, null, null));
        }

        return false;
    }

    private void Deliver(FlowWait wait)
    {
        Close(wait);
        try
        {
            _pump.Complete(static told => told.Wait.Complete(told.Memory), (Wait: wait, Memory));
        }
        catch (FlowFailedException failed)
        {
            Fail(failed.Error);
        }
    }

    private void GoOnStopping()
    {
        if (_pending.KeepSteps()) Open(new EndlessWait());
        if (_job.Reason is not StopReason.Cancel) Flush();
        if (IsBusy || _calling) return;
        // Without a wait of its own the flow's code runs, or awaits something else: it is told to stop as any handler is.
        if (_open.Count == 0) return;
        End(_later is null || _job.Reason is not StopReason.None ? Stopped : new FlowEnd(null, null, _later));
    }

    /// <summary>What the flow needs to go on is not to be had for now.</summary>
    public void EndUnheard() => End(_job.Reason is not StopReason.None ? Stopped : new FlowEnd(AttemptEnding.Postponed(Unavailable)));

    private void End(FlowEnd end)
    {
        if (_over) return;
        _over = true;
        _pump.Drop();
        _job.News -= OnNews;
        _stopping.Unregister();
        _timer?.Dispose();
        _ended.TrySetResult(end);
    }

    private void OnNews() => _pump.Enqueue(() => _news = true);

    private void OnStop() => _pump.Enqueue(() =>
    {
        _stopped = true;
        if (!_begun && _busy == 0) End(Stopped);
    });

    private FlowEnd Stopped => new(null, null, new OperationCanceledException(_job.Cancellation));
}

/// <summary>How an attempt of a flow ended.</summary>
/// <param name="Ending">Null: its code returned or threw.</param>
[SuppressMessage("Naming", "CA1711", Justification = "An end is what it is.")]
internal readonly record struct FlowEnd(AttemptEnding? Ending, object? Result = null, Exception? Exception = null);
