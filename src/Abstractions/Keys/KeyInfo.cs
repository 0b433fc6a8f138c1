namespace OrleansJobs;

/// <summary>A key, or all keys of a prefix, as it stands.</summary>
[GenerateSerializer, Immutable, Alias("oj.keyInfo")]
public sealed record KeyInfo
{
    /// <summary>The key, or the prefix.</summary>
    [Id(0)] public required string Key { get; init; }

    /// <summary>The rule that holds; null: none does.</summary>
    [Id(1)] public KeyRule? Rule { get; init; }

    /// <summary>Whose rule it is: the key's own, its prefix's, or the configuration's; null where there is none.</summary>
    [Id(2)] public string? From { get; init; }
    [Id(3)] public KeyPause? Paused { get; init; }

    /// <summary>Jobs that wait, for whatever.</summary>
    [Id(4)] public long Waiting { get; init; }

    /// <summary>Attempts that count against the concurrency.</summary>
    [Id(5)] public long Running { get; init; }

    /// <summary>Of one key with a rate: how many may start now.</summary>
    [Id(6)] public long? Left { get; init; }

    /// <summary>Of one key whose rate allows none now: when the next may start.</summary>
    [Id(7)] public DateTimeOffset? Next { get; init; }

    /// <summary>Of a prefix: keys with jobs that wait or run.</summary>
    [Id(8)] public long? Keys { get; init; }

    /// <summary>What holds the key's jobs back now, one of <see cref="LimitWords"/>; null: nothing does.</summary>
    [Id(9)] public string? Held { get; init; }

    /// <summary>Of those that run: handlers that did not stop when they were to, and run on though their attempts have ended.</summary>
    [Id(10)] public long Stuck { get; init; }
}

/// <summary>The jobs of a key: those that run, and its line.</summary>
[GenerateSerializer, Immutable, Alias("oj.keyJobs")]
public sealed record KeyJobs
{
    [Id(0)] public JobStatus[] Running { get; init; } = [];

    /// <summary>Jobs that wait, in the order in which they are to start. Those that wait for time stand where they will be then.</summary>
    [Id(1)] public JobStatus[] Waiting { get; init; } = [];

    /// <summary>Others stand behind these.</summary>
    [Id(2)] public bool HasMore { get; init; }
}

/// <summary>Which keys are listed first.</summary>
[GenerateSerializer, Alias("oj.keyRank")]
public enum KeyRank : byte
{
    /// <summary>Those with most that runs and waits.</summary>
    Busy = 0,

    /// <summary>Those with most that waits.</summary>
    Waiting = 1,

    /// <summary>Only those that are held back by a limit or a pause; of them those with most that waits.</summary>
    Held = 2,
}

/// <summary>That nothing of a key starts until it is resumed.</summary>
[GenerateSerializer, Immutable, Alias("oj.keyPause")]
public sealed record KeyPause([property: Id(0)] string By, [property: Id(1)] DateTimeOffset Since, [property: Id(2)] string? Reason = null);
