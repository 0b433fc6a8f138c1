namespace OrleansJobs;

/// <summary>
/// One job of a batch, as its handler speaks of it. What was said last counts, once the handler returns: until then nothing is stored of it, and a silo that dies has all of
/// them run again. Safe to use from any thread.
/// </summary>
public abstract class BatchItem
{
    private Word? _word;

    /// <summary>Is called after each word.</summary>
    internal Action? Settled { get; set; }

    private protected BatchItem(JobContext job, CancellationToken cancellation) => (Job, Cancellation) = (job, cancellation);

    /// <summary>Progress, checkpoints, and what there is to know of this attempt of the job.</summary>
    public JobContext Job { get; }

    /// <summary>Fires when this job is to stop: on its cancel, timeout and deadline, and when the silo must stop.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Something was said of it.</summary>
    public bool IsSettled => Volatile.Read(ref _word) is not null;

    /// <summary>As what it has failed; null: as nothing.</summary>
    public Exception? Failure => Volatile.Read(ref _word)?.Failure;

    /// <summary>Its result, of a handler that has one.</summary>
    public object? Result => Volatile.Read(ref _word)?.Result;

    /// <summary>
    /// It has failed, as if a handler of its own had thrown this: it is run again by policy, not at all after a <see cref="GiveUpException"/>, and later, without that an attempt is used up, after a
    /// <see cref="RetryLaterException"/>.
    /// </summary>
    public void Fail(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        Say(new(failure, null));
    }

    /// <summary>It is to be run again after a while. Uses up no attempt.</summary>
    public void RetryLater(TimeSpan delay, string? reason = null) => Fail(new RetryLaterException(delay, reason));

    private protected void SucceedWith(object? result) => Say(new(null, result));

    private void Say(Word word)
    {
        Volatile.Write(ref _word, word);
        Settled?.Invoke();
    }

    private sealed record Word(Exception? Failure, object? Result);
}

/// <inheritdoc/>
public sealed class BatchItem<TArgs>(TArgs args, JobContext job, CancellationToken cancellation = default) : BatchItem(job, cancellation)
{
    /// <summary>The job's arguments.</summary>
    public TArgs Args { get; } = args;

    /// <summary>It has succeeded.</summary>
    public void Succeed() => SucceedWith(null);
}

/// <inheritdoc/>
public sealed class BatchItem<TArgs, TResult>(TArgs args, JobContext job, CancellationToken cancellation = default) : BatchItem(job, cancellation)
{
    /// <summary>The job's arguments.</summary>
    public TArgs Args { get; } = args;

    /// <summary>It has succeeded, with this result.</summary>
    public void Succeed(TResult result) => SucceedWith(result);
}
