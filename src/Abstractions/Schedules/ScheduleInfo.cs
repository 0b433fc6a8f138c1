namespace OrleansJobs;

/// <summary>A schedule as it stands.</summary>
[GenerateSerializer, Immutable, Alias("oj.schedule")]
public sealed record ScheduleInfo
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required ScheduleSpec Spec { get; init; }

    /// <summary>Differs for each edit, pause and resume, and for a schedule that was deleted and made anew: against lost edits.</summary>
    [Id(2)] public required string Version { get; init; }
    [Id(3)] public DateTimeOffset CreatedAt { get; init; }
    [Id(4)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>The next instant; null while it is paused, and where none comes any more.</summary>
    [Id(5)] public DateTimeOffset? NextAt { get; init; }

    /// <summary>When that is due: jitter later.</summary>
    [Id(6)] public DateTimeOffset? DueAt { get; init; }

    /// <summary>Null while it is not paused.</summary>
    [Id(7)] public SchedulePause? Paused { get; init; }

    /// <summary>Where <see cref="ScheduleSpec.Every"/> counts from.</summary>
    [Id(8)] public DateTimeOffset? Anchor { get; init; }

    /// <summary>How many of <see cref="ScheduleSpec.Count"/> have come.</summary>
    [Id(9)] public int Come { get; init; }

    /// <summary>The newest occurrences, newest first, as their ends were heard of.</summary>
    [Id(10)] public ScheduleRun[] Runs { get; init; } = [];

    /// <summary>The application whose code declares it; null: none.</summary>
    [Id(11)] public string? Application { get; init; }

    /// <summary>The release of <see cref="Application"/> that changed it last.</summary>
    [Id(12)] public string? Release { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.schedulePause")]
public sealed record SchedulePause([property: Id(0)] string By, [property: Id(1)] string? Reason, [property: Id(2)] DateTimeOffset At);

/// <summary>What became of one instant.</summary>
[GenerateSerializer, Immutable, Alias("oj.scheduleRun")]
public sealed record ScheduleRun
{
    [Id(0)] public DateTimeOffset ScheduledAt { get; init; }
    [Id(1)] public ScheduleRunOutcome Outcome { get; init; }

    /// <summary>Its job; null where none was submitted.</summary>
    [Id(2)] public string? Job { get; init; }
    [Id(3)] public DateTimeOffset? SubmittedAt { get; init; }
    [Id(4)] public DateTimeOffset? StartedAt { get; init; }
    [Id(5)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The job's state; null where none was submitted.</summary>
    [Id(6)] public JobState? State { get; init; }

    /// <summary>Somebody asked for it, rather than the instant.</summary>
    [Id(7)] public ScheduleRunCause Cause { get; init; }
}

[GenerateSerializer, Alias("oj.scheduleRunOutcome")]
public enum ScheduleRunOutcome : byte
{
    /// <summary>Its job was submitted and has not ended.</summary>
    Open = 0,
    Success = 1,
    Failure = 2,
    Revoked = 3,

    /// <summary>Another occurrence had not ended.</summary>
    Skipped = 4,

    /// <summary>It waits for others to end.</summary>
    Queued = 5,

    /// <summary>A newer one took its place while it waited.</summary>
    Replaced = 6,
}

[GenerateSerializer, Alias("oj.scheduleRunCause")]
public enum ScheduleRunCause : byte
{
    Instant = 0,
    Missed = 1,
    Trigger = 2,
    Backfill = 3,
}
