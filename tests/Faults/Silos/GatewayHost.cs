using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Gateway;
using OrleansJobs.Telemetry;
using Orleans.Configuration;
using StackExchange.Redis;

namespace OrleansJobs.Faults.Silos;

/// <summary>A gateway without a silo, as a deployment has it.</summary>
internal static class GatewayHost
{
    private static readonly TimeSpan ConnectPause = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(string[] args)
    {
        SiloHost.EndWithStandardInput();
        var builder = WebApplication.CreateBuilder(args);
        var configuration = builder.Configuration;
        builder.AddJobTelemetry("orleansjobs-gateway");
        builder.Services.AddJobGateway(configuration, gateway => gateway.AllowAnonymous = true);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options =>
            {
                options.ClusterId = configuration["Orleans:ClusterId"]!;
                options.ServiceId = configuration["Orleans:ServiceId"]!;
            });
            client.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(configuration.GetConnectionString("redis")!));
            client.UseConnectionRetryFilter(async (_, cancellation) =>
            {
                await Task.Delay(ConnectPause, TimeProvider.System, cancellation);
                return true;
            });
        });
        var app = builder.Build();
        app.MapJobs();
        app.MapJobMetrics();
        await app.RunAsync();
    }
}
