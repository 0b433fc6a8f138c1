using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Services;
using OrleansJobs.Outside;

namespace OrleansJobs.Workers;

/// <summary>Reaches the worker of a given silo, without a look-up in the grain directory; or the session of a worker outside, which may be anywhere.</summary>
internal interface IWorkerDirectory
{
    IJobWorker Of(SiloAddress silo);
}

internal sealed class WorkerDirectory(IServiceProvider services) : GrainServiceClient<IJobWorker>(services), IWorkerDirectory
{
    private readonly IServiceProvider _services = services;

    public IJobWorker Of(SiloAddress silo) => WorkSession.IsSession(silo)
        ? new OutsideWorker(_services.GetRequiredService<IGrainFactory>().GetGrain<IOutsideWorker>(WorkSession.NameOf(silo)))
        : GetGrainService(silo);
}
