using OrleansJobs.Partitions;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>Everything that is ready to run, run one at a time in an order drawn from a seed: what awaits comes back here, on the one thread there is.</summary>
internal sealed class Turns(Random random)
{
    private readonly List<Action> _ready = [];

    public bool IsIdle => _ready.Count == 0;

    public void Add(Action turn) => _ready.Add(turn);

    public void RunOne()
    {
        var at = random.Next(_ready.Count);
        var turn = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        turn();
    }

    /// <summary>Comes back at some later turn.</summary>
    public Task Sometime()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(done.SetResult);
        return done.Task;
    }
}

/// <summary>The turns of one process: when it dies, what it was about to do is not done.</summary>
internal sealed class ProcessTurns(Turns turns) : SynchronizationContext
{
    private readonly List<Action> _callers = [];

    public bool IsDead { get; private set; }

    /// <summary>Whoever waits for an answer sees the connection break.</summary>
    public void Die()
    {
        IsDead = true;
        foreach (var caller in _callers) turns.Add(caller);
        _callers.Clear();
    }

    public override void Post(SendOrPostCallback callback, object? state) => turns.Add(() => Run(() => callback(state)));

    public override SynchronizationContext CreateCopy() => this;

    public void Run(Action act)
    {
        if (IsDead) return;
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            act();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Calls into this process. Its answer comes at some later turn, or never, where it dies; lost answers look like time-outs.</summary>
    public Task<T> CallAsync<T>(Func<Task<T>> call, Func<bool> isLost)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (IsDead)
        {
            turns.Add(() => answer.SetException(new TimeoutException()));
            return answer.Task;
        }

        turns.Add(() => Run(() => _ = AnswerAsync()));
        _callers.Add(() => answer.TrySetException(new TimeoutException()));
        return answer.Task;

        async Task AnswerAsync()
        {
            try
            {
                var result = await call();
                if (isLost()) answer.TrySetException(new TimeoutException());
                else answer.TrySetResult(result);
            }
            catch (Exception exception)
            {
                answer.TrySetException(exception is OrleansException or TimeoutException ? exception : new OrleansException(exception.ToString()));
            }
        }
    }
}

/// <summary>Time that moves when the simulation says so. Timers of a second or less fire at some later turn; longer ones never do.</summary>
internal sealed class TurnsTime(Turns turns) : TimeProvider
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public long Now { get; set; } = 1_800_000_000_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer();
        if (dueTime >= TimeSpan.Zero && dueTime <= Longest) turns.Add(() => timer.Fire(callback, state));
        return timer;
    }

    private sealed class Timer : ITimer
    {
        private bool _isOver;

        public void Fire(TimerCallback callback, object? state)
        {
            if (!_isOver) callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => _isOver = true;

        public ValueTask DisposeAsync()
        {
            _isOver = true;
            return default;
        }
    }
}
