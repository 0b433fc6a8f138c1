namespace OrleansJobs;

/// <summary>What holds for the jobs of a queue, over all keys and silos.</summary>
[GenerateSerializer, Immutable, Alias("oj.queueLimits")]
public sealed record QueueLimits
{
    /// <summary>Attempts at a time; null: any number.</summary>
    [Id(0)] public int? Concurrency { get; init; }

    /// <summary>Attempts that start per period; null: any number. Jobs that come too soon wait.</summary>
    [Id(1)] public KeyRate? Rate { get; init; }

    /// <summary>What is wrong with it; nothing where it may be put.</summary>
    public SubmissionProblem[] Check()
    {
        if (Concurrency is null && Rate is null) return [new("", "Limits say a concurrency, a rate, or both; delete them where none is to hold.")];
        var problems = new KeyRule { Concurrency = Concurrency, Rate = Rate }.Check();
        return Rate is { Rejects: true } ? [.. problems, new("/rate/on", "A rate of a queue refuses no submits: its jobs wait.")] : problems;
    }
}

/// <summary>A queue's limits, and how it stands.</summary>
[GenerateSerializer, Immutable, Alias("oj.queueLimitInfo")]
public sealed record QueueLimitInfo
{
    [Id(0)] public required string Queue { get; init; }

    /// <summary>Null: none hold.</summary>
    [Id(1)] public QueueLimits? Limits { get; init; }

    /// <summary>They were not put by HTTP or by a client, but configured.</summary>
    [Id(2)] public bool IsConfigured { get; init; }

    /// <summary>Attempts that count against the concurrency.</summary>
    [Id(3)] public long Running { get; init; }

    /// <summary>Jobs that wait, for whatever.</summary>
    [Id(4)] public long Waiting { get; init; }

    /// <summary>Of a rate that allows none now: when the next may start.</summary>
    [Id(5)] public DateTimeOffset? Next { get; init; }

    /// <summary>Of those that run: handlers that did not stop when they were to, and run on though their attempts have ended.</summary>
    [Id(6)] public long Stuck { get; init; }
}
