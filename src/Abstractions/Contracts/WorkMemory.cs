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
}
