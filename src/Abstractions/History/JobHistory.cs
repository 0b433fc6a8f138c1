namespace OrleansJobs;

/// <summary>What the grid has done, step by step. Counted by the partitions as the store acknowledges it.</summary>
[GenerateSerializer, Immutable, Alias("oj.history")]
public sealed record JobHistory
{
    [Id(0)] public HistoryStep Step { get; init; }

    /// <summary>When the first step begins.</summary>
    [Id(1)] public DateTimeOffset From { get; init; }

    /// <summary>When the last step ends.</summary>
    [Id(2)] public DateTimeOffset To { get; init; }

    /// <summary>When it was asked for: the step that holds this instant goes on.</summary>
    [Id(3)] public DateTimeOffset At { get; init; }

    /// <summary>One for each step, in order, also where nothing happened.</summary>
    [Id(4)] public HistoryPoint[] Points { get; init; } = [];

    /// <summary>All steps together.</summary>
    [Id(5)] public HistoryFigures Total { get; init; } = new();

    /// <summary>All steps by type, those with the most jobs first; <see cref="Other"/> is what was not told apart.</summary>
    [Id(6)] public HistoryTotal[] Types { get; init; } = [];

    /// <summary>All steps by queue, those with the most jobs first; <see cref="Other"/> is what was not told apart.</summary>
    [Id(7)] public HistoryTotal[] Queues { get; init; } = [];

    /// <summary>What happened meanwhile, oldest first.</summary>
    [Id(8)] public HistoryEvent[] Events { get; init; } = [];

    /// <summary>Partitions of the grid.</summary>
    [Id(9)] public int Partitions { get; init; }

    /// <summary>Partitions that did not answer in time: what they have counted is missing.</summary>
    [Id(10)] public int Silent { get; init; }

    /// <summary>The name under which types and queues go that were not told apart.</summary>
    public const string Other = "(other)";
}

/// <summary>What was counted in one step.</summary>
/// <param name="At">When the step begins.</param>
[GenerateSerializer, Immutable, Alias("oj.historyPoint")]
public sealed record HistoryPoint([property: Id(0)] DateTimeOffset At, [property: Id(1)] HistoryFigures Figures);

/// <summary>What was counted of one type or queue.</summary>
[GenerateSerializer, Immutable, Alias("oj.historyTotal")]
public sealed record HistoryTotal([property: Id(0)] string Name, [property: Id(1)] HistoryFigures Figures);

/// <summary>Figures of jobs in a span of time.</summary>
[GenerateSerializer, Immutable, Alias("oj.historyFigures")]
public sealed record HistoryFigures
{
    /// <summary>Accepted.</summary>
    [Id(0)] public long Submitted { get; init; }
    [Id(1)] public long Succeeded { get; init; }
    [Id(2)] public long Failed { get; init; }
    [Id(3)] public long Cancelled { get; init; }

    /// <summary>Attempts that failed and were not the last.</summary>
    [Id(4)] public long Retried { get; init; }

    /// <summary>Attempts that ended because their silo was lost.</summary>
    [Id(5)] public long Lost { get; init; }

    /// <summary>Due and not started when the step ended.</summary>
    [Id(6)] public long Waiting { get; init; }

    /// <summary>How long attempts ran that succeeded, failed or were cancelled.</summary>
    [Id(7)] public HistoryDurations RunTime { get; init; }

    /// <summary>From when a job was due to when an attempt began.</summary>
    [Id(8)] public HistoryDurations WaitTime { get; init; }

    /// <summary>Jobs that ended.</summary>
    public long Finished => Succeeded + Failed + Cancelled;
}

/// <summary>How long something took: by at most a tenth more or less. All zero where there was none.</summary>
[GenerateSerializer, Immutable, Alias("oj.historyDurations")]
public readonly record struct HistoryDurations(
    [property: Id(0)] long Count, [property: Id(1)] TimeSpan P50, [property: Id(2)] TimeSpan P95, [property: Id(3)] TimeSpan P99);

/// <summary>Something that happened to the grid.</summary>
/// <param name="What"><c>silo_joined</c>, <c>silo_left</c>, <c>silo_lost</c>, <c>release_changed</c>, <c>queue_paused</c> or <c>queue_resumed</c>.</param>
/// <param name="Name">Which silo, application or queue.</param>
/// <param name="By">Who asked for it; null: nobody.</param>
/// <param name="Text">The reason, or the release; null: nothing more is known.</param>
[GenerateSerializer, Immutable, Alias("oj.historyEvent")]
public sealed record HistoryEvent(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string What,
    [property: Id(2)] string Name,
    [property: Id(3)] string? By = null,
    [property: Id(4)] string? Text = null);

/// <summary>The words of <see cref="HistoryEvent.What"/>.</summary>
public static class HistoryEvents
{
    public const string SiloJoined = "silo_joined";
    public const string SiloLeft = "silo_left";
    public const string SiloLost = "silo_lost";
    public const string ReleaseChanged = "release_changed";
    public const string QueuePaused = "queue_paused";
    public const string QueueResumed = "queue_resumed";
}
