namespace OrleansJobs;

/// <summary>Which jobs whoever is good for some queues only has to do with.</summary>
internal static class ActionReach
{
    /// <summary>What the tags begin with in which a job of the grid's own says for which queues one must be good to see it.</summary>
    public const string QueueTag = JobIds.DerivedPrefix + "queue-";

    /// <param name="queues">Empty: all.</param>
    public static bool Covers(ReadOnlySpan<string> queues, string queue, JobTag[] tags)
    {
        if (queues.IsEmpty || queues.Contains(queue)) return true;
        if (queue is not (FlowGraph.RunQueue or ActionArgs.RunQueue)) return false;
        var named = 0;
        foreach (var tag in tags)
        {
            if (!tag.Name.StartsWith(QueueTag, StringComparison.Ordinal)) continue;
            if (!queues.Contains(tag.Value)) return false;
            named++;
        }

        return named > 0;
    }

    /// <summary>For which queues one must be good to have to do with a job: its own, or of one of the grid's own those that it says.</summary>
    public static IEnumerable<string> QueuesOf(JobStatus job) =>
        job.Queue is FlowGraph.RunQueue or ActionArgs.RunQueue ? job.Tags.Where(tag => tag.Name.StartsWith(QueueTag, StringComparison.Ordinal)).Select(tag => tag.Value) : [job.Queue];

    /// <summary>The tags that say it.</summary>
    public static JobTag[] TagsOf(IEnumerable<string> queues) =>
        [.. queues.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((queue, index) => new JobTag($"{QueueTag}{index}", queue))];
}
