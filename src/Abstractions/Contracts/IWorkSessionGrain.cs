namespace OrleansJobs;

/// <summary>The session of a worker outside of the silos, as gateways call it. Key: the session's name. <c>docs/WORKERS.md</c> says what it promises.</summary>
[Alias("oj.IWorkSession")]
public interface IWorkSessionGrain : IGrainWithStringKey
{
    /// <summary>Reports in, leases out, and a sign of life.</summary>
    /// <exception cref="GridOverloadedException">The silo keeps no more sessions.</exception>
    [Alias("call"), ResponseTimeout("00:01:30")]
    Task<WorkAnswer> Call(WorkCall call);

    /// <summary>Keeps what the next attempt can go on from.</summary>
    /// <returns>False where the lease is not this session's any more; nothing was saved.</returns>
    [Alias("checkpoint")]
    Task<bool> SaveCheckpoint(WorkLeaseName lease, byte[] checkpoint);

    /// <summary>The steps that a job remembers, page by page.</summary>
    /// <param name="after">0, or what the page before said as <see cref="WorkMemory.Next"/>.</param>
    [Alias("recall")]
    Task<WorkMemory> Recall(WorkLeaseName lease, long after);

    /// <summary>Has a job remember what a step came to, and says what it remembers of it: a name that was remembered before keeps what it had.</summary>
    [Alias("remember")]
    Task<WorkMemory> Remember(WorkLeaseName lease, WorkStep step);

    /// <summary>Starts children of a job, all or none; one whose name was started before is found, and not made again.</summary>
    [Alias("start")]
    Task<WorkMemory> StartChildren(WorkLeaseName lease, WorkChild[] children);
}

/// <summary>The name of a lease: a job and the token of one of its attempts.</summary>
[GenerateSerializer, Immutable, Alias("oj.workLeaseName")]
public readonly record struct WorkLeaseName([property: Id(0)] string Id, [property: Id(1)] long Token);

/// <summary>What a worker says. It says all with each call: nothing but leases is remembered from the one before.</summary>
[GenerateSerializer, Immutable, Alias("oj.workCall")]
public sealed record WorkCall
{
    [Id(0)] public long Sequence { get; init; }

    /// <summary>Names of job types that it can run.</summary>
    [Id(1)] public string[] Types { get; init; } = [];

    /// <summary>Queues that it serves; null: all.</summary>
    [Id(2)] public string[]? Queues { get; init; }
    [Id(3)] public string? Name { get; init; }
    [Id(4)] public int Want { get; init; }
    [Id(5)] public TimeSpan Wait { get; init; }
    [Id(6)] public WorkLeaseName[] Holds { get; init; } = [];
    [Id(7)] public WorkReport[] Reports { get; init; } = [];
    [Id(8)] public WorkProgress[] Progress { get; init; } = [];

    /// <summary>What attempts that go on have logged.</summary>
    [Id(10)] public WorkLog[] Logs { get; init; } = [];

    /// <summary>The worker stops: what it holds and does not report goes back.</summary>
    [Id(9)] public bool Bye { get; init; }
}

/// <summary>How an attempt ended, in the words of a worker.</summary>
[GenerateSerializer, Alias("oj.workOutcome")]
public enum WorkOutcome : byte
{
    Success,
    Failure,

    /// <summary>The handler asked for a later run.</summary>
    Later,
    Returned,
    Cancelled,

    /// <summary>The job waits for what <see cref="WorkReport.Wait"/> says, without a worker; uses up no attempt.</summary>
    Waiting,
}

[GenerateSerializer, Immutable, Alias("oj.workReport")]
public sealed record WorkReport
{
    [Id(0)] public required WorkLeaseName Lease { get; init; }
    [Id(1)] public WorkOutcome Outcome { get; init; }

    /// <summary>UTF-8 JSON; null counts as <c>null</c>.</summary>
    [Id(2)] public byte[]? Result { get; init; }
    [Id(3)] public JobError? Error { get; init; }

