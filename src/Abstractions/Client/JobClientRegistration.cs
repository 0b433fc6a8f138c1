using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansJobs;

public static class JobClientRegistration
{
    /// <summary>Adds <see cref="IJobClient"/>. The process must be an Orleans client or a silo.</summary>
    /// <param name="configure">How patient the client is; see <see cref="JobClientOptions"/>.</param>
    public static IServiceCollection AddJobClient(this IServiceCollection services, Action<JobClientOptions>? configure = null)
    {
        if (configure is not null) services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJobClient>(provider => new JobClient(
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IMeterFactory>(),
            provider.GetService<IOptions<JobClientOptions>>()?.Value));
        return services;
    }
}
