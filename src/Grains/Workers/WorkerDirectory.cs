using Orleans.Runtime.Services;

namespace OrleansJobs.Workers;

/// <summary>Reaches the worker of a given silo, without a look-up in the grain directory.</summary>
internal interface IWorkerDirectory
{
    IJobWorker Of(SiloAddress silo);
}

internal sealed class WorkerDirectory(IServiceProvider services) : GrainServiceClient<IJobWorker>(services), IWorkerDirectory
{
    public IJobWorker Of(SiloAddress silo) => GetGrainService(silo);
}
