namespace OrleansJobs;

/// <summary>Limits of queues, over all keys and silos: how many jobs run at a time, and how many start per period.</summary>
public interface IQueueLimitClient
{
    /// <summary>Puts the limits of a queue, in place of those it had. They hold in all of the grid when it is answered; what runs goes on.</summary>
    /// <exception cref="JobRejectedException">They break a rule.</exception>
    /// <exception cref="GridUnavailableException">Not every partition has answered: they may hold in some by now, and will in all.</exception>
    Task<QueueLimitInfo> PutAsync(string queue, QueueLimits limits, CancellationToken cancellation = default);

    Task<QueueLimitInfo> GetAsync(string queue, CancellationToken cancellation = default);

    /// <summary>Takes away the limits of a queue that were put; those that are configured hold again.</summary>
    /// <returns>False where there were none.</returns>
    Task<bool> DeleteAsync(string queue, CancellationToken cancellation = default);
}
