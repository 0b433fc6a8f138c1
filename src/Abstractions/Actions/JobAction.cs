namespace OrleansJobs;

/// <summary>What is done to each of many jobs.</summary>
[GenerateSerializer, Alias("oj.action")]
public enum JobAction : byte
{
    /// <summary>Failed and cancelled jobs run again.</summary>
    Retry = 0,

    /// <summary>Waiting jobs end; running ones are asked to stop.</summary>
    Cancel = 1,

    /// <summary>Jobs that have ended are removed.</summary>
    Delete = 2,

    /// <summary>Jobs that wait for time, or for another attempt, run now.</summary>
    Due = 3,
}

public static class JobActions
{
    private static readonly string[] Names = ["retry", "cancel", "delete", "due"];

    extension(JobAction action)
    {
        /// <summary>The word on the wire, such as <c>retry</c>.</summary>
        public string Name => Names[(int)action];
    }

    public static bool TryParse(string? word, out JobAction action)
    {
        var index = Array.IndexOf(Names, word);
        action = index < 0 ? default : (JobAction)index;
        return index >= 0;
    }
}

/// <summary>What is to be done to which jobs: to those that a filter keeps, or to some by their ids.</summary>
public sealed record JobActionOrder
{
    /// <summary>Ids of one order.</summary>
    public const int MaxIds = 1000;

    public required JobAction Action { get; init; }

    /// <summary>
    /// Jobs that were submitted before the action begins, and fit when it comes to them. At least one member must be set; <see cref="JobQuery.Id"/> and what only a list has must not.
    /// </summary>
    public JobQuery? Filter { get; init; }

    /// <summary>1 to <see cref="MaxIds"/>; in place of <see cref="Filter"/>.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Kept with each job that is changed; at most 256 characters.</summary>
    public string? Reason { get; init; }

    /// <summary>Counts the jobs that fit, and does nothing to them.</summary>
    public bool IsDryRun { get; init; }
}

/// <summary>What came of an action.</summary>
/// <param name="Done">Jobs that it was done to; of a dry run, jobs that fit.</param>
/// <param name="Skipped">Jobs that did not fit any more when it came to them, or were gone.</param>
/// <param name="Failed">Jobs that fit, and whose partition refused it.</param>
public sealed record JobActionResult(long Done, long Skipped, long Failed)
{
    /// <summary>The first of those that were refused, and why.</summary>
    public IReadOnlyList<JobActionFailure> Failures { get; init; } = [];
}

public sealed record JobActionFailure(string Id, string Detail);
