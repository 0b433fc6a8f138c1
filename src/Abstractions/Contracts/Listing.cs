namespace OrleansJobs;

/// <summary>Which jobs to list; null members do not filter.</summary>
[GenerateSerializer, Immutable, Alias("oj.query")]
public sealed record JobQuery
{
    [Id(0)] public JobState? State { get; init; }
    [Id(1)] public string? Type { get; init; }
    [Id(2)] public string? Queue { get; init; }
    [Id(3)] public JobTag[] Tags { get; init; } = [];
    [Id(4)] public DateTimeOffset? SubmittedAfter { get; init; }

    /// <summary>1 to <see cref="JobLimits.MaxPage"/>.</summary>
    [Id(5)] public int Limit { get; init; } = 50;

    /// <summary>What the page before gave as <see cref="JobPage.Cursor"/>.</summary>
    [Id(6)] public string? Cursor { get; init; }

    /// <summary>Children of this flow.</summary>
    [Id(7)] public string? Parent { get; init; }

    /// <summary>Jobs that follow this one.</summary>
    [Id(8)] public string? After { get; init; }

    /// <summary>Only occurrences of this schedule.</summary>
    [Id(9)] public string? Schedule { get; init; }

    /// <summary>Only occurrences for this instant.</summary>
    [Id(10)] public DateTimeOffset? ScheduledAt { get; init; }

    [Id(11)] public ListOrder Order { get; init; }

    /// <summary>The job of this id alone; where there is none, jobs whose ids begin so.</summary>
    [Id(12)] public string? Id { get; init; }
    [Id(13)] public JobPhase? Phase { get; init; }

    /// <summary>Jobs of this key. They live in one partition, which alone is asked.</summary>
    [Id(14)] public string? Key { get; init; }

    /// <summary>Failed jobs whose error has this text in its code, type or message, in upper or lower case.</summary>
    [Id(15)] public string? Error { get; init; }

    /// <summary>Jobs that have this text in their arguments as they were submitted, in upper or lower case.</summary>
    [Id(16)] public string? Args { get; init; }
    [Id(17)] public DateTimeOffset? SubmittedBefore { get; init; }

    /// <summary>Of the running or last attempt.</summary>
    [Id(18)] public DateTimeOffset? StartedAfter { get; init; }

    /// <inheritdoc cref="StartedAfter"/>
    [Id(19)] public DateTimeOffset? StartedBefore { get; init; }
    [Id(20)] public DateTimeOffset? FinishedAfter { get; init; }
    [Id(21)] public DateTimeOffset? FinishedBefore { get; init; }

    /// <summary>All but the arguments, which no status has.</summary>
    internal bool Matches(JobStatus status) =>
        (State is not { } state || status.State == state)
        && (Id is null || status.Id.StartsWith(Id, StringComparison.Ordinal))
        && (Phase is not { } phase || status.Phase == phase)
        && (Key is null || status.Key == Key)
        && (Error is null || (status.State == JobState.Failure && status.Error is { } error && Has(error, Error)))
        && (Type is null || status.Type == Type)
        && (Parent is null || status.Parent == Parent)
        && (After is null || Array.Exists(status.After, leader => leader.Job == After))
        && (Queue is null || status.Queue == Queue)
        && (Schedule is null || status.Schedule == Schedule)
        && (ScheduledAt is not { } instant || status.ScheduledAt == instant)
        && IsBetween(status.SubmittedAt, SubmittedAfter, SubmittedBefore)
        && IsBetween(status.StartedAt, StartedAfter, StartedBefore)
        && IsBetween(status.FinishedAt, FinishedAfter, FinishedBefore)
        && Array.TrueForAll(Tags, tag => Array.IndexOf(status.Tags, tag) >= 0);

    private static bool Has(JobError error, string text) => Has(error.Code, text) || Has(error.Type, text) || Has(error.Message, text);

    private static bool Has(string? where, string text) => where?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;

    // What has not happened lies between no instants.
    private static bool IsBetween(DateTimeOffset? instant, DateTimeOffset? after, DateTimeOffset? before) =>
        (after is null || instant > after) && (before is null || instant < before);
}

