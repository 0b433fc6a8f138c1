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

    /// <summary>Gives a job that waits for time, or for another attempt, another due time. Durable before it is answered.</summary>
    /// <param name="due">Null: now.</param>
    [Alias("move"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Move(string id, DateTimeOffset? due, ChangeOrder order);

    /// <summary>Gives a waiting job another priority, 0 to 9. Durable before it is answered.</summary>
    [Alias("prioritise"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Prioritise(string id, int priority, ChangeOrder order);

    /// <summary>Puts a waiting job into another queue. Durable before it is answered.</summary>
    [Alias("transfer"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Transfer(string id, string queue, ChangeOrder order);

    /// <summary>Removes a finished job.</summary>
    [Alias("delete"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobChange> Delete(string id);

    /// <summary>Keeps a signal with a job that has not ended, until it is taken. Durable before it is answered.</summary>
    [Alias("signal"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SignalReceipt> Signal(string id, JobSignal signal);

    /// <summary>Statuses without results, null where there is none, in the order of the ids; at most <see cref="FlowGraph.MaxJobs"/>.</summary>
    [Alias("getListed"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobStatus?[]> GetListed(string[] ids);

    /// <summary>How many children each group of a flow has, and how many have ended; empty where it has none, null where there is no such job.</summary>
    [Alias("flowGroups"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<FlowGroupCount[]?> GetFlowGroups(string id);

    /// <summary>What a job that remembers something has done on its way; null where there is no such job.</summary>
    [Alias("flowPast"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<FlowPast?> GetFlowPast(string id);

    /// <summary>The arguments of a job; null where there is none.</summary>
    [Alias("args"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<byte[]?> GetArgs(string id);

    /// <summary>What was submitted, for another job like it: without its id, and what belongs to its own times and places; null where there is none.</summary>
    [Alias("submission"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobSubmission?> GetSubmission(string id);

    [Alias("stats"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<GridStats> GetStats();
}

/// <param name="Name">1 to 128 characters.</param>
/// <param name="Body">UTF-8 JSON.</param>
/// <param name="Key">A signal whose key has been seen with this job is not kept again; null: it is always another one.</param>
[GenerateSerializer, Immutable, Alias("oj.signal")]
public sealed record JobSignal([property: Id(0)] string Name, [property: Id(1)] byte[] Body, [property: Id(2)] string? Key = null);

[GenerateSerializer, Alias("oj.signalOutcome")]
public enum SignalOutcome : byte
{
    Accepted = 0,

    /// <summary>One with this key had come before.</summary>
    Replayed = 1,

    /// <summary>There is no such job, or no longer.</summary>
    NotFound = 2,

    /// <summary>The job has ended.</summary>
    Ended = 3,

    /// <summary>So many signals wait to be taken that no other is kept.</summary>
    Full = 4,

    /// <summary>The store did not answer in time; it may or may not have been kept.</summary>
    Unavailable = 5,
}

[GenerateSerializer, Immutable, Alias("oj.signalReceipt")]
public sealed record SignalReceipt([property: Id(0)] SignalOutcome Outcome, [property: Id(1)] string? Reason = null);

/// <summary>Children that a flow has started for the items of one list.</summary>
/// <param name="Name">What the flow calls the group.</param>
/// <param name="Total">How many there will be; -1: not known yet.</param>
[GenerateSerializer, Immutable, Alias("oj.flowGroupCount")]
public readonly record struct FlowGroupCount(
    [property: Id(0)] string Name, [property: Id(1)] int Total, [property: Id(2)] int Started, [property: Id(3)] int Succeeded, [property: Id(4)] int Failed);

/// <summary>Who asks for a change, and why.</summary>
/// <param name="By">Whoever asks, as the process that passes it on knows them; clipped to <see cref="MaxByLength"/> characters.</param>
/// <param name="Reason">In their words; null where they give none.</param>
[GenerateSerializer, Immutable, Alias("oj.changeOrder")]
public sealed record ChangeOrder([property: Id(0)] string By, [property: Id(1)] string? Reason = null)
{
    public const int MaxByLength = 128;

    /// <summary>Where it is one of many of an action: of which, and what must hold of the job; null: it is asked for alone.</summary>
    [Id(2)] internal ActionMark? Part { get; init; }

    /// <summary>Of which queues the job must be when it is decided, whatever it was when somebody looked; null: of any. One of another queue does not exist for whoever asks.</summary>
    [Id(3)] internal string[]? Queues { get; init; }
}

/// <summary>What a partition goes by where a change is one of many. It is decided with the change itself, so that nothing comes between.</summary>
/// <param name="Id">Of the job that the action is. To a job that keeps a change of it nothing is done again.</param>
/// <param name="Filter">What must hold of the job still; null: nothing.</param>
/// <param name="Queues">Of which queues the job must be; empty: of any.</param>
[GenerateSerializer, Immutable, Alias("oj.actionMark")]
internal sealed record ActionMark([property: Id(0)] string Id, [property: Id(1)] JobQuery? Filter, [property: Id(2)] string[] Queues)
{
    /// <summary>When the job that the action is was submitted, in milliseconds: another may come under its id once it is gone, and what that one has done is not what this one did.</summary>
    [Id(3)] public long Submitted { get; init; }

    /// <summary>Jobs whose stamps are not below came after the action began, also where their ids had been another's before; 0: any.</summary>
    [Id(4)] public long Below { get; init; }

    /// <summary>Children of flows are left to their flows, which run them again themselves.</summary>
    [Id(5)] public bool LeavesChildren { get; init; }
}

/// <summary>What became of a cancel, retry, move or delete.</summary>
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
public sealed record JobChange([property: Id(0)] JobChangeOutcome Outcome, [property: Id(1)] JobStatus? Status)
{
    /// <summary>Why the state does not allow it, where that is not plain.</summary>
    [Id(2)] public string? Reason { get; init; }
}
