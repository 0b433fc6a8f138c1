namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition in which every queue has limits but <c>nope</c>.</summary>
internal sealed class FakeQueueLimits : IPartitionQueueLimits
{
    public Task<KeyAnswer> ChangeQueueLimits(string queue, QueueLimits? limits) => Task.FromResult(new KeyAnswer(queue == "nope" ? KeyOutcome.NotFound : KeyOutcome.Done));

    public Task ApplyQueueLimits(string queue, QueueLimitSetting setting) => Task.CompletedTask;

    public Task<QueueLimitInfo> GetQueueLimits(string queue) => Task.FromResult(new QueueLimitInfo { Queue = queue, Limits = new() { Concurrency = 5 } });
}