[GenerateSerializer, Alias("oj.order")]
public enum ListOrder : byte
{
    /// <summary>By their submits, newest first.</summary>
    Newest = 0,

    /// <summary>Only jobs that wait for an instant, by when they are due, soonest first.</summary>
    Due = 1,
}

/// <summary>A page of jobs, in the order that was asked for. Statuses carry no result.</summary>
/// <param name="Jobs">May be fewer than asked for, or none, with a cursor all the same: the work per page is bounded.</param>
/// <param name="Cursor">Where the next page starts; null at the end.</param>
[GenerateSerializer, Immutable, Alias("oj.page")]
public sealed record JobPage([property: Id(0)] JobStatus[] Jobs, [property: Id(1)] string? Cursor)
{
    /// <summary>Set where the page ended because of the bound on its work: it has fewer jobs than asked for, and the search goes on with the next.</summary>
    [Id(2)] public SearchReach? Reach { get; init; }
}

/// <summary>How far a search has come.</summary>
/// <param name="LookedAt">Jobs that were looked at for this page.</param>
/// <param name="Reached">About the time of submit down to which, or with <see cref="ListOrder.Due"/> the due time up to which, all jobs have been looked at.</param>
[GenerateSerializer, Immutable, Alias("oj.reach")]
public sealed record SearchReach([property: Id(0)] long LookedAt, [property: Id(1)] DateTimeOffset Reached);

/// <summary>What the grid is made of; it does not change while it runs.</summary>
[GenerateSerializer, Immutable, Alias("oj.grid")]
public sealed record GridInfo([property: Id(0)] int Partitions, [property: Id(1)] JobLimits Limits)
{
    /// <summary>What ids are derived with that nobody outside may guess; as old as the store's grid. Never shown.</summary>
    [Id(2)] public byte[] IdSecret { get; init; } = [];
}

/// <summary>A registered job type.</summary>
[GenerateSerializer, Immutable, Alias("oj.type")]
public sealed record JobTypeInfo
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Where its jobs go when the submitter names no queue.</summary>
    [Id(1)] public string Queue { get; init; } = JobLimits.DefaultQueue;

    /// <summary>JSON Schema of the arguments.</summary>
    [Id(2)] public string ArgsSchema { get; init; } = "true";

    /// <summary>JSON Schema of the result.</summary>
    [Id(3)] public string ResultSchema { get; init; } = "true";

    /// <summary>How many running silos have a handler for it; 0: its jobs wait.</summary>
    [Id(4)] public int Silos { get; init; }
    [Id(5)] public string? Description { get; init; }

    /// <summary>Of the program that last said what the type is, where that runs outside of the silos.</summary>
    [Id(6)] public string? Release { get; init; }

    /// <summary>How many failures make a job fail, where its submit does not say; null: what the grid is configured to. Of types that run outside of the silos.</summary>
    [Id(7)] public int? Attempts { get; init; }

    /// <summary>Of an attempt, where the submit does not say; null: none. Of types that run outside of the silos.</summary>
    [Id(8)] public TimeSpan? Timeout { get; init; }

    /// <summary>Its handler is a flow.</summary>
    [Id(9)] public bool IsFlow { get; init; }

    /// <summary>What the key of its jobs is made of where a submit names none, such as <c>tenant/{tenantId}</c>; null: they have none.</summary>
    [Id(10)] public string? Key { get; init; }

    /// <summary>How many turns a key of its jobs has for one of others, where neither a rule nor the submit says it; null: one.</summary>
    [Id(11)] public int? Weight { get; init; }

    /// <summary>After how long without anything new an attempt is given up; null: never. Of types that run outside of the silos.</summary>
    [Id(12)] public TimeSpan? StalledAfter { get; init; }
}

/// <summary>How many jobs of one queue and type are in one state.</summary>
[GenerateSerializer, Immutable, Alias("oj.count")]
public readonly record struct JobCount(
    [property: Id(0)] JobState State,
    [property: Id(1)] string Queue,
    [property: Id(2)] string Type,
    [property: Id(3)] long Jobs);

