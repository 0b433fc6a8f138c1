namespace OrleansJobs.Tool;

/// <summary>What the tool ends with. Scripts rely on them: they never change their meaning.</summary>
internal static class ExitCodes
{
    /// <summary>Done. Where a job was watched: it ended in SUCCESS.</summary>
    public const int Done = 0;

    /// <summary>The job that was watched ended in FAILURE.</summary>
    public const int JobFailed = 1;

    /// <summary>The command line is wrong, or does not say that so many jobs are meant; nothing was changed.</summary>
    public const int Usage = 2;

    /// <summary>The job that was watched was cancelled.</summary>
    public const int JobCancelled = 3;

    /// <summary>There is no such job, or no longer.</summary>
    public const int NotFound = 4;

    /// <summary>The gateway refused: the submit breaks a rule, or the job's state does not allow it.</summary>
    public const int Refused = 5;

    /// <summary>The gateway cannot be reached, is overloaded, or failed; or what it answered cannot be printed. Trying again later may help.</summary>
    public const int Unavailable = 6;

    /// <summary>The key is missing, wrong, or not good for this.</summary>
    public const int NotAllowed = 7;

    /// <summary>Interrupted by Ctrl+C.</summary>
    public const int Interrupted = 130;

    public const string Help = """
        Exit codes: 0 done, 1 the watched job failed, 2 wrong command line, 3 the watched job was cancelled, 4 no such job,
        5 refused, 6 gateway unavailable, 7 not allowed, 130 interrupted.
        """;
}
