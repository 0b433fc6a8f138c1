namespace OrleansJobs;

/// <summary>A job as it is handed to the grid. All durations are in milliseconds, all instants in Unix milliseconds.</summary>
[GenerateSerializer, Immutable, Alias("oj.submission")]
public sealed record JobSubmission
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Type { get; init; }
    [Id(2)] public string Queue { get; init; } = JobLimits.DefaultQueue;

    /// <summary>The arguments as UTF-8 JSON.</summary>
    [Id(3)] public required byte[] Args { get; init; }

    /// <summary>0 to 9; higher runs first among what is due.</summary>
    [Id(4)] public int Priority { get; init; } = JobLimits.DefaultPriority;

    /// <summary>Start so long after acceptance; not together with <see cref="Eta"/>.</summary>
    [Id(5)] public long? Countdown { get; init; }

    /// <summary>Start at this instant; one in the past means now.</summary>
    [Id(6)] public long? Eta { get; init; }

    /// <summary>Not started so long after acceptance: FAILURE <c>expired</c>. Not together with <see cref="ExpiresAt"/>.</summary>
    [Id(7)] public long? ExpiresAfter { get; init; }
    [Id(8)] public long? ExpiresAt { get; init; }

    /// <summary>Null: what the handler says.</summary>
    [Id(9)] public RetryPolicy? Retry { get; init; }

    /// <summary>How long one attempt may run before it is cancelled. Null: what the handler says.</summary>
    [Id(10)] public long? Timeout { get; init; }

    /// <summary>How long the finished job is kept. Null: the grid's retention for its outcome.</summary>
    [Id(11)] public long? Retention { get; init; }
    [Id(12)] public JobTag[] Tags { get; init; } = [];

    /// <summary>W3C trace context of the submitter.</summary>
    [Id(13)] public string? TraceParent { get; init; }

    /// <summary>
    /// What makes two submits with one id the same: see <see cref="SubmissionFingerprint"/>. Null where the id is fresh and ours, so that
    /// nothing has to be looked up.
    /// </summary>
    [Id(14)] public byte[]? Fingerprint { get; init; }

    /// <summary>This very submit may have been accepted before (its answer was lost): look first.</summary>
    [Id(15)] public bool MayExist { get; init; }

    /// <summary>Runs at most so often, the handler's policy deciding on all else; not together with <see cref="Retry"/>.</summary>
    [Id(16)] public int? Attempts { get; init; }

    /// <summary>Whose job it is, where submitters are bounded one by one; stored of flows that are posted alone. Null: those of nobody in particular.</summary>
    [Id(17)] public string? Owner { get; init; }

    /// <summary>Should the job exist and have ended, its status comes without its result: many results would not fit one answer.</summary>
    [Id(18)] internal bool WithoutResult { get; init; }

    /// <summary>Where the job is new, nobody reads more of its receipt than its id.</summary>
    [Id(30)] internal bool WithoutStatus { get; init; }

    /// <summary>Jobs that must end before it starts. All must exist when it is submitted.</summary>
    [Id(19)] public JobDependency[] After { get; init; } = [];

    /// <summary>Should one of <see cref="After"/> end otherwise than asked for: cancel it, in place of FAILURE <c>dependency_failed</c>.</summary>
    [Id(20)] public bool CancelIfUnmet { get; init; }

    /// <summary>Not ended so long after acceptance, however often it has run: FAILURE <c>deadline_exceeded</c>. Not together with <see cref="DeadlineAt"/>.</summary>
    [Id(22)] public long? DeadlineAfter { get; init; }
    [Id(23)] public long? DeadlineAt { get; init; }

    /// <summary>Who is called when it ends. Needs a grid that is configured to call somebody.</summary>
    [Id(24)] public JobNotice[] Notify { get; init; } = [];

    /// <summary>
    /// Whose limits, order and turns it goes by, such as <c>tenant/7</c>; see <see cref="JobKeys"/>. Jobs with a key, and unique ones, have ids that the grid makes: those
    /// of a key are in one partition.
    /// </summary>
    [Id(25)] public string? Key { get; init; }

    /// <summary>That it is to be the only one of its value.</summary>
    [Id(26)] public JobUnique? Unique { get; init; }

    /// <summary>How many turns its key has for one of others, 1 to 1,000, where no rule says it.</summary>
    [Id(27)] public int? Weight { get; init; }

    /// <summary>Who submits may not see jobs of other queues: of one there that has its unique value, nothing is said, and nothing becomes of it.</summary>
    [Id(28)] public bool KeepsToQueue { get; init; }

    /// <summary>The flow that it is a child of. Flows say so of their own children, nobody else.</summary>
    [Id(21)] internal JobParent? Parent { get; init; }

    /// <summary>Of a job of an event that may be published again: up to which one its bindings were known.</summary>
    [Id(29)] internal long? BindingsKnown { get; init; }
}

