using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OrleansJobs;

public static class JobClientRegistration
{
    /// <summary>Adds <see cref="IJobClient"/>. The process must be an Orleans client or a silo.</summary>
    public static IServiceCollection AddJobClient(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJobClient>(provider => new JobClient(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<TimeProvider>(), provider.GetService<System.Diagnostics.Metrics.IMeterFactory>()));
        return services;
    }
}
