using OrleansJobs.Workers;

namespace OrleansJobs.Logs;

/// <summary>A line on its way from an attempt to its partition.</summary>
/// <param name="Number">Counts the lines of the attempt, from 1. Those that are left out did not fit into memory.</param>
/// <param name="At">Unix milliseconds.</param>
[GenerateSerializer, Immutable, Alias("oj.attemptLine")]
internal readonly record struct LogLine(
    [property: Id(0)] long Number,
    [property: Id(1)] long At,
    [property: Id(2)] JobLogLevel Level,
    [property: Id(3)] string Text,
    [property: Id(4)] string? ErrorType = null,
    [property: Id(5)] string? ErrorMessage = null)
{
    /// <summary>About what it takes in memory and in the store.</summary>
    public int Size => 24 + Text.Length + (ErrorType?.Length ?? 0) + (ErrorMessage?.Length ?? 0);

    /// <summary>The same with texts as long as they may be.</summary>
    public LogLine Clipped(int maxLength) => this with
    {
        Text = ExceptionText.Clip(Text, maxLength), ErrorType = ExceptionText.Clip(ErrorType, 256), ErrorMessage = ExceptionText.Clip(ErrorMessage, maxLength),
    };
}

/// <summary>Lines of one attempt, in the order of their numbers.</summary>
[GenerateSerializer, Immutable, Alias("oj.attemptLines")]
internal sealed record LogLines([property: Id(0)] LeaseName Lease, [property: Id(1)] LogLine[] Lines)
{
    public long Size => Lines.Sum(static line => (long)line.Size);
}

/// <summary>What became of lines that were handed to a partition.</summary>
[GenerateSerializer, Alias("oj.logAnswer")]
internal enum LogAnswer : byte
{
    Stored,

    /// <summary>The lease is not the job's any more: its report has brought the lines, or nobody wants them.</summary>
    Stale,

    /// <summary>The store is nearly full, and keeps what room it has for the ends of jobs. The newest may be sent again later.</summary>
    Later,
}

/// <summary>Where workers hand in lines. Key: the partition's number.</summary>
[Alias("oj.ILogIntake")]
internal interface ILogIntake : IGrainWithIntegerKey
{
    /// <summary>Answered once they are stored; lines that were stored before are not stored again.</summary>
    /// <returns>One for each attempt, in order.</returns>
    [Alias("append"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<LogAnswer[]> AppendLogs(LogLines[] attempts);
}
