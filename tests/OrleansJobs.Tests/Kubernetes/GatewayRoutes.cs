using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>The addresses that a gateway process serves, read from its route table.</summary>
internal static class GatewayRoutes
{
    public static IReadOnlySet<string> Paths { get; } = Read();

    private static HashSet<string> Read()
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddJobTelemetry("test");
        builder.Services.AddJobGateway(builder.Configuration);
        builder.UseOrleansClient(client => client.UseLocalhostClustering());
        using var app = (IDisposable)builder.Build();
        var routes = (IEndpointRouteBuilder)app;
        ((WebApplication)app).MapJobs().MapJobMetrics();
        return [.. routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'))];
    }
}
