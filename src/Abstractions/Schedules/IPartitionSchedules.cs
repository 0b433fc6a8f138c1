namespace OrleansJobs;

/// <summary>The only writer of its schedules. Key: the number of the partition that jobs of the schedule's id would belong to.</summary>
[Alias("oj.IPartitionSchedules")]
internal interface IPartitionSchedules : IGrainWithIntegerKey
{
    [Alias("put"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleAnswer> PutSchedule(string id, ScheduleSpec spec, ScheduleCondition condition);

    [Alias("get"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleInfo?> GetSchedule(string id);

    /// <param name="application">Of one that is declared: whose it is, so that nobody removes it by mistake.</param>
    [Alias("delete"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleAnswer> DeleteSchedule(string id, ScheduleCondition condition, string? application);

    /// <summary>Pauses, or where there is no order, resumes.</summary>
    [Alias("pause"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleAnswer> PauseSchedule(string id, ChangeOrder? order, ScheduleCondition condition);

    /// <param name="token">The same again is the same occurrence.</param>
    [Alias("trigger"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleAnswer> TriggerSchedule(string id, string token);

    /// <summary>Submits what a range of instants that have passed should have submitted, where it is not there.</summary>
    [Alias("backfill"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleAnswer> BackfillSchedule(string id, long from, long to);

    /// <summary>The next instants of one that is there; null where it is not.</summary>
    [Alias("next"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<long[]?> NextOfSchedule(string id, int count);

    /// <summary>The next instants of one that need not be there.</summary>
    [Alias("preview"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SchedulePreview> PreviewSchedule(ScheduleSpec spec, int count);

    /// <summary>The newest occurrences with what their jobs are now; null where there is no such schedule.</summary>
    [Alias("runs"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleRun[]?> RunsOfSchedule(string id);

    /// <summary>As many as were asked for, however large: of releases that know no <see cref="ReadSchedules"/>.</summary>
    /// <param name="after">Those behind it; empty: from the first.</param>
    /// <param name="application">Those that its code declares; null: all.</param>
    [Alias("list"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ScheduleInfo[]> ListSchedules(string after, int limit, string? application);

    /// <summary>Schedules in the order of their ids.</summary>
    /// <param name="after">Those behind it; empty: from the first.</param>
    [Alias("part"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SchedulePart> ReadSchedules(string after, int limit);

    /// <summary>Makes the schedules of an application, of this partition, what its code declares. To be asked again where it fails.</summary>
    [Alias("declare"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<DeclarationAnswer> DeclareSchedules(ScheduleDeclaration declaration);
}

/// <summary>Schedules of one partition, in the order of their ids.</summary>
/// <param name="UpTo">It may have more, all behind this id; null: it has not. There may be fewer than were asked for, since large ones are told a few at a time.</param>
[GenerateSerializer, Immutable, Alias("oj.schedulePart")]
internal sealed record SchedulePart([property: Id(0)] ScheduleInfo[] Schedules, [property: Id(1)] string? UpTo);

/// <summary>What the code of an application declares.</summary>
/// <param name="HasAny">It declares schedules, be it in other partitions.</param>
/// <param name="Schedules">Those of one partition.</param>
[GenerateSerializer, Immutable, Alias("oj.scheduleDeclaration")]
internal sealed record ScheduleDeclaration(
    [property: Id(0)] string Application, [property: Id(1)] string Release, [property: Id(2)] bool HasAny, [property: Id(3)] DeclaredSchedule[] Schedules);

[GenerateSerializer, Immutable, Alias("oj.declaredSchedule")]
internal sealed record DeclaredSchedule([property: Id(0)] string Id, [property: Id(1)] ScheduleSpec Spec)
{
    /// <summary>Whoever declares it says no queue, and knows nothing of its type: the queue that it was given by one who does stays.</summary>
    [Id(2)] public bool KeepsQueue { get; init; }

    /// <summary>The same of its key.</summary>
    [Id(3)] public bool KeepsKey { get; init; }
}

/// <param name="SupersededBy">A newer release has declared them; nothing was done. Null: none has.</param>
/// <param name="Refused">Which are not as declared, and why.</param>
[GenerateSerializer, Immutable, Alias("oj.declarationAnswer")]
internal sealed record DeclarationAnswer(
    [property: Id(0)] int Changed, [property: Id(1)] int Removed, [property: Id(2)] string? SupersededBy, [property: Id(3)] string[] Refused)
{
    /// <summary>What was refused may be taken later.</summary>
    [Id(4)] public bool IsToBeRepeated { get; init; }

    /// <summary>Schedules of the application that stay, though this silo declares none.</summary>
    [Id(5)] public int Kept { get; init; }
}

/// <summary>What a change is asked under.</summary>
/// <param name="Version">Only where the schedule has this version; null: whichever it has. <c>*</c>: where there is one.</param>
/// <param name="IsNew">Only where there is none.</param>
[GenerateSerializer, Immutable, Alias("oj.scheduleCondition")]
internal sealed record ScheduleCondition([property: Id(0)] string? Version = null, [property: Id(1)] bool IsNew = false)
{
    public static readonly ScheduleCondition None = new();

    public bool Holds(string? version) => (!IsNew || version is null) && (Version is null || (version is not null && (Version == "*" || Version == version)));
}

[GenerateSerializer, Alias("oj.scheduleOutcome")]
internal enum ScheduleOutcome : byte
{
    Done = 0,

    /// <summary>It was done, and the schedule is new.</summary>
    Created = 1,
    NotFound = 2,

    /// <summary>Its version is another, or it exists.</summary>
    Changed = 3,

    /// <summary>It breaks a rule; <see cref="ScheduleAnswer.Problems"/> says which.</summary>
    Rejected = 4,

    /// <summary>A bound is reached; <see cref="ScheduleAnswer.Reason"/> says which.</summary>
    Full = 5,

    /// <summary>The store did not answer in time; it may or may not have happened.</summary>
    Unavailable = 6,

    /// <summary>An application's code declares it, and would take it back.</summary>
    Declared = 7,

    /// <summary>A newer release of the application says what its schedules are.</summary>
    Superseded = 8,
}

[GenerateSerializer, Immutable, Alias("oj.scheduleAnswer")]
internal sealed record ScheduleAnswer([property: Id(0)] ScheduleOutcome Outcome)
{
    [Id(1)] public ScheduleInfo? Schedule { get; init; }
    [Id(2)] public SubmissionProblem[] Problems { get; init; } = [];
    [Id(3)] public string? Reason { get; init; }

    /// <summary>The jobs that a trigger or backfill submitted, or that stood there already.</summary>
    [Id(4)] public string[] Jobs { get; init; } = [];

    /// <summary>How many of <see cref="Jobs"/> stood there already.</summary>
    [Id(5)] public int Known { get; init; }

    /// <summary>Something is other than it was.</summary>
    [Id(6)] public bool IsChange { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.schedulePreview")]
internal sealed record SchedulePreview([property: Id(0)] long[] Next, [property: Id(1)] SubmissionProblem[] Problems);
