namespace OrleansJobs;

/// <summary>The live face of one job. Key: the job's id.</summary>
[Alias("oj.IJob")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Lifecycle and progress; null where there is no such job.</summary>
    [Alias("status"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobStatus?> GetStatus();

    /// <summary>
    /// The newest status, whenever it is newer than <paramref name="afterVersion"/>, until the job has ended. Intermediate values may be
    /// left out; the last one never is. Ends without a value where there is no such job.
    /// </summary>
    [Alias("watch")]
    IAsyncEnumerable<JobStatus> Watch(long afterVersion, CancellationToken cancellation = default);

    /// <summary>Durable before it is answered.</summary>
    [Alias("cancel"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Cancel(ChangeOrder order);
}