/// <summary>The grid's figures. Counts are of the jobs the store holds.</summary>
[GenerateSerializer, Immutable, Alias("oj.stats")]
public sealed record GridStats
{
    [Id(0)] public JobCount[] Counts { get; init; } = [];

    /// <summary>Due and not started, whatever the reason.</summary>
    [Id(1)] public long Backlog { get; init; }
    [Id(2)] public long Running { get; init; }

    /// <summary>How long the job that waits longest has been due; zero where none waits.</summary>
    [Id(3)] public TimeSpan OldestWaiting { get; init; }

    /// <summary>Finished per second over the last minute.</summary>
    [Id(4)] public double FinishedPerSecond { get; init; }

    /// <summary>Accepted per second over the last minute.</summary>
    [Id(5)] public double SubmittedPerSecond { get; init; }

    /// <summary>Slots of all running silos.</summary>
    [Id(6)] public int Slots { get; init; }

    /// <summary>Slots whose handler ran past its hard timeout and has not returned.</summary>
    [Id(7)] public int StuckSlots { get; init; }
    [Id(8)] public SiloInfo[] Silos { get; init; } = [];

    /// <summary>Jobs that nothing would wake; anything but 0 is a defect.</summary>
    [Id(9)] public long Orphans { get; init; }

    /// <summary>The backlog by queue and type.</summary>
    [Id(10)] public JobCount[] Due { get; init; } = [];

    /// <summary>How much of the backlog more slots would help: its queue is not paused, and some silo serves it and knows its type.</summary>
    [Id(11)] public long Runnable { get; init; }

    /// <summary>Letters between partitions that have not been delivered: ends of children, jobs that follow others.</summary>
    [Id(12)] public long Letters { get; init; }

    /// <summary>How old the oldest of them is; zero where there is none.</summary>
    [Id(13)] public TimeSpan LetterAge { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.silo")]
public sealed record SiloInfo
{
    [Id(0)] public required string Address { get; init; }
    [Id(1)] public string Name { get; init; } = "";
    [Id(2)] public int Slots { get; init; }
    [Id(3)] public int Busy { get; init; }
    [Id(4)] public int Stuck { get; init; }
    [Id(5)] public bool Draining { get; init; }
    [Id(6)] public string[] Types { get; init; } = [];
    [Id(7)] public int Partitions { get; init; }

    /// <summary>Queues that it serves; null: all.</summary>
    [Id(8)] public string[]? Queues { get; init; }

    /// <summary>Jobs that hold its slots: stuck ones first, then those that have run longest. At most <see cref="MaxShown"/>.</summary>
    [Id(9)] public SiloJob[] Jobs { get; init; } = [];

    /// <summary>Jobs of one silo that are told.</summary>
    public const int MaxShown = 10;

    /// <summary>Whether it could run jobs of a queue and type, paused or not.</summary>
    public bool Serves(string queue, string type) => !Draining && Array.IndexOf(Types, type) >= 0 && (Queues is null || Array.IndexOf(Queues, queue) >= 0);
}

/// <summary>A job that holds a slot of a silo.</summary>
/// <param name="RunningFor">Since its handler was called.</param>
/// <param name="Stuck">The job has ended; its handler was to stop and has not returned.</param>
[GenerateSerializer, Immutable, Alias("oj.siloJob")]
public sealed record SiloJob(
    [property: Id(0)] string Id, [property: Id(1)] string Type, [property: Id(2)] string Queue, [property: Id(3)] TimeSpan RunningFor, [property: Id(4)] bool Stuck)
{
    /// <inheritdoc cref="JobStatus.StalledFor"/>
    [Id(5)] public TimeSpan? StalledFor { get; init; }
}

/// <summary>A queue and whether it is paused.</summary>
[GenerateSerializer, Immutable, Alias("oj.queue")]
public sealed record QueueInfo
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public bool Paused { get; init; }
    [Id(2)] public string? Reason { get; init; }
    [Id(3)] public DateTimeOffset? Since { get; init; }
    [Id(4)] public long Pending { get; init; }
    [Id(5)] public long Running { get; init; }

    /// <summary>Who paused it.</summary>
    [Id(6)] public string? By { get; init; }
}