/// <summary>Another job that must end first.</summary>
/// <param name="Job">Its id.</param>
/// <param name="On">How it must end.</param>
[GenerateSerializer, Immutable, Alias("oj.dependency")]
public readonly record struct JobDependency([property: Id(0)] string Job, [property: Id(1)] DependencyOn On = DependencyOn.Success)
{
    /// <summary>The job of this id must succeed.</summary>
    public static implicit operator JobDependency(string job) => new(job);

    /// <summary>The job must succeed.</summary>
    public static implicit operator JobDependency(JobHandle job) => new(job.Id);

    public static JobDependency FromString(string job) => new(job);

    public static JobDependency FromJobHandle(JobHandle job) => new(job.Id);
}

[GenerateSerializer, Alias("oj.dependencyOn")]
public enum DependencyOn : byte
{
    Success = 0,

    /// <summary>However it ends.</summary>
    End = 1,

    /// <summary>In failure, or cancelled.</summary>
    Failure = 2,
}

/// <summary>What a child is to its flow.</summary>
/// <param name="Stamp">The flow's place among the submits of its partition, which tells flows of one id apart.</param>
/// <param name="Name">Its own name, or its group's.</param>
/// <param name="Index">Its place in the group; -1: it has a name of its own.</param>
/// <param name="Depth">How many flows stand above it.</param>
/// <param name="Round">How often the flow had been run again by somebody when it started this child.</param>
[GenerateSerializer, Immutable, Alias("oj.parent")]
internal sealed record JobParent(
    [property: Id(0)] string Id, [property: Id(1)] long Stamp, [property: Id(2)] int Run, [property: Id(3)] string Name, [property: Id(4)] int Index,
    [property: Id(5)] int Weight, [property: Id(6)] int Depth, [property: Id(7)] int Round = 0);

/// <summary>What became of a submit.</summary>
[GenerateSerializer, Alias("oj.submitOutcome")]
public enum SubmitOutcome : byte
{
    /// <summary>The store has it.</summary>
    Accepted = 0,

    /// <summary>The store had it already, with the same content.</summary>
    Replayed = 1,

    /// <summary>The store has another job under this id.</summary>
    Conflict = 2,

    /// <summary>It breaks a rule; <see cref="SubmitReceipt.Problems"/> says which. Nothing was stored.</summary>
    Rejected = 3,

    /// <summary>A bound of the grid is reached. Nothing was stored; try again after <see cref="SubmitReceipt.RetryAfter"/>.</summary>
    Overloaded = 4,

    /// <summary>The store did not answer in time. It may or may not have been stored: submit again with the same id to find out.</summary>
    Unavailable = 5,

    /// <summary>Another job has its unique value, and is the answer: <see cref="SubmitReceipt.Id"/> is that one's.</summary>
    Coalesced = 6,

    /// <summary>Another job has its unique value, <see cref="SubmitReceipt.Status"/>. Nothing was stored.</summary>
    NotUnique = 7,

    /// <summary>The rate of its key allows no other submit before <see cref="SubmitReceipt.RetryAfter"/>. Nothing was stored.</summary>
    Throttled = 8,
}

[GenerateSerializer, Immutable, Alias("oj.receipt")]
public sealed record SubmitReceipt
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public SubmitOutcome Outcome { get; init; }

    /// <summary>Where the job stands; present where it was accepted, replayed or coalesced, but for new ones among many of one type. Without a result where the job was one of many that were submitted together.</summary>
    [Id(2)] public JobStatus? Status { get; init; }
    [Id(3)] public SubmissionProblem[] Problems { get; init; } = [];
    [Id(4)] public TimeSpan RetryAfter { get; init; }

    /// <summary>In words, where it was not accepted.</summary>
    [Id(5)] public string? Reason { get; init; }
}

/// <summary>A rule that a submission breaks.</summary>
/// <param name="Pointer">JSON Pointer to the member, such as <c>/countdown</c>.</param>
/// <param name="Detail">In words, with the limit.</param>
[GenerateSerializer, Immutable, Alias("oj.problem")]
public sealed record SubmissionProblem([property: Id(0)] string Pointer, [property: Id(1)] string Detail)
{
    /// <summary>The content is over a size limit, rather than wrong.</summary>
    [Id(2)] public bool TooLarge { get; init; }
}
