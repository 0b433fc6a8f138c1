using Microsoft.Extensions.Logging;
using OrleansJobs.Outside;

namespace OrleansJobs.Workers;

/// <summary>The worker of this silo as others call it; all it does is hand on to <see cref="WorkerEngine"/>.</summary>
internal sealed class JobWorker(GrainId id, Silo silo, ILoggerFactory loggers, WorkerEngine engine, AnnouncedTypes types) : GrainService(id, silo, loggers), IJobWorker
{
    public Task Hint(int partition)
    {
        engine.Hint(partition);
        return Task.CompletedTask;
    }

    public Task PartitionOpened(int partition)
    {
        engine.PartitionOpened(partition);
        return Task.CompletedTask;
    }

    public Task<string[]> Confirm(int partition, long generation, LeaseName[] leases) => Task.FromResult(engine.Confirm(partition, generation, leases));

    public Task<string[]> ConfirmStuck(LeaseName[] attempts) => Task.FromResult(engine.ConfirmStuck(attempts));

    public Task Cancel(LeaseName lease)
    {
        engine.Cancel(lease);
        return Task.CompletedTask;
    }

    public Task<Progress?> GetProgress(LeaseName lease) => Task.FromResult(engine.GetProgress(lease));

    public Task SetPaused(string[] queues, long version)
    {
        engine.SetPaused(queues, version);
        return Task.CompletedTask;
    }

    public Task<SiloInfo> Describe() => Task.FromResult(engine.Describe());

    public Task HasNews(LeaseName lease)
    {
        engine.HasNews(lease);
        return Task.CompletedTask;
    }

    public Task<JobTypeInfo[]> GetTypes() => Task.FromResult(engine.GetTypes());

    public Task RenewTypes() => types.RenewAsync();
}
