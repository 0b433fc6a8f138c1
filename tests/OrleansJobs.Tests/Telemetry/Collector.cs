using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>Stands in for an OpenTelemetry collector: takes OTLP over HTTP and keeps what the tests look at.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Collector(WebApplication app) => _app = app;

    public ConcurrentQueue<CollectedSpan> Spans { get; } = [];
    public ConcurrentQueue<CollectedLog> Logs { get; } = [];
    public ConcurrentDictionary<string, byte> Metrics { get; } = [];

    public string Address => _app.Urls.Single();

    /// <summary>What a process is configured with so that it sends here, soon.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new Collector(app);
        app.MapPost("/v1/traces", collector.TakeTracesAsync);
        app.MapPost("/v1/metrics", collector.TakeMetricsAsync);
        app.MapPost("/v1/logs", collector.TakeLogsAsync);
        await app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // Field numbers are those of opentelemetry/proto: resource = 1, scope lists = 2, entries = 2.
    private async Task TakeTracesAsync(HttpRequest request)
    {
        foreach (var (resource, span) in Entries(await ReadAsync(request)))
        {
            Spans.Enqueue(new CollectedSpan(
                span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), resource["service.name"], resource["service.instance.id"],
                span.Attributes(9), [.. span.Messages(13).Select(link => link.Hex(2))]));
        }
    }

    private async Task TakeMetricsAsync(HttpRequest request)
    {
        foreach (var (_, metric) in Entries(await ReadAsync(request))) Metrics[metric.Text(1)] = 0;
    }

    private async Task TakeLogsAsync(HttpRequest request)
    {
        foreach (var (_, record) in Entries(await ReadAsync(request)))
            Logs.Enqueue(new CollectedLog(record.Messages(5).FirstOrDefault()?.Text(1) ?? "", record.Hex(9), record.Attributes(6)));
    }

    private static IEnumerable<(Dictionary<string, string> Resource, ProtoMessage Entry)> Entries(ProtoMessage request) =>
        from part in request.Messages(1)
        let resource = part.Messages(1).Single().Attributes(1)
        from scope in part.Messages(2)
        from entry in scope.Messages(2)
        select (resource, entry);

    private static async Task<ProtoMessage> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return new ProtoMessage(body.ToArray());
    }
}

internal sealed record CollectedSpan(
    string TraceId, string SpanId, string ParentId, string Name, string Service, string Instance, IReadOnlyDictionary<string, string> Tags, IReadOnlyList<string> Links);

internal sealed record CollectedLog(string Message, string TraceId, IReadOnlyDictionary<string, string> Tags);
