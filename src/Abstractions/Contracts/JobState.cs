namespace OrleansJobs;

/// <summary>Where a job is in its life. The names on the wire are the upper-case words that Celery's users know.</summary>
[GenerateSerializer, Alias("oj.state")]
public enum JobState : byte
{
    /// <summary>Accepted, not started. A worker moves it on to <see cref="Progress"/>; a cancel or an expiry ends it.</summary>
    Pending = 0,

    /// <summary>Running. Its worker's report, a timeout or a crash moves it on.</summary>
    Progress = 1,

    /// <summary>Ended with a result. Never changes.</summary>
    Success = 2,

    /// <summary>Ended without a result; the error says why. Never changes, unless somebody asks for it to be run again.</summary>
    Failure = 3,

    /// <summary>Cancelled. Never changes.</summary>
    Revoked = 4,
}

/// <summary>The finer phase of a job that has not ended.</summary>
[GenerateSerializer, Alias("oj.phase")]
public enum JobPhase : byte
{
    /// <summary>Ended: there is no finer phase.</summary>
    None = 0,

    /// <summary>Due later.</summary>
    Scheduled = 1,

    /// <summary>Due, and waiting for a free slot of a silo that knows its type.</summary>
    Waiting = 2,

    /// <summary>An attempt failed or its silo was lost; it will run again at <see cref="JobStatus.DueAt"/>.</summary>
    Retrying = 3,

    /// <summary>A handler is running.</summary>
    Running = 4,

    /// <summary>A handler is running and has been asked to stop.</summary>
    Cancelling = 5,
}

public static class JobStates
{
    private static readonly string[] Names = ["PENDING", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"];

    extension(JobState state)
    {
        /// <summary>Ended, one way or another.</summary>
        public bool IsTerminal => state >= JobState.Success;

        /// <summary>The word on the wire, such as <c>PENDING</c>.</summary>
        public string Name => Names[(int)state];
    }

    extension(JobPhase phase)
    {
        /// <summary>The word on the wire, such as <c>scheduled</c>; null where a job has ended.</summary>
        public string? Name => phase switch
        {
            JobPhase.Scheduled => "scheduled",
            JobPhase.Waiting => "waiting",
            JobPhase.Retrying => "retrying",
            JobPhase.Running => "running",
            JobPhase.Cancelling => "cancelling",
            _ => null,
        };
    }

    /// <summary>Reads a state's word, in any case.</summary>
    public static bool TryParse(string? word, out JobState state)
    {
        var index = Array.FindIndex(Names, name => string.Equals(name, word, StringComparison.OrdinalIgnoreCase));
        state = index < 0 ? default : (JobState)index;
        return index >= 0;
    }

    /// <summary>Reads the word of a phase, in any case. That a job has ended is no phase.</summary>
    public static bool TryParse(string? word, out JobPhase phase)
    {
        phase = Array.Find(Enum.GetValues<JobPhase>(), each => each.Name is { } name && string.Equals(name, word, StringComparison.OrdinalIgnoreCase));
        return phase != JobPhase.None;
    }
}
