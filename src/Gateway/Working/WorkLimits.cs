namespace OrleansJobs.Gateway.Working;

/// <summary>Bounds of what a worker may say in one call. <c>docs/WORKERS.md</c> lists them.</summary>
internal static class WorkLimits
{
    public const int MaxWant = 1000;
    public const int MaxWaitSeconds = 60;
    public const int MaxHolds = 10_000;
    public const int MaxReports = 1000;
    public const int MaxProgress = 1000;

    /// <summary>Attempts whose lines one call brings beside reports.</summary>
    public const int MaxLogs = 1000;

    /// <summary>Lines of one attempt in one call.</summary>
    public const int MaxLogLines = JobLogLimits.MaxLines;
    public const int MaxTypes = 1000;
    public const int MaxQueues = 100;

    /// <summary>Children that one call may start.</summary>
    public const int MaxChildren = 100;

    /// <summary>Children, and signals, that a job may say it waits for.</summary>
    public const int MaxWaits = 1000;
    public const int MaxSchemaBytes = 64 << 10;
    public const int MaxDescriptionLength = 1024;
    public const int MaxReleaseLength = 64;
    public const int MaxErrorTextLength = 64 << 10;

    /// <summary>Bytes of a checkpoint's body beside the checkpoint.</summary>
    public const int EnvelopeBytes = 4096;

    /// <summary>Bytes of a report's body beside its result.</summary>
    public const int MaxReportEnvelope = 8 * MaxErrorTextLength;

    /// <summary>The largest integer that all languages read exactly.</summary>
    public const long MaxSequence = (1L << 53) - 1;
}
