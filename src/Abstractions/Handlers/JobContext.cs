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

    /// <summary>The same with a value beside the message, for pages that show more than a bar. It is written as JSON at once: what it costs, only those pay who use it.</summary>
    /// <param name="data">At most <see cref="JobLimits.MaxProgressData"/> bytes as JSON. The newest counts; reports without one keep it.</param>
    /// <exception cref="ArgumentException">The value is larger.</exception>
    /// <inheritdoc cref="Report(long, long, string?)"/>
    public abstract void Report<T>(long current, long total, string? message, T data);

    /// <summary>
    /// Keeps a line with the job, for those who look at it: the newest 200 of them, or 64 KiB, over all its attempts. It costs no waiting; lines travel once a second at most, and the last ones with
    /// the attempt's outcome. Those of the last second may be lost with the silo. See docs/LOGS.md.
    /// </summary>
    /// <param name="level">How much it weighs. All of them are kept.</param>
    /// <param name="text">Clipped to 2,048 characters.</param>
    /// <param name="exception">Its type and message are kept with the line.</param>
    public virtual void Log(JobLogLevel level, string text, Exception? exception = null)
    {
    }

    /// <summary>Keeps a line of level <see cref="JobLogLevel.Information"/> with the job.</summary>
    /// <inheritdoc cref="Log(JobLogLevel, string, Exception?)"/>
    public void Log(string text) => Log(JobLogLevel.Information, text);

    /// <summary>
    /// Keeps a value that the next attempt can go on from; durable when the task completes. The newest one counts. While the store is away it
    /// waits, for up to two minutes.
    /// </summary>
    /// <exception cref="JobAttemptStaleException">A newer attempt of this job exists: stop.</exception>
    /// <exception cref="ArgumentException">The value is larger than the checkpoint limit.</exception>
    public abstract Task SaveCheckpointAsync<T>(T value, CancellationToken cancellation = default);

    /// <summary>
    /// The signals that are sent to this job, as they come, so that it can be steered while it runs. Those that came before are given first, in each attempt
    /// anew: a handler that must not act on one twice keeps what it has done as its checkpoint.
    /// </summary>
    public abstract IAsyncEnumerable<ReceivedSignal> SignalsAsync(CancellationToken cancellation = default);

    /// <summary>The result of another job, such as one that this one was to follow.</summary>
    /// <exception cref="JobNotFoundException">There is no such job, or no longer.</exception>
    /// <exception cref="JobEndedException">It ended without a result.</exception>
    /// <exception cref="InvalidOperationException">It has not ended.</exception>
    public abstract Task<T?> ResultOfAsync<T>(string id, CancellationToken cancellation = default);

    /// <summary>What the job saved last, in this attempt or one before; default where it saved nothing.</summary>
    public abstract T? Checkpoint<T>();
}

/// <summary>A signal as it reaches a handler.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Body">UTF-8 JSON.</param>
public sealed record ReceivedSignal(string Name, byte[] Body)
{
    /// <exception cref="System.Text.Json.JsonException">It does not fit.</exception>
    public T? Read<T>() => System.Text.Json.JsonSerializer.Deserialize<T>(Body, JobJson.Options);
}
