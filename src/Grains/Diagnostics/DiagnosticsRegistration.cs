using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansJobs.Hosting;

namespace OrleansJobs.Diagnostics;

internal static class DiagnosticsRegistration
{
    /// <summary>Adds <see cref="JobMeters"/>; needs a <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddJobDiagnostics(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton<GridHealth>();
        services.TryAddSingleton<JobMeters>();
        return services;
    }
}
