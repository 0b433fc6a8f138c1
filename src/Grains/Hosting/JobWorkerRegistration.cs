using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

internal static class JobWorkerRegistration
{
    /// <summary>
    /// Adds the worker of this silo with the handlers that the builder holds by the time the silo starts. Needs <see cref="JobGridOptions"/>,
    /// a <see cref="TimeProvider"/> and the diagnostics.
    /// </summary>
    public static IServiceCollection AddJobWorker(this IServiceCollection services, JobGridBuilder handlers)
    {
        services.AddSingleton(provider => handlers.Build(provider.GetRequiredService<IOptions<JobGridOptions>>().Value));
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
        services.AddSingleton<IJobWorkerClient, JobWorkerClient>();
        services.AddGrainService<JobWorker>();
        return services;
    }
}
