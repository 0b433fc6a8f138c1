namespace OrleansJobs;

/// <summary>All that can be said of one job at one moment.</summary>
[GenerateSerializer, Immutable, Alias("oj.status")]
public sealed record JobStatus
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Type { get; init; }
    [Id(2)] public required string Queue { get; init; }
    [Id(3)] public int Priority { get; init; }
    [Id(4)] public JobState State { get; init; }
    [Id(5)] public JobPhase Phase { get; init; }

    /// <summary>How far it is, in the handler's own units; never above <see cref="Total"/> unless the handler says so.</summary>
    [Id(6)] public long Current { get; init; }

    /// <summary>What <see cref="Current"/> counts up to; at least 1, so that a page can divide by it.</summary>
    [Id(7)] public long Total { get; init; } = 1;

    /// <summary>The last message of the handler, or a word on where the job stands.</summary>
    [Id(8)] public string Message { get; init; } = "";

    /// <summary>The number of the running or last attempt; 0 before the first.</summary>
    [Id(9)] public int Attempt { get; init; }

    /// <summary>Only grows. A reader never sees a lower one after a higher one. Its steps mean nothing.</summary>
    [Id(10)] public long Version { get; init; }

    [Id(11)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When it is, or was, to start; after a failed attempt, when it runs again.</summary>
    [Id(12)] public DateTimeOffset DueAt { get; init; }

    /// <summary>When the running or last attempt started.</summary>
    [Id(13)] public DateTimeOffset? StartedAt { get; init; }
    [Id(14)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The handler's result as UTF-8 JSON; only in <see cref="JobState.Success"/>.</summary>
    [Id(15)] public byte[]? Result { get; init; }

    /// <summary>Only in <see cref="JobState.Failure"/>.</summary>
    [Id(16)] public JobError? Error { get; init; }

    /// <summary>The attempts that ended, oldest first; the newest 20 are kept.</summary>
    [Id(17)] public JobAttempt[] Attempts { get; init; } = [];

    [Id(18)] public JobTag[] Tags { get; init; } = [];

    /// <summary>The number of the attempt after which, should it fail too, there is no other; 0: not known before the first. Grows with what uses no attempt up: a crash, a retry by hand.</summary>
    [Id(19)] public int MaxAttempts { get; init; }
    [Id(20)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it ends as failed unless it has ended by itself.</summary>
    [Id(32)] public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>The running or last attempt's fencing token; 0 before the first. Only grows.</summary>
    [Id(21)] public long Token { get; init; }

    /// <summary>The silo that runs it, where it runs.</summary>
    [Id(22)] public string? Silo { get; init; }

    /// <summary>W3C trace context that came with the submit.</summary>
    [Id(23)] public string? TraceParent { get; init; }

    /// <summary>What was asked for from outside and done, oldest first; the newest 20 are kept.</summary>
    [Id(24)] public JobChangeEntry[] Changes { get; init; } = [];

    /// <summary>Why it does not run, while it has not ended and does not run: all that it waits for.</summary>
    [Id(25)] public WaitReason[] WaitingFor { get; init; } = [];

    /// <summary>The flow that it is a child of.</summary>
    [Id(26)] public string? Parent { get; init; }

    /// <summary>It has children, or remembers steps.</summary>
    [Id(27)] public bool IsFlow { get; init; }

    /// <summary>What the handler said beside its message, as UTF-8 JSON; null: nothing.</summary>
    [Id(29)] public byte[]? Data { get; init; }

    /// <summary>Jobs that had, or have, to end first.</summary>
    [Id(28)] public JobDependency[] After { get; init; } = [];

    /// <summary>The schedule whose occurrence it is.</summary>
    [Id(30)] public string? Schedule { get; init; }

    /// <summary>The instant that the occurrence is for.</summary>
    [Id(31)] public DateTimeOffset? ScheduledAt { get; init; }

    /// <summary>Whose limits, order and turns it goes by.</summary>
    [Id(33)] public string? Key { get; init; }

    /// <summary>Its attempts have logged something that is kept.</summary>
    [Id(50)] public bool HasLogs { get; init; }

    /// <summary>When it was to start first, as its submit said.</summary>
    [Id(51)] public DateTimeOffset? FirstDueAt { get; init; }

    /// <summary>
    /// Of a running job whose attempt has said nothing new for <see cref="StalledFrom"/> at least: for how long. New are other progress, a checkpoint, a log line and a step; before the first of them
    /// it counts from the attempt's start. Null in lists, and where its worker is not asked.
    /// </summary>
    [Id(52)] public TimeSpan? StalledFor { get; init; }

    /// <summary>Something is remembered of it beside this: steps, children, signals.</summary>
    [Id(53)] internal bool HasMemory { get; init; }

    /// <summary>The shortest <see cref="StalledFor"/> that is shown. What a handler says may take two seconds to be noticed.</summary>
    public static readonly TimeSpan StalledFrom = TimeSpan.FromSeconds(10);

    public bool IsFinished => State.IsTerminal;
}

/// <summary>Something that a job waits for.</summary>
/// <param name="What">One of <see cref="WaitReasons"/>.</param>
[GenerateSerializer, Immutable, Alias("oj.waitReason")]
public sealed record WaitReason([property: Id(0)] string What)
{
    /// <summary>The job that must end, or the name of a signal, a group of children or a child.</summary>
    [Id(1)] public string? Name { get; init; }

    /// <summary>Of children: how many have ended.</summary>
    [Id(2)] public long? Done { get; init; }

    /// <inheritdoc cref="Done"/>
    [Id(3)] public long? Of { get; init; }

    /// <summary>When the waiting ends by itself.</summary>
    [Id(4)] public DateTimeOffset? Until { get; init; }

    /// <summary>Of a limit: which of them, one of <see cref="LimitWords"/>. <see cref="Name"/> is the key.</summary>
    [Id(5)] public string? Limit { get; init; }

    /// <summary>Of a limit: its place in the key's line, from 1; null: further behind than the partition has in memory.</summary>
    [Id(6)] public long? Position { get; init; }

    /// <summary>Of a limit: since when it could have started without.</summary>
    [Id(7)] public DateTimeOffset? Since { get; init; }

    /// <summary>Of a limit that is of a whole queue: the queue. There is no <see cref="Name"/> then.</summary>
    [Id(8)] public string? Queue { get; init; }

    /// <summary>Of the limit of a key's attempts: how many permits are kept by handlers that did not stop when they were to; null: none is.</summary>
    [Id(9)] public long? Stuck { get; init; }
}

/// <summary>What of a key's rule holds a job back.</summary>
public static class LimitWords
{
    /// <summary>As many attempts run as may.</summary>
    public const string Concurrency = "concurrency";

    /// <summary>As many have started in the period as may.</summary>
    public const string Rate = "rate";

    /// <summary>One before it has to start first.</summary>
    public const string Order = "order";

    /// <summary>The key is paused, or its prefix is.</summary>
    public const string Paused = "paused";
}

public static class WaitReasons
{
    /// <summary>A due time that has not come.</summary>
    public const string Time = "time";

    /// <summary>The delay before an attempt is repeated.</summary>
    public const string Retry = "retry";

    /// <summary>A free slot of a worker.</summary>
    public const string Slot = "slot";

    /// <summary>A worker that has a handler for its type.</summary>
    public const string Handler = "handler";

    /// <summary>That its queue is paused no more.</summary>
    public const string Queue = "queue";

    /// <summary>Another job's end.</summary>
    public const string Job = "job";

    /// <summary>What somebody who was called said they would report.</summary>
    public const string Report = "report";

    /// <summary>The ends of its own children.</summary>
    public const string Children = "children";
    public const string Signal = "signal";

    /// <summary>What the rule of its key allows.</summary>
    public const string Limit = "limit";

    /// <summary>Others to run with in one attempt, or the time until it goes without them.</summary>
    public const string Batch = "batch";
}

/// <summary>Why a job failed.</summary>
/// <param name="Code">One of <see cref="JobErrorCodes"/>.</param>
/// <param name="Type">The exception's type name, without its namespace, where an exception was thrown.</param>
/// <param name="Message">In words; clipped to the message limit.</param>
[GenerateSerializer, Immutable, Alias("oj.error")]
public sealed record JobError(
    [property: Id(0)] string Code,
    [property: Id(1)] string? Type,
    [property: Id(2)] string Message)
{
    /// <summary>Where it was thrown, of the newest failure; null: it is not known, or not carried here, as in lists.</summary>
    [Id(3)] public JobTrace? Trace { get; init; }

    /// <summary>Two are the same that say the same, wherever they were thrown.</summary>
    public bool Equals(JobError? other) => other is not null && (Code, Type, Message) == (other.Code, other.Type, other.Message);

    public override int GetHashCode() => HashCode.Combine(Code, Type, Message);
}

/// <summary>Where a failure came from.</summary>
/// <param name="Text">The stack trace, one frame a line, the handler's own frames first, clipped to <see cref="JobLimits.MaxTraceLength"/>; null: there is none, or not here.</param>
/// <param name="Place">The exception's type with the topmost frames of the handler's own code, without line numbers and generated names: the same for failures of one cause.</param>
/// <param name="Release">Which release of the application failed, where that is known.</param>
[GenerateSerializer, Immutable, Alias("oj.trace")]
public sealed record JobTrace([property: Id(0)] string? Text, [property: Id(1)] string Place, [property: Id(2)] string? Release);

public static class JobErrorCodes
{
    /// <summary>The handler threw, and its attempts are used up or the error is final.</summary>
    public const string Error = "error";

    /// <summary>It ran longer than its timeout and did not stop when asked.</summary>
    public const string Timeout = "timeout";

    /// <summary>Its attempts said nothing new for longer than their type allows.</summary>
    public const string Stalled = "stalled";

    /// <summary>It was running when its silo was lost, too many times.</summary>
    public const string Poison = "poison";

    /// <summary>It was not started in time.</summary>
    public const string Expired = "expired";

    /// <summary>It had not ended in time, whatever it was doing.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>Its arguments do not fit the handler's type.</summary>
    public const string BadArgs = "bad_args";

    /// <summary>Its result is larger than the limit.</summary>
    public const string ResultTooLarge = "result_too_large";

    /// <summary>Its result cannot be written as JSON.</summary>
    public const string BadResult = "bad_result";

    /// <summary>A job that it was to follow has ended otherwise than asked for, or is gone.</summary>
    public const string DependencyFailed = "dependency_failed";

    /// <summary>A flow or a schedule submitted it to a key whose rate refuses what comes too soon.</summary>
    public const string Throttled = "throttled";

    /// <summary>A flow or a schedule submitted it to a key that would be one too many of those that have unfinished jobs.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The flow remembers more names, or more bytes, than it may.</summary>
    public const string FlowTooLong = "flow_too_long";

    /// <summary>The flow has more children than it may.</summary>
    public const string TooManyChildren = "too_many_children";

    /// <summary>More flows stand above each other than may.</summary>
    public const string TooDeep = "too_deep";

    /// <summary>What the flow remembers under a name does not fit what the code expects there.</summary>
    public const string DoesNotFit = "memory_does_not_fit";

    /// <summary>The flow awaited something that is not the flow's own when it was parked.</summary>
    public const string ForeignAwait = "foreign_await";

    /// <summary>The flow used a name twice at the same time.</summary>
    public const string NameInUse = "name_in_use";
}

/// <summary>One attempt that ended.</summary>
[GenerateSerializer, Immutable, Alias("oj.attempt")]
public sealed record JobAttempt
{
    [Id(0)] public int Number { get; init; }
    [Id(1)] public string? Silo { get; init; }
    [Id(2)] public DateTimeOffset StartedAt { get; init; }
    [Id(3)] public DateTimeOffset EndedAt { get; init; }

    /// <summary><c>succeeded</c>, <c>failed</c>, <c>crashed</c>, <c>returned</c> (handed back by a draining silo), <c>postponed</c>, <c>cancelled</c>, <c>timeout</c> or <c>stalled</c>.</summary>
    [Id(4)] public string Outcome { get; init; } = "";
    [Id(5)] public JobError? Error { get; init; }
    [Id(6)] public long Token { get; init; }

    /// <summary>What it did on its way; null: nothing that is noted.</summary>
    [Id(7)] public AttemptMarks? Marks { get; init; }
}

/// <summary>What an attempt did on its way, as it said with its end.</summary>
/// <param name="ReportedAt">When it first said how far it is; null: it never did.</param>
/// <param name="CheckpointAt">When it saved its last checkpoint; null: it saved none.</param>
/// <param name="Checkpoints">How many it saved.</param>
[GenerateSerializer, Immutable, Alias("oj.marks")]
public sealed record AttemptMarks(
    [property: Id(0)] DateTimeOffset? ReportedAt, [property: Id(1)] DateTimeOffset? CheckpointAt, [property: Id(2)] int Checkpoints);

/// <summary>A change of a job that somebody asked for.</summary>
/// <param name="What"><c>cancelled</c> (or asked to stop), <c>retried</c>, <c>moved</c> (to another due time), <c>prioritised</c> or <c>transferred</c> (into another queue).</param>
/// <param name="By">Who asked for it.</param>
/// <param name="Reason">Why, in their words; null where they did not say.</param>
[GenerateSerializer, Immutable, Alias("oj.changeEntry")]
public sealed record JobChangeEntry(
    [property: Id(0)] string What,
    [property: Id(1)] string By,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] string? Reason)
{
    /// <summary>The job that did it to many; null: it was asked for alone.</summary>
    [Id(4)] public string? Action { get; init; }

    /// <summary>When that job was submitted, in milliseconds: an id may come again.</summary>
    [Id(5)] internal long ActionSubmitted { get; init; }

    /// <summary>Where it was put into another queue: which; otherwise null.</summary>
    [Id(6)] public string? Queue { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.tag")]
public readonly record struct JobTag([property: Id(0)] string Name, [property: Id(1)] string Value);
