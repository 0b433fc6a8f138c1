namespace OrleansJobs;

/// <summary>
/// What a flow starts and waits for. Everything has a name, 1 to 128 characters, by which it is remembered; where one repeats, such as in a loop, the second is
/// <c>name#2</c>. Steps may be added, removed and reordered between releases.
/// </summary>
public abstract class FlowContext
{
    public abstract string Id { get; }
    public abstract string Type { get; }
    public abstract string Queue { get; }

    /// <summary>1, and one more each time the flow has started itself anew.</summary>
    public abstract int Run { get; }

    /// <inheritdoc cref="JobContext.Token"/>
    public abstract long Token { get; }
    public abstract DateTimeOffset SubmittedAt { get; }
    public abstract IReadOnlyList<JobTag> Tags { get; }

    /// <summary>
    /// Runs code here, at least once, and remembers what it returned before the flow goes on. What it throws after its last attempt is remembered too, and thrown
    /// again. What it returned is what its JSON reads back as, in the first run as in any other.
    /// </summary>
    /// <exception cref="StepFailedException">It threw, in its last attempt.</exception>
    public abstract Task<T> StepAsync<T>(string name, Func<Task<T>> run, StepOptions? options = null);

    /// <inheritdoc cref="StepAsync{T}(string, Func{Task{T}}, StepOptions?)"/>
    public abstract Task StepAsync(string name, Func<Task> run, StepOptions? options = null);

    /// <summary>Describes a child; nothing is started.</summary>
    /// <param name="args">Written as JSON.</param>
    public abstract FlowJob<TResult> Job<TResult>(string type, object? args = null, ChildOptions? options = null);

    /// <summary>Runs a job as a child of this flow, and waits for its result.</summary>
    /// <exception cref="ChildFailedException">It failed, was cancelled, or was not started in time.</exception>
    public abstract Task<TResult> JobAsync<TResult>(string name, FlowJob<TResult> job);

    /// <inheritdoc cref="JobAsync{TResult}(string, FlowJob{TResult})"/>
    public Task<TResult> JobAsync<TResult>(string name, string type, object? args = null, ChildOptions? options = null) =>
        JobAsync(name, Job<TResult>(type, args, options));

    /// <summary>Runs a job for each item, and waits for all. Results come in the order of the items and are read as they are asked for.</summary>
    /// <exception cref="ChildFailedException">One failed, and its failure means that of the flow: see <see cref="ChildOptions.OnFailure"/>.</exception>
    public abstract Task<FlowResults<TResult>> AllAsync<TItem, TResult>(string name, IEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job);

    /// <summary>Runs a job for each item, so many at a time, and gives the results in the order of the items.</summary>
    public abstract IAsyncEnumerable<TResult> EachAsync<TItem, TResult>(
        string name, IAsyncEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job, int atMost = 100);

    /// <summary>Runs jobs beside each other and waits for the first that succeeds; the others are cancelled.</summary>
    /// <exception cref="ChildFailedException">All failed; says how the last one did.</exception>
    public abstract Task<(int Index, TResult Result)> AnyAsync<TResult>(string name, IReadOnlyList<FlowJob<TResult>> jobs);

    /// <summary>Waits, counted from the first time that this is come to.</summary>
    public abstract Task DelayAsync(string name, TimeSpan delay);

    /// <summary>Waits for a signal of this name. Each is taken once, in the order of arrival.</summary>
    /// <exception cref="TimeoutException">None came in time, counted from the first time that this is come to.</exception>
    public abstract Task<T> SignalAsync<T>(string name, TimeSpan? timeout = null);

    /// <summary>Ends this run and starts the flow from the top with new arguments and nothing remembered. Does not return.</summary>
    public abstract Task StartAnewAsync<TArgs>(TArgs args);

    /// <inheritdoc cref="JobContext.Report"/>
    /// <remarks>A flow that says nothing of its own shows its children's progress, each by its weight.</remarks>
    public abstract void Report(long current, long total, string? message = null);
}

/// <summary>A child as it is to be started.</summary>
public sealed record FlowJob<TResult>(string Type, byte[] Args, ChildOptions Options);

/// <summary>How a step is repeated.</summary>
public sealed record StepOptions
{
    /// <value>Default 1: what it throws is final.</value>
    public int Attempts { get; init; } = 1;

    /// <summary>Before the second attempt; doubled before each that follows, up to a minute. The flow waits in its slot.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>How a child runs; null: as its type says.</summary>
public sealed record ChildOptions
{
    public static readonly ChildOptions Default = new();

    public string? Queue { get; init; }
    public int? Priority { get; init; }
    public int? Attempts { get; init; }
    public TimeSpan? Timeout { get; init; }
    public TimeSpan? Countdown { get; init; }
    public JobTag[] Tags { get; init; } = [];

    /// <summary>Its share of the flow's progress.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Whose limits, order and turns it goes by, such as <c>tenant/7</c>; null: as its type says.</summary>
    public string? Key { get; init; }

    /// <summary>How many turns its key has for one of others, 1 to 1,000, where no rule says it; null: as its type says.</summary>
    public int? KeyWeight { get; init; }

    public ChildFailure OnFailure { get; init; }
}

/// <summary>What the failure of a child means.</summary>
public enum ChildFailure : byte
{
    /// <summary>It is thrown where the flow waits for it.</summary>
    Throw = 0,

    /// <summary>Its result is null, or the type's default.</summary>
    Ignore = 1,
}

/// <summary>Results of many children, in order, read from the grid as they are asked for.</summary>
public abstract class FlowResults<TResult> : IAsyncEnumerable<TResult>
{
    public abstract int Count { get; }

    /// <summary>How many of the children failed whose failure is ignored: their results are null, or the type's default.</summary>
    public abstract int Failed { get; init; }

    public abstract IAsyncEnumerator<TResult> GetAsyncEnumerator(CancellationToken cancellationToken = default);

    /// <summary>All of them, in memory.</summary>
    public abstract Task<TResult[]> ToArrayAsync();
}

/// <summary>A child ended without a result.</summary>
public sealed class ChildFailedException(string name, string job, JobState state, JobError? error)
    : Exception($"'{name}' ({job}) ended as {state.Name}{(error is null ? "" : $": {error.Message}")}")
{
    /// <summary>What the flow calls it.</summary>
    public string Name { get; } = name;

    /// <summary>The child's id.</summary>
    public string Job { get; } = job;
    public JobState State { get; } = state;
    public JobError? Error { get; } = error;
}

/// <summary>
/// A step threw, after the last of its attempts. Thrown where the flow waits for it, in the run in which it happened and in every later one, which knows of the
/// original no more than its type's name and its message.
/// </summary>
/// <param name="inner">What was thrown; null where it is remembered from an earlier run.</param>
public sealed class StepFailedException(string name, JobError error, Exception? inner = null)
    : Exception($"Step '{name}' failed{(error.Type is null ? "" : $" with {error.Type}")}: {error.Message}", inner)
{
    /// <summary>What the flow calls the step.</summary>
    public string Name { get; } = name;

    /// <summary>With the type and the message of what was thrown.</summary>
    public JobError Error { get; } = error;
}
