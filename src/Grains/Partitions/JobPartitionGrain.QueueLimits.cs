using OrleansJobs.Lending;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Limits of queues: how they are asked for and put.</summary>
internal sealed partial class JobPartitionGrain : IPartitionQueueLimits
{
    private static readonly TimeSpan PermitWait = TimeSpan.FromMilliseconds(LendingRules.WaitMost);

    private QueueLimitDesk _queueLimits = null!;

    public Task<KeyAnswer> ChangeQueueLimits(string queue, QueueLimits? limits) => _queueLimits.ChangeAsync(queue, limits);

    public Task ApplyQueueLimits(string queue, QueueLimitSetting setting) => _queueLimits.ApplyAsync(queue, setting);

    /// <summary>
    /// Of queues whose permits went unused none are asked for until a worker comes. Where it would be given something else that goes after them, it waits a moment for
    /// what the home lends: the next slot that comes free would meet the same.
    /// </summary>
    private async Task BringPermitsAsync(WorkerProfile worker, Dictionary<string, int>? room)
    {
        if (!services.Clock.IsRight || _core.Dispatch.Awaken(worker, Now, room) is not { } line) return;
        var lent = line.Awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Pump();
        try
        {
            await lent.Task.WaitAsync(PermitWait, services.Time);
        }
        catch (TimeoutException)
        {
        }
    }

    public Task<QueueLimitInfo> GetQueueLimits(string queue) => CurrentAsync(() => _queueLimits.GetAsync(queue));
}
