namespace OrleansJobs.Flows;

/// <summary>
/// Where the code of one flow runs: one piece at a time, on whatever thread of the pool is free. What the flow awaits comes back here, so that it can be told
/// when nothing of it is left to run.
/// </summary>
internal sealed class FlowPump(IFlowPumpOwner owner) : SynchronizationContext, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly Queue<Work> _queue = [];
    private int _thread;
    private bool _running;
    private bool _dropped;

    /// <summary>The caller is the flow's own code.</summary>
    public bool IsCurrent => Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;

    /// <summary>A continuation of the flow's code. What comes once its frames are dropped is run no more.</summary>
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!TryEnqueue(new Work(d, state))) owner.CameLate();
    }

    /// <summary>To wait for it would be to wait for oneself.</summary>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("A flow's code cannot be called synchronously from elsewhere.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Something of the runner's own.</summary>
    /// <returns>False: the frames are dropped, and it is let go.</returns>
    public bool Enqueue(Action work) => TryEnqueue(new Work(static state => ((Action)state!)(), work));

    /// <summary>
    /// Begins with something of the runner's own, on the caller's thread, and runs until there is nothing left for now. Most attempts are over by then, without another thread
    /// having been woken.
    /// </summary>
    public void Begin(Action work)
    {
        lock (_gate)
        {
            if (_dropped) return;
            _queue.Enqueue(new Work(static state => ((Action)state!)(), work));
            // Somebody has had the attempt stopped already, and another thread is on its way.
            if (_running) return;
            _running = true;
        }

        ((IThreadPoolWorkItem)this).Execute();
    }

    /// <summary>Completes what the flow awaits: its code is posted here, or runs within the call where it asked for no context.</summary>
    public void Complete(Action complete) => Complete(static complete => complete(), complete);

    /// <inheritdoc cref="Complete(Action)"/>
    public void Complete<T>(Action<T> complete, T state)
    {
        var current = Current;
        SetSynchronizationContext(null);
        try
        {
            complete(state);
        }
        finally
        {
            SetSynchronizationContext(current);
        }
    }

    /// <summary>Drops the frames unless there is something to run.</summary>
    public bool TryDrop()
    {
        lock (_gate)
        {
            if (_queue.Count > 0) return false;
            return _dropped = true;
        }
    }

    /// <summary>Drops the frames, and what was to be run.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            _dropped = true;
            _queue.Clear();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        var before = Current;
        SetSynchronizationContext(this);
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        try
        {
            while (RunNext())
            {
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private bool RunNext()
    {
        Work work;
        bool any, goesOn = true;
        lock (_gate) any = _queue.TryDequeue(out work);
        try
        {
            if (any) work.Callback(work.State);
            else goesOn = owner.Idle();
        }
        catch (Exception exception)
        {
            owner.Threw(exception);
        }

        if (goesOn) return true;
        lock (_gate)
        {
            if (_queue.Count > 0) return true;
            // Before others may run it: they take the place on another thread.
            Volatile.Write(ref _thread, 0);
            return _running = false;
        }
    }

    private bool TryEnqueue(Work work)
    {
        lock (_gate)
        {
            if (_dropped) return false;
            _queue.Enqueue(work);
            if (_running) return true;
            _running = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    private readonly record struct Work(SendOrPostCallback Callback, object? State);
}

/// <summary>Whose code a pump runs. All but <see cref="CameLate"/> are called by the pump.</summary>
internal interface IFlowPumpOwner
{
    /// <summary>Nothing is left to run.</summary>
    /// <returns>Something has been given to the flow's code, which may have run within the call.</returns>
    bool Idle();

    /// <summary>Something that was run threw, with nobody to catch it.</summary>
    void Threw(Exception exception);

    /// <summary>The flow's code wanted to go on after its frames were dropped. On any thread.</summary>
    void CameLate();
}
