namespace OrleansJobs.Flows;

/// <summary>What the type of a child says of it where its flow does not.</summary>
internal static class ChildTypes
{
    /// <summary>Nothing is left for the type to say.</summary>
    public static bool IsSaid(ChildOrder child) => child.Job is { Queue.Length: > 0, Key: not null, Weight: not null };

    /// <summary>Whether the arguments of a child make the key that its type says.</summary>
    public static bool Fits(ChildOrder child, TypeDefaults type) => child.Job.Key is not null || type.Key is null || type.Key.TryFill(child.Job.Args, "/args", out _, out _);

    /// <summary>The child with the queue and the key of its type, in the partition of that key.</summary>
    /// <exception cref="JobRejectedException">Its arguments make no key.</exception>
    public static ChildOrder With(ChildOrder child, TypeDefaults type, int partitions)
    {
        var job = type.Keyed(child.Job, hasOwnId: false);
        if (job is { Key: null, Weight: not null }) job = job with { Weight = null };
        if (job.Queue.Length == 0) job = job with { Queue = type.Queue };
        if (child.Job.Key is null && job.Key is not null) job = job with { Id = FlowIds.In(job.Id, JobKeys.PartitionOf(job.Key, partitions), partitions) };
        return ReferenceEquals(job, child.Job) ? child : child with { Job = job };
    }
}
