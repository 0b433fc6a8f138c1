namespace OrleansJobs;

/// <summary>A line that an attempt of a job has logged.</summary>
[GenerateSerializer, Immutable, Alias("oj.logLine")]
public sealed record JobLogLine
{
    /// <summary>Counts the job's lines over all its attempts, from 1. Where numbers are left out, those lines are not kept.</summary>
    [Id(0)] public required long Number { get; init; }
    [Id(1)] public DateTimeOffset At { get; init; }
    [Id(2)] public JobLogLevel Level { get; init; }

    /// <summary>The number of the attempt, as <see cref="JobContext.Attempt"/> has it.</summary>
    [Id(3)] public int Attempt { get; init; }
    [Id(4)] public string Text { get; init; } = "";

    /// <summary>The exception's type name, where one was logged.</summary>
    [Id(5)] public string? ErrorType { get; init; }
    [Id(6)] public string? ErrorMessage { get; init; }
}

/// <summary>Lines of a job's log, oldest first.</summary>
[GenerateSerializer, Immutable, Alias("oj.logPage")]
public sealed record JobLogPage
{
    [Id(0)] public JobLogLine[] Lines { get; init; } = [];

    /// <summary>Where to read on from: the number of the last line, or what was asked for where there is none.</summary>
    [Id(1)] public long Next { get; init; }

    /// <summary>The job has ended, and these are the last lines that there will be unless it is run again.</summary>
    [Id(2)] public bool IsOver { get; init; }

    /// <summary>Of the job whose lines these are: by the time another may have come under its id.</summary>
    [Id(3)] public string Queue { get; init; } = "";
    [Id(4)] public JobTag[] Tags { get; init; } = [];
    [Id(5)] public DateTimeOffset SubmittedAt { get; init; }
}
