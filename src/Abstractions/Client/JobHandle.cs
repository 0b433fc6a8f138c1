using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>One job, to look at, wait for and cancel.</summary>
public class JobHandle
{
    private readonly JobClient _client;

    internal JobHandle(JobClient client, string id, SubmitReceipt? receipt)
    {
        _client = client;
        Id = id;
        Receipt = receipt;
    }

    public string Id { get; }

    /// <summary>What the submit answered, where this handle comes from one.</summary>
    public SubmitReceipt? Receipt { get; }

    /// <exception cref="JobNotFoundException"/>
    public Task<JobStatus> GetStatusAsync(CancellationToken cancellation = default) => _client.GetStatusAsync(Id, cancellation);

    /// <summary>The status now, and again whenever it is newer, until the job has ended. Goes on over the loss of silos.</summary>
    /// <exception cref="JobNotFoundException"/>
    public IAsyncEnumerable<JobStatus> WatchAsync(CancellationToken cancellation = default) => _client.WatchAsync(Id, 0, cancellation);

    /// <summary>Waits for the end, however it is, without taking part in progress.</summary>
    /// <exception cref="JobNotFoundException"/>
    public Task<JobStatus> WaitAsync(CancellationToken cancellation = default) => _client.WaitAsync(Id, cancellation);

    /// <summary>Waits for the end and reads the result.</summary>
    /// <exception cref="JobFailedException"/>
    /// <exception cref="JobExpiredException"/>
    /// <exception cref="JobCancelledException"/>
    /// <exception cref="JobNotFoundException"/>
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
    public Task<bool> CancelAsync(string? reason = null, CancellationToken cancellation = default) => _client.CancelAsync(Id, reason, cancellation);
}

/// <summary>One job whose result type is known.</summary>
public sealed class JobHandle<TResult> : JobHandle
{
    internal JobHandle(JobClient client, string id, SubmitReceipt? receipt) : base(client, id, receipt)
    {
    }

    /// <inheritdoc cref="JobHandle.ResultAsync{T}"/>
    public Task<TResult?> ResultAsync(CancellationToken cancellation = default) => ResultAsync<TResult>(cancellation);
}
