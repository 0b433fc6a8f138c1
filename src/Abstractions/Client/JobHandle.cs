using System.Text.Json;

namespace OrleansJobs;

/// <summary>One job, to look at, wait for, cancel and run again. Tests of code that submits jobs may derive their own.</summary>
public class JobHandle
{
    private readonly JobClient? _client;

    internal JobHandle(JobClient client, string id, SubmitReceipt? receipt)
    {
        _client = client;
        Id = id;
        Receipt = receipt;
    }

    /// <summary>For stand-ins in tests: what is not overridden throws.</summary>
    protected JobHandle(string id) => Id = id;

    public string Id { get; }

    /// <summary>What the submit answered, where this handle comes from one.</summary>
    public SubmitReceipt? Receipt { get; }

    private JobClient Client => _client ?? throw new NotSupportedException("This stand-in for a job does not do that.");

    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException"/>
    public virtual Task<JobStatus> GetStatusAsync(CancellationToken cancellation = default) => Client.GetStatusAsync(Id, cancellation);

    /// <inheritdoc cref="WatchAsync(long, CancellationToken)"/>
    public IAsyncEnumerable<JobStatus> WatchAsync(CancellationToken cancellation = default) => WatchAsync(0, cancellation);

    /// <summary>
    /// The status now, and again whenever it is newer, until the job has ended. Intermediate values may be left out; the last one never is.
    /// Goes on over the loss of silos.
    /// </summary>
    /// <param name="afterVersion">Only what is newer than this <see cref="JobStatus.Version"/>; for going on where an earlier watch stopped.</param>
    /// <exception cref="JobNotFoundException">There is no such job, or it was removed meanwhile.</exception>
    /// <exception cref="GridUnavailableException">No answer for longer than <see cref="JobClientOptions.Patience"/>.</exception>
    public virtual IAsyncEnumerable<JobStatus> WatchAsync(long afterVersion, CancellationToken cancellation = default) =>
        Client.WatchAsync(Id, afterVersion, cancellation);

    /// <summary>Waits for the end, however it is, without taking part in progress.</summary>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">No answer for longer than <see cref="JobClientOptions.Patience"/>.</exception>
    public virtual Task<JobStatus> WaitAsync(CancellationToken cancellation = default) => Client.WaitAsync(Id, cancellation);

    /// <summary>Waits for the end and reads the result.</summary>
    /// <exception cref="JobFailedException"/>
    /// <exception cref="JobExpiredException"/>
    /// <exception cref="JobCancelledException"/>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">No answer for longer than <see cref="JobClientOptions.Patience"/>.</exception>
    /// <exception cref="JsonException">The result is no <typeparamref name="T"/>.</exception>
    public async Task<T?> ResultAsync<T>(CancellationToken cancellation = default)
    {
        var status = await WaitAsync(cancellation);
        return status.State switch
        {
            JobState.Success => status.Result is { } json ? JsonSerializer.Deserialize<T>(json, JobJson.Options) : default,
            JobState.Revoked => throw new JobCancelledException(status),
            _ => throw (status.Error?.Code == JobErrorCodes.Expired ? new JobExpiredException(status) : new JobFailedException(status)),
        };
    }

    /// <summary>Ends a waiting job; asks a running one to stop. Durable when the task completes.</summary>
    /// <returns>False where the job had ended before.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not be cancelled.</exception>
    public virtual Task<bool> CancelAsync(string? reason = null, CancellationToken cancellation = default) => Client.CancelAsync(Id, reason, cancellation);

    /// <summary>Runs a failed or cancelled job again, with its history kept.</summary>
    /// <returns>False where the job has not failed or been cancelled.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not run again.</exception>
    public virtual Task<bool> RetryAsync(CancellationToken cancellation = default) => Client.RetryAsync(Id, cancellation);

    /// <summary>Gives a job that waits for time, or for another attempt, another instant: null runs it now.</summary>
    /// <returns>False where it runs, has ended, waits for something else, or would expire before.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not be moved.</exception>
    public virtual Task<bool> MoveAsync(DateTimeOffset? due = null, string? reason = null, CancellationToken cancellation = default) => Client.MoveAsync(Id, due, reason, cancellation);

