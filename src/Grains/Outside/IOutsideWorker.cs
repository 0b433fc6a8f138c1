using Orleans.Concurrency;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>The session of a worker outside, as partitions and the grains of jobs call it: what <see cref="IJobWorker"/> is for the worker of a silo.</summary>
[Alias("oj.IOutsideWorker")]
internal interface IOutsideWorker : IGrainWithStringKey
{
    [Alias("hint"), OneWay]
    Task Hint(int partition);

    /// <summary>Also brings to life, where its silo was lost, what decides that the session is dead.</summary>
    [Alias("opened"), OneWay]
    Task PartitionOpened(int partition);

    /// <summary>Answered once the worker was heard: until then nobody knows what it holds. Fails where the session is dead, which tells the partition by another way.</summary>
    [Alias("confirm"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<string[]> Confirm(int partition, long generation, LeaseName[] leases);

    [Alias("cancel"), OneWay]
    Task Cancel(LeaseName lease);

    [Alias("progress"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<Progress?> GetProgress(LeaseName lease);
}

/// <summary>A session in the place of a silo's worker.</summary>
internal sealed class OutsideWorker(IOutsideWorker session) : IJobWorker
{
    public Task Hint(int partition) => session.Hint(partition);

    public Task PartitionOpened(int partition) => session.PartitionOpened(partition);

    public Task<string[]> Confirm(int partition, long generation, LeaseName[] leases) => session.Confirm(partition, generation, leases);

    public Task Cancel(LeaseName lease) => session.Cancel(lease);

    public Task<Progress?> GetProgress(LeaseName lease) => session.GetProgress(lease);

    // A worker outside says of no handler that it runs on.
    public Task<string[]> ConfirmStuck(LeaseName[] attempts) => Task.FromResult<string[]>([]);

    // The silo that keeps the session knows it.
    public Task SetPaused(string[] queues, long version) => Task.CompletedTask;

    public Task RenewTypes() => Task.CompletedTask;

    public Task<SiloInfo> Describe() => throw new NotSupportedException();

    /// <summary>What comes for a job is read by handlers within silos alone.</summary>
    public Task HasNews(LeaseName lease) => Task.CompletedTask;

    public Task<JobTypeInfo[]> GetTypes() => throw new NotSupportedException();
}
