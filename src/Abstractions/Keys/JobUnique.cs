namespace OrleansJobs;

/// <summary>That a job is the only one of its value, within its key. What is said of a second one is said by the second one.</summary>
[GenerateSerializer, Immutable, Alias("oj.unique")]
public sealed record JobUnique
{
    /// <summary>By what it is unique; null: its type and its arguments.</summary>
    [Id(0)] public string? Value { get; init; }
    [Id(1)] public UniqueUntil Until { get; init; } = UniqueUntil.End;

    /// <summary>For so long, in milliseconds, after it has started or has ended in success, it is the only one still, and its result is shared.</summary>
    [Id(2)] public long? For { get; init; }

    /// <summary>What becomes of this submit where there is one already.</summary>
    [Id(3)] public UniqueOn On { get; init; } = UniqueOn.Return;

    /// <summary>Of <see cref="UniqueOn.Debounce"/>: how long after the first of those that pushed each other back one starts at the latest, in milliseconds.</summary>
    [Id(4)] public long? Longest { get; init; }
}

/// <summary>Until when a job is the only one of its value.</summary>
[GenerateSerializer, Alias("oj.uniqueUntil")]
public enum UniqueUntil : byte
{
    /// <summary>Until it has ended.</summary>
    End = 0,

    /// <summary>Until its first attempt starts.</summary>
    Start = 1,
}

/// <summary>What becomes of a submit whose value another job has.</summary>
[GenerateSerializer, Alias("oj.uniqueOn")]
public enum UniqueOn : byte
{
    /// <summary>It is answered with the one that is there.</summary>
    Return = 0,

    /// <summary>It is refused.</summary>
    Reject = 1,

    /// <summary>It takes the place of one that has not started, which is cancelled; one that runs is answered.</summary>
    Replace = 2,

    /// <summary>As <see cref="Replace"/>, and it waits its own countdown anew, but at most <see cref="JobUnique.Longest"/> in all.</summary>
    Debounce = 3,
}

/// <summary>Words on the wire.</summary>
internal static class UniqueWords
{
    public static readonly string[] Until = ["end", "start"];
    public static readonly string[] On = ["return", "reject", "replace", "debounce"];
}
