using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>
/// The rarer indexes. Jobs are listed by queue and type anyway; beside that, each tag has its index, and so have the states that people
/// look for among many jobs in others.
/// </summary>
internal static class IndexNames
{
    public static string Tag(JobTag tag) => $"tag:{tag.Name}={tag.Value}";

    /// <summary>The children of a flow.</summary>
    public static string Parent(string flow) => $"parent:{flow}";

    /// <summary>The jobs that follow another.</summary>
    public static string After(string job) => $"after:{job}";

    /// <summary>The jobs that were put into a queue which is not the one that they were submitted to.</summary>
    public static string Queue(string queue) => $"queue:{queue}";

    public static string Schedule(string schedule) => $"schedule:{schedule}";

    /// <summary>Null where a state has no index.</summary>
    public static string? State(JobState? state) => state switch
    {
        JobState.Failure => "state:FAILURE",
        JobState.Revoked => "state:REVOKED",
        _ => null,
    };
}
