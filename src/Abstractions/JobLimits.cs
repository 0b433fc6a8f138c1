using System.ComponentModel.DataAnnotations;

namespace OrleansJobs;

/// <summary>Bounds on what a submit may ask for. The grid's silos hold the values; clients learn them from <see cref="IJobGridGrain.GetInfo"/>.</summary>
[GenerateSerializer, Immutable, Alias("oj.limits")]
public sealed record JobLimits
{
    public const string DefaultQueue = "default";
    public const int DefaultPriority = 4;
    public const int MaxPriority = 9;
    public const int MaxTags = 16;
    public const int MaxTagLength = 64;
    public const int MaxNameLength = 64;
    public const int MaxPage = 200;

    /// <summary>Characters of a text that is looked for in errors or arguments.</summary>
    public const int MaxSearchText = 256;

    /// <summary>Bytes of the JSON that progress may carry beside its message.</summary>
    public const int MaxProgressData = 4096;

    /// <summary>Jobs that one may be said to follow.</summary>
    public const int MaxAfter = 100;

    /// <summary>Addresses that a submit may have called when its job ends.</summary>
    public const int MaxNotify = 5;
    public const int MaxNoticeUrl = 2048;
    public const int MaxSignalNameLength = 128;

    /// <value>Bytes of a job's arguments; default 256 KiB.</value>
    [Id(0), Range(1, 64 << 20)] public int MaxArgsBytes { get; init; } = 256 << 10;

    /// <value>Bytes of a result; default 1 MiB.</value>
    [Id(1), Range(1, 64 << 20)] public int MaxResultBytes { get; init; } = 1 << 20;

    /// <value>Characters of a progress or error message; longer ones are clipped. Default 1,024.</value>
    [Id(2), Range(16, 65536)] public int MaxMessageLength { get; init; } = 1024;

    /// <value>Jobs of one bulk submit; default 1,000.</value>
    [Id(3), Range(1, 10_000)] public int MaxBatch { get; init; } = 1000;

    /// <value>How far ahead a job may be scheduled; default ten years.</value>
    [Id(4)] public TimeSpan MaxDelay { get; init; } = TimeSpan.FromDays(3653);

    /// <value>Attempts that a submit may ask for; default 100.</value>
    [Id(5), Range(1, 10_000)] public int MaxAttempts { get; init; } = 100;

    /// <value>How long a finished job may be kept; default one year.</value>
    [Id(6)] public TimeSpan MaxRetention { get; init; } = TimeSpan.FromDays(366);

    /// <value>Bytes of a checkpoint; default 1 MiB.</value>
    [Id(7), Range(1, 64 << 20)] public int MaxCheckpointBytes { get; init; } = 1 << 20;

    /// <value>The longest timeout of an attempt; default 30 days. With the grace after a cancel, 49 days at most.</value>
    [Id(8)] public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromDays(30);

    /// <value>Characters of the stack trace that is kept of a job's newest failure; longer ones are cut. 0: none is kept, nor where it was thrown. Default 4,096.</value>
    [Id(9), Range(0, 65536)] public int MaxTraceLength { get; init; } = 4096;
}
