using Orleans.Concurrency;

namespace OrleansJobs;

/// <summary>The only writer of its jobs' lifecycle. Key: the partition's number; see <see cref="JobIds.PartitionOf"/>.</summary>
[Alias("oj.IJobPartition")]
public interface IJobPartitionGrain : IGrainWithIntegerKey
{
    /// <summary>Accepted means that the store has acknowledged it.</summary>
    [Alias("submit"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SubmitReceipt> Submit(JobSubmission submission);

    /// <summary>As many submits as the batch limit allows, each with its own receipt, in order.</summary>
    [Alias("submitMany"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SubmitReceipt[]> SubmitMany(Immutable<JobSubmission[]> submissions);

    /// <summary>The lifecycle of a job, without the progress that its grain knows; null where there is none.</summary>
    [Alias("get"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobStatus?> Get(string id);

    /// <summary>Answers once the job's lifecycle has moved beyond <paramref name="version"/>, or after <paramref name="atMost"/> (up to 30 s) with what is.</summary>
    [Alias("wait")]
    Task<JobStatus?> Wait(string id, long version, TimeSpan atMost);

    /// <summary>Durable before it is answered. A waiting job ends at once, a running one is asked to stop.</summary>
    [Alias("cancel"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Cancel(string id, ChangeOrder order);

    /// <summary>Runs a failed or cancelled job again, with its history kept.</summary>
    [Alias("retry"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Retry(string id, ChangeOrder order);

    /// <summary>Removes a finished job.</summary>
    [Alias("delete"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Delete(string id);

    /// <summary>The arguments of a job; null where there is none.</summary>
    [Alias("args"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<byte[]?> GetArgs(string id);

    [Alias("stats"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<GridStats> GetStats();
}

/// <summary>Who asks for a change, and why.</summary>
/// <param name="By">Whoever asks, as the process that passes it on knows them; clipped to <see cref="MaxByLength"/> characters.</param>
/// <param name="Reason">In their words; null where they give none.</param>
[GenerateSerializer, Immutable, Alias("oj.changeOrder")]
public sealed record ChangeOrder([property: Id(0)] string By, [property: Id(1)] string? Reason = null)
{
    public const int MaxByLength = 128;
}

/// <summary>What became of a cancel, retry or delete.</summary>
[GenerateSerializer, Alias("oj.changeOutcome")]
public enum JobChangeOutcome : byte
{
    Done = 0,

    /// <summary>There is no such job, or no longer.</summary>
    NotFound = 1,

    /// <summary>The job's state does not allow it; <see cref="JobChange.Status"/> says which it is.</summary>
    WrongState = 2,

    /// <summary>The store did not answer in time; it may or may not have happened.</summary>
    Unavailable = 3,
}

[GenerateSerializer, Immutable, Alias("oj.change")]
public sealed record JobChange([property: Id(0)] JobChangeOutcome Outcome, [property: Id(1)] JobStatus? Status);
