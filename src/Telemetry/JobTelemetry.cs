using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Logs;

namespace OrleansJobs.Telemetry;

/// <summary>Switches telemetry on in a silo or a gateway process.</summary>
public static class JobTelemetry
{
    /// <summary>
    /// The authorization policy of <c>GET /metrics</c>, where the host has one of this name, as one with a gateway has, and
    /// <see cref="JobTelemetryOptions.MetricsToken"/> is not set.
    /// </summary>
    public const string MetricsPolicy = "OrleansJobs.Metrics";

    /// <param name="serviceName">What <c>service.name</c> says where <c>OTEL_SERVICE_NAME</c> does not.</param>
    public static IHostApplicationBuilder AddJobTelemetry(this IHostApplicationBuilder builder, string serviceName)
    {
        // From this version of ASP.NET Core on, request spans carry the attributes of the HTTP conventions unless told not to, which is the default.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        builder.Services.AddOptions<JobTelemetryOptions>().Bind(builder.Configuration.GetSection(JobTelemetryOptions.Section));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(provider => new TelemetryPipelines(
            provider.GetRequiredService<IOptions<JobTelemetryOptions>>().Value, provider.GetRequiredService<IConfiguration>(), serviceName));
        builder.Services.AddSingleton<IStartupFilter, RequestSpans>();
        // First of all hosted services, so that it hears the others start, and is the last to stop.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryService>());

        builder.Logging.Configure(options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (builder.Configuration[JobTelemetryOptions.OtlpEndpoint] is { Length: > 0 })
        {
            builder.Logging.AddOpenTelemetry(logs =>
            {
                logs.IncludeScopes = true;
                logs.IncludeFormattedMessage = true;
                logs.SetResourceBuilder(TelemetryPipelines.Resource(builder.Configuration, serviceName));
                logs.AddOtlpExporter();
            });
        }

        return builder;
    }

    /// <summary>Serves <c>GET /metrics</c>, where the options say so.</summary>
    public static IEndpointRouteBuilder MapJobMetrics(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<JobTelemetryOptions>>().Value;
        if (!options.Metrics) return endpoints;
        var pipelines = endpoints.ServiceProvider.GetRequiredService<TelemetryPipelines>();
        var metrics = endpoints.MapGet("/metrics", (HttpContext http) => Allows(options.MetricsToken, http.Request.Headers.Authorization.ToString())
                ? Results.Bytes(pipelines.Scrape(), PrometheusText.ContentType)
                : Results.Unauthorized())
            .ExcludeFromDescription();
        var isGuarded = options.MetricsToken is null && endpoints.ServiceProvider.GetService<IOptions<AuthorizationOptions>>()?.Value.GetPolicy(MetricsPolicy) is not null;
        if (isGuarded) metrics.RequireAuthorization(MetricsPolicy);
        else metrics.AllowAnonymous();
        return endpoints;
    }

    private static bool Allows(string? token, string authorization) => token is null || CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes($"Bearer {token}")), SHA256.HashData(Encoding.UTF8.GetBytes(authorization)));
}

/// <summary>Starts the pipelines before anything else does, and flushes them after everything else has stopped.</summary>
internal sealed class TelemetryService(TelemetryPipelines pipelines) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        pipelines.Start();
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        pipelines.Dispose();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
