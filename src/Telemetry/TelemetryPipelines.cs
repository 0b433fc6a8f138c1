using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Telemetry;

/// <summary>
/// The way of traces and metrics out of this process. Made with the core SDK, which needs no hosting package.
/// </summary>
internal sealed class TelemetryPipelines(JobTelemetryOptions options, IConfiguration configuration, string serviceName) : IDisposable
{
    /// <summary>How long an exit waits for what is still to be sent.</summary>
    private const int FlushMilliseconds = 3000;

    private static readonly string[] WebMeters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting"];

    private readonly PrometheusText _text = new();
    private readonly Lock _scraping = new();
    private BaseExportingMetricReader? _reader;
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    private bool Otlp => configuration[JobTelemetryOptions.OtlpEndpoint] is { Length: > 0 };

    public void Start()
    {
        if (Otlp || options.Metrics) _metrics = BuildMetrics();
        if (Otlp) _traces = BuildTraces();
    }

    /// <summary>All metrics as they stand, as Prometheus text.</summary>
    public byte[] Scrape()
    {
        lock (_scraping)
        {
            if (_reader is null) return [];
            _reader.Collect();
            return _text.Take();
        }
    }

    public void Dispose()
    {
        _traces?.ForceFlush(FlushMilliseconds);
        _traces?.Dispose();
        lock (_scraping)
        {
            _metrics?.ForceFlush(FlushMilliseconds);
            _metrics?.Dispose();
            _reader = null;
        }
    }

    public static ResourceBuilder Resource(IConfiguration configuration, string serviceName)
    {
        var instance = configuration["Orleans:Name"] ?? configuration["Silo:Name"]
            ?? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}");
        return ResourceBuilder.CreateDefault()
            .AddService(serviceName, serviceVersion: typeof(TelemetryPipelines).Assembly.GetName().Version?.ToString(3), serviceInstanceId: instance)
            // The operator's word (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) comes last and wins.
            .AddEnvironmentVariableDetector();
    }

    private MeterProvider BuildMetrics()
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Resource(configuration, serviceName))
            .AddMeter(JobTracing.Name)
            .AddMeter(WebMeters)
            .AddMeter([.. options.Meters]);
        if (options.Runtime) builder.AddMeter("System.Runtime");
        if (options.Orleans) builder.AddMeter("Microsoft.Orleans");
        if (options.Metrics) builder.AddReader(_reader = new BaseExportingMetricReader(_text));
        if (Otlp) builder.AddOtlpExporter();
        return builder.Build();
    }

    private TracerProvider BuildTraces()
    {
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Resource(configuration, serviceName))
            .AddSource(JobTracing.Name, "Microsoft.AspNetCore")
            .AddSource([.. options.Sources])
            .AddProcessor(new ProbeFilter());
        if (options.Orleans) builder.AddSource("Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime");
        return builder.AddOtlpExporter().Build();
    }
}
