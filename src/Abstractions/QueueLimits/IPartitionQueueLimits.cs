namespace OrleansJobs;

/// <summary>What a partition knows of limits of queues. Key: its number. One of them, the queue's home, lends what the others start with.</summary>
[Alias("oj.IPartitionQueueLimits")]
internal interface IPartitionQueueLimits : IGrainWithIntegerKey
{
    /// <summary>Puts the limits of a queue whose home this is, or takes them away. Holds everywhere when it is answered.</summary>
    /// <param name="limits">Null: none, or what is configured.</param>
    [Alias("change"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<KeyAnswer> ChangeQueueLimits(string queue, QueueLimits? limits);

    /// <summary>What a queue's home has decided. Stored when it is answered; what is older than what is known changes nothing.</summary>
    [Alias("apply"), ResponseTimeout(AnswerTimeouts.Short)]
    Task ApplyQueueLimits(string queue, QueueLimitSetting setting);

    /// <summary>The queue as far as it is here.</summary>
    [Alias("get"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<QueueLimitInfo> GetQueueLimits(string queue);
}

/// <summary>What is stored of a queue's limits.</summary>
/// <param name="Version">Grows with every change; the higher one counts. Permits are of one version.</param>
/// <param name="Limits">Null: none.</param>
[GenerateSerializer, Immutable, Alias("oj.queueLimitSetting")]
internal sealed record QueueLimitSetting([property: Id(0)] long Version, [property: Id(1)] QueueLimits? Limits, [property: Id(2)] bool IsConfigured);

/// <summary>What is asked of limits in one partition or in all.</summary>
internal static class QueueLimitQuestions
{
    public static int HomeOf(string queue, int partitions) => JobIds.PartitionOf("queue/" + queue, partitions);

    public static async Task<QueueLimitInfo> GetAsync(Func<int, IPartitionQueueLimits> limits, string queue, int partitions)
    {
        var parts = await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => limits(partition).GetQueueLimits(queue)));
        return parts[HomeOf(queue, partitions)] with { Waiting = parts.Sum(part => part.Waiting), Running = parts.Sum(part => part.Running), Stuck = parts.Sum(part => part.Stuck) };
    }
}
