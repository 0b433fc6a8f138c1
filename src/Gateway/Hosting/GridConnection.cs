using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using OrleansJobs.Connections;
using StackExchange.Redis;

namespace OrleansJobs.Gateway;

/// <summary>How the gateway, in a process of its own, finds the silos.</summary>
internal static class GridConnection
{
    private const string DefaultName = "orleansjobs";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public static void Configure(IClientBuilder client)
    {
        var redis = client.Configuration.GetConnectionString("redis")
            ?? throw new InvalidOperationException("A gateway in a process of its own finds the silos through Redis: set ConnectionStrings:redis.");
        // The same names as those of a silo that is told nothing else.
        client.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = client.Configuration["Orleans:ClusterId"] ?? DefaultName;
            options.ServiceId = client.Configuration["Orleans:ServiceId"] ?? DefaultName;
        });
        client.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis));
        client.UseClusterTls();
        client.AddActivityPropagation();
        // Silos may come later than the gateway, and go: it goes on asking.
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            await Task.Delay(RetryDelay, TimeProvider.System, cancellation);
            return true;
        });
    }
}
