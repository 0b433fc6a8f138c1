namespace OrleansJobs;

/// <summary>What a handler knows of the job it runs, and how it speaks of it. Safe to use from any thread.</summary>
public abstract class JobContext
{
    public abstract string Id { get; }
    public abstract string Type { get; }
    public abstract string Queue { get; }

    /// <summary>1 for the first run. A run that a draining silo handed back has not used up its number.</summary>
    public abstract int Attempt { get; }

    /// <summary>
    /// The fencing token of this attempt: a number that only grows from attempt to attempt of a job. Pass it to outside systems that can refuse
    /// a lower one than they have seen. It takes up to 63 bits: where it goes through JSON that may be read by JavaScript, whose numbers are exact to 53,
    /// pass it as a string.
    /// </summary>
    public abstract long Token { get; }

    public abstract DateTimeOffset SubmittedAt { get; }
    public abstract DateTimeOffset DueAt { get; }
    public abstract IReadOnlyList<JobTag> Tags { get; }

    /// <summary>
    /// Says how far the job is. Keeps the last value only, at the cost of a few nanoseconds: no waiting, no locking, no allocation. What is
    /// kept travels to those who watch at most every 250 ms, the first at once and the last before the outcome.
    /// </summary>
    /// <param name="current">In units of the handler's choice.</param>
    /// <param name="total">What <paramref name="current"/> counts up to; below 1 counts as 1.</param>
    /// <param name="message">Clipped to the message limit; null keeps the last one.</param>
    public abstract void Report(long current, long total, string? message = null);

    /// <summary>
    /// Keeps a value that the next attempt can go on from; durable when the task completes. The newest one counts. While the store is away it
    /// waits, for up to two minutes.
    /// </summary>
    /// <exception cref="JobAttemptStaleException">A newer attempt of this job exists: stop.</exception>
    /// <exception cref="ArgumentException">The value is larger than the checkpoint limit.</exception>
    public abstract Task SaveCheckpointAsync<T>(T value, CancellationToken cancellation = default);

    /// <summary>What the job saved last, in this attempt or one before; default where it saved nothing.</summary>
    public abstract T? Checkpoint<T>();
}
