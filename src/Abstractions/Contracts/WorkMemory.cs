namespace OrleansJobs;

/// <summary>What a job remembers of a step that has been done.</summary>
/// <param name="Value">UTF-8 JSON.</param>
[GenerateSerializer, Immutable, Alias("oj.workStep")]
public sealed record WorkStep([property: Id(0)] string Name, [property: Id(1)] byte[] Value);

/// <summary>What became of a question for what a job remembers.</summary>
[GenerateSerializer, Alias("oj.workMemoryOutcome")]
public enum WorkMemoryOutcome : byte
{
    Done = 0,

    /// <summary>The lease is not the session's any more.</summary>
    Stale = 1,

    /// <summary>A job remembers no more than that.</summary>
    Full = 2,
}

[GenerateSerializer, Immutable, Alias("oj.workMemory")]
public sealed record WorkMemory([property: Id(0)] WorkMemoryOutcome Outcome)
{
    /// <summary>In the order in which they came; of two with one name the first counts.</summary>
    [Id(1)] public WorkStep[] Steps { get; init; } = [];

    /// <summary>Where to read on from; null: these were the last.</summary>
    [Id(2)] public long? Next { get; init; }

    /// <summary>Where it is full: of what.</summary>
    [Id(3)] public string? Reason { get; init; }

    /// <summary>Children that have ended, in the order in which they did.</summary>
    [Id(4)] public WorkChildEnd[] Children { get; init; } = [];

    /// <summary>Signals that have come, in their order.</summary>
    [Id(5)] public WorkSignal[] Signals { get; init; } = [];

    /// <summary>Names of children that have been started and have not ended.</summary>
    [Id(6)] public string[] Started { get; init; } = [];

    /// <summary>Everything up to here has been told: what to say as <see cref="WorkWait.Seen"/>.</summary>
    [Id(7)] public long Seen { get; init; }

    /// <summary>Of a call that started children: their ids, in its order.</summary>
    [Id(8)] public string[] Ids { get; init; } = [];
}

/// <summary>How a child ended.</summary>
[GenerateSerializer, Immutable, Alias("oj.workChildEnd")]
public sealed record WorkChildEnd
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public JobState State { get; init; }

    /// <summary>UTF-8 JSON; null: it did not succeed.</summary>
    [Id(3)] public byte[]? Result { get; init; }
    [Id(4)] public JobError? Error { get; init; }
}

/// <summary>A signal that has come.</summary>
[GenerateSerializer, Immutable, Alias("oj.workSignal")]
public sealed record WorkSignal([property: Id(0)] string Name, [property: Id(1)] byte[] Body);

/// <summary>A job to be started as a child, or found.</summary>
/// <param name="Name">What its parent knows it by.</param>
/// <param name="Job">Without an id of its own; its queue and its key are said.</param>
[GenerateSerializer, Immutable, Alias("oj.workChild")]
public sealed record WorkChild([property: Id(0)] string Name, [property: Id(1)] JobSubmission Job, [property: Id(2)] int Weight = 1);

/// <summary>What a job waits for without its worker: it runs again when any of it comes, or has come behind <see cref="Seen"/> already.</summary>
[GenerateSerializer, Immutable, Alias("oj.workWait")]
public sealed record WorkWait
{
    /// <summary>Up to where the worker knows what its job remembers.</summary>
    [Id(0)] public long Seen { get; init; }

    /// <summary>Children by name.</summary>
    [Id(1)] public string[] Children { get; init; } = [];
    [Id(2)] public string[] Signals { get; init; } = [];

    /// <summary>When it runs again whatever comes; null: it need not.</summary>
    [Id(3)] public DateTimeOffset? Until { get; init; }
}