    /// <summary>A failure that is not to be tried again.</summary>
    [Id(4)] public bool IsFinal { get; init; }

    /// <summary>When it is to be tried again; null: by the retry policy.</summary>
    [Id(5)] public TimeSpan? Delay { get; init; }

    /// <summary>Of one that waits: for what.</summary>
    [Id(6)] public WorkWait? Wait { get; init; }

    /// <summary>What the attempt has logged and the grid has not taken yet.</summary>
    [Id(7)] public WorkLogLine[] Logs { get; init; } = [];
}

/// <summary>Lines that an attempt has logged, in the order of their numbers.</summary>
[GenerateSerializer, Immutable, Alias("oj.workLog")]
public sealed record WorkLog([property: Id(0)] WorkLeaseName Lease, [property: Id(1)] WorkLogLine[] Lines);

/// <param name="Number">Counts the lines of the attempt, from 1: one that comes again counts once.</param>
/// <param name="At">When it was logged, by the worker's clock; null: when it came.</param>
[GenerateSerializer, Immutable, Alias("oj.workLogLine")]
public readonly record struct WorkLogLine(
    [property: Id(0)] long Number, [property: Id(1)] DateTimeOffset? At, [property: Id(2)] JobLogLevel Level, [property: Id(3)] string Text, [property: Id(4)] string? ErrorType,
    [property: Id(5)] string? ErrorMessage);

[GenerateSerializer, Immutable, Alias("oj.workProgress")]
public sealed record WorkProgress
{
    [Id(0)] public required WorkLeaseName Lease { get; init; }
    [Id(1)] public long Current { get; init; }
    [Id(2)] public long Total { get; init; }
    [Id(3)] public string? Message { get; init; }

    /// <summary>UTF-8 JSON of at most <see cref="JobLimits.MaxProgressData"/> bytes.</summary>
    [Id(4)] public byte[]? Data { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.workAnswer")]
public sealed record WorkAnswer
{
    /// <summary>How often at least the worker is to call.</summary>
    [Id(0)] public TimeSpan Heartbeat { get; init; }
    [Id(1)] public WorkLease[] Leases { get; init; } = [];

    /// <summary>One for each report, in order. False: the attempt was stale, and what it said is refused.</summary>
    [Id(2)] public bool[] Taken { get; init; } = [];
    [Id(3)] public WorkCancel[] Cancel { get; init; } = [];
}

/// <summary>Why a worker is to stop what it runs.</summary>
[GenerateSerializer, Alias("oj.workCancelReason")]
public enum WorkCancelReason : byte
{
    Cancelled,
    Timeout,

    /// <summary>The lease is not this session's any more.</summary>
    Lost,

    /// <summary>It has said nothing new for longer than its type allows.</summary>
    Stalled,
}

[GenerateSerializer, Immutable, Alias("oj.workCancel")]
public readonly record struct WorkCancel([property: Id(0)] WorkLeaseName Lease, [property: Id(1)] WorkCancelReason Why);

/// <summary>A job for a worker.</summary>
[GenerateSerializer, Immutable, Alias("oj.workLease")]
public sealed record WorkLease
{
    [Id(0)] public required WorkLeaseName Name { get; init; }
    [Id(1)] public required string Type { get; init; }
    [Id(2)] public required string Queue { get; init; }
    [Id(3)] public required byte[] Args { get; init; }
    [Id(4)] public int Attempt { get; init; }

    /// <summary>The number of the attempt that is the last, should it fail too.</summary>
    [Id(5)] public int Attempts { get; init; }
    [Id(6)] public TimeSpan? Timeout { get; init; }
    [Id(7)] public byte[]? Checkpoint { get; init; }
    [Id(8)] public string? TraceParent { get; init; }
    [Id(9)] public JobTag[] Tags { get; init; } = [];
    [Id(10)] public DateTimeOffset SubmittedAt { get; init; }
    [Id(11)] public DateTimeOffset DueAt { get; init; }

    /// <summary>An attempt before this one has done steps that the job remembers.</summary>
    [Id(12)] public bool HasMemory { get; init; }
}
