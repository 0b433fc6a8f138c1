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

    /// <summary>The tags that say it.</summary>
    public static JobTag[] TagsOf(IEnumerable<string> queues) =>
        [.. queues.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((queue, index) => new JobTag($"{QueueTag}{index}", queue))];
}
