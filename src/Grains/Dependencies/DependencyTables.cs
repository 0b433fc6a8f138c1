using OrleansJobs.Storage;

namespace OrleansJobs.Dependencies;

/// <summary>What is kept of jobs that follow others.</summary>
internal sealed class DependencyTables(StoreLayout layout)
{
    /// <summary>Who follows a job that has not ended, a set for each of those; the member is the follower's id.</summary>
    public OrderedSets Followers { get; } = layout.Sets("followers");
}