    /// <summary>Sends the job something that it waits for, or will: it is kept until it is taken. Durable when the task completes.</summary>
    /// <param name="name">1 to 128 characters.</param>
    /// <param name="body">Written as JSON with the web defaults.</param>
    /// <param name="key">Of signals with the same key the job gets one. Null: a fresh one, which lets the client ask again where an answer is lost.</param>
    /// <returns>False where the job has ended.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridOverloadedException">As many signals wait for the job as may.</exception>
    /// <exception cref="GridUnavailableException">It may or may not be kept: send it again with the same key.</exception>
    public virtual Task<bool> SignalAsync<T>(string name, T body, string? key = null, CancellationToken cancellation = default) =>
        Client.SignalAsync(Id, name, body, key, cancellation);

    /// <inheritdoc cref="SignalAsync{T}(string, T, string?, CancellationToken)"/>
    public Task<bool> SignalAsync(string name, CancellationToken cancellation = default) => SignalAsync<object?>(name, null, null, cancellation);

    /// <summary>What happened to the job in the order in which it did, and what it waited for in between; of a flow with its newest steps, children and signals.</summary>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException"/>
    public virtual Task<IReadOnlyList<TimelineEntry>> GetTimelineAsync(CancellationToken cancellation = default) => Client.GetTimelineAsync(Id, cancellation);

    /// <summary>The newest lines of what its attempts have logged, as far as they are stored; none where they have logged nothing.</summary>
    /// <param name="limit">1 to <see cref="JobLogLimits.MaxLines"/>.</param>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException"/>
    public virtual Task<JobLogPage> GetLogsAsync(int limit = 200, CancellationToken cancellation = default) => Client.Logs.GetAsync(Id, limit, cancellation);

    /// <summary>What its attempts log, as it is stored, until the job has ended: first what is kept, then what comes. Goes on over the loss of silos.</summary>
    /// <param name="after">Only lines with higher numbers; for going on where an earlier reading stopped.</param>
    /// <exception cref="JobNotFoundException">There is no such job, or it was removed meanwhile.</exception>
    /// <exception cref="GridUnavailableException">No answer for longer than <see cref="JobClientOptions.Patience"/>.</exception>
    public virtual IAsyncEnumerable<JobLogLine> FollowLogsAsync(long after = 0, CancellationToken cancellation = default) => Client.Logs.FollowAsync(Id, after, cancellation);

    /// <summary>Gives a waiting job another priority, 0 to 9.</summary>
    /// <returns>False where it runs or has ended, or as many combinations of queue, priority and type have jobs as may.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not have it.</exception>
    public virtual Task<bool> PrioritiseAsync(int priority, string? reason = null, CancellationToken cancellation = default) => Client.PrioritiseAsync(Id, priority, reason, cancellation);

    /// <summary>Puts a waiting job into another queue: it waits there by the same instant.</summary>
    /// <param name="queue">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>, not one of the grid's own.</param>
    /// <returns>False where it runs or has ended, is run by the grid itself, or as many combinations of queue, priority and type have jobs as may.</returns>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not be there.</exception>
    public virtual Task<bool> TransferAsync(string queue, string? reason = null, CancellationToken cancellation = default) => Client.TransferAsync(Id, queue, reason, cancellation);

    /// <summary>Submits another job like this one: of its type, queue, priority, tags, key and policy, with its arguments unless others are given. Its times are not copied.</summary>
    /// <param name="changes">What is to be otherwise.</param>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <exception cref="JobNotFoundException"/>
    /// <exception cref="GridUnavailableException">It may or may not be submitted.</exception>
    public virtual Task<JobHandle> CopyAsync(JobCopy? changes = null, CancellationToken cancellation = default) => Client.CopyAsync(Id, changes ?? new(), cancellation);

    /// <summary>Removes a finished job.</summary>
    /// <returns>False where the job has not ended.</returns>
    /// <exception cref="JobNotFoundException">There is none, or no longer.</exception>
    /// <exception cref="GridUnavailableException">It may or may not be removed.</exception>
    public virtual Task<bool> DeleteAsync(CancellationToken cancellation = default) => Client.DeleteAsync(Id, cancellation);
}

/// <summary>One job whose result type is known.</summary>
public class JobHandle<TResult> : JobHandle
{
    internal JobHandle(JobClient client, string id, SubmitReceipt? receipt) : base(client, id, receipt)
    {
    }

    /// <inheritdoc cref="JobHandle(string)"/>
    protected JobHandle(string id) : base(id)
    {
    }

    /// <inheritdoc cref="JobHandle.ResultAsync{T}"/>
    public Task<TResult?> ResultAsync(CancellationToken cancellation = default) => ResultAsync<TResult>(cancellation);
}
