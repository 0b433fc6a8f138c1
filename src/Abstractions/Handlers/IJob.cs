namespace OrleansJobs;

/// <summary>A job handler. One instance is made per attempt, in a scope of its own.</summary>
/// <typeparam name="TArgs">Read from the job's JSON arguments.</typeparam>
/// <typeparam name="TResult">Written as the job's JSON result.</typeparam>
public interface IJob<TArgs, TResult>
{
    /// <param name="args">The arguments.</param>
    /// <param name="job">Progress, checkpoints, and what there is to know of this attempt.</param>
    /// <param name="cancellation">Fires on cancel, on timeout, and when the silo must stop; ending by it hands the job back or ends it, as fits.</param>
    Task<TResult> RunAsync(TArgs args, JobContext job, CancellationToken cancellation);
}

/// <summary>A job handler without a result.</summary>
public interface IJob<TArgs>
{
    /// <inheritdoc cref="IJob{TArgs, TResult}.RunAsync"/>
    Task RunAsync(TArgs args, JobContext job, CancellationToken cancellation);
}

/// <summary>Names a handler. The name is what submits say and what is stored; the class may be renamed and moved.</summary>
/// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, Inherited = false)]
public sealed class JobAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Where its jobs go when the submitter names no queue.</summary>
    /// <value>Default <c>default</c>.</value>
    public string Queue { get; set; } = JobLimits.DefaultQueue;

    /// <value>Attempts; 0: the grid's default.</value>
    public int Attempts { get; set; }

    /// <value>Seconds that one attempt may run before it is cancelled; 0: no limit.</value>
    public double TimeoutSeconds { get; set; }

    /// <value>Seconds after which an attempt that has said nothing new (progress, a checkpoint, a log line, a step) is cancelled and counts as failed with <c>stalled</c>; 0: never.</value>
    public double StalledAfterSeconds { get; set; }

    /// <summary>
    /// The key of its jobs where a submit names none, made of their arguments: <c>tenant/{tenantId}</c>, <c>bucket/{target.region}</c>. The members are named as they
    /// are in JSON, and are strings, integers or booleans. See docs/KEYS.md.
    /// </summary>
    public string? Key { get; set; }

    /// <value>How many turns a key of its jobs has for one of others, 1 to 1,000, where neither a rule nor the submit says it; 0: one.</value>
    public int Weight { get; set; }

    /// <value>Of an <see cref="IBatchJob{TArgs}"/>: how many jobs go into one attempt at most, 1 to 1,000; 0: 100.</value>
    public int Batch { get; set; }

    /// <value>Of an <see cref="IBatchJob{TArgs}"/>: seconds that its first job waits for others where fewer are there, at most 3,600. What waits takes no slot.</value>
    public double BatchSeconds { get; set; }

    /// <summary>What its attempts log is kept with their jobs, the newest lines. See docs/LOGS.md.</summary>
    /// <value>Default true.</value>
    public bool Logs { get; set; } = true;

    /// <summary>In a sentence, for people who look at the list of job types.</summary>
    public string? Description { get; set; }
}
