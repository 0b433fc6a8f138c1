using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansJobs.Outside;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

internal static class JobWorkerRegistration
{
    /// <summary>Adds the worker of this silo. Needs the <see cref="HandlerRegistry"/>, <see cref="JobGridOptions"/>, a <see cref="TimeProvider"/> and the diagnostics.</summary>
    public static IServiceCollection AddJobWorker(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var silo = provider.GetRequiredService<ILocalSiloDetails>();
            return new WorkerIdentity(silo.SiloAddress, silo.Name);
        });
        services.AddSingleton<IWorkerGrid, WorkerGrid>();
        services.AddSingleton<AttemptServices>();
        services.AddSingleton<WorkerEngine>();
        services.AddSingleton<ILocalWorker>(provider => provider.GetRequiredService<WorkerEngine>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, WorkerLifecycle>();
        services.TryAddSingleton<IWorkerDirectory, WorkerDirectory>();
        services.AddGrainService<JobWorker>();
        services.AddSingleton<AnnouncedTypes>();
        services.AddSingleton<SessionsHere>();
        services.AddSingleton<SessionServices>();
        return services;
    }
}
