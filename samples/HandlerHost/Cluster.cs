using System.Net;
using OrleansJobs.Hosting;

namespace HandlerHost;

/// <summary>Alone and in memory, or with others on the Redis that <c>ConnectionStrings:redis</c> names.</summary>
internal static class Cluster
{
    public static ISiloBuilder UseCluster(this ISiloBuilder silo, IConfiguration configuration)
    {
        var (port, gatewayPort) = (configuration.GetValue("Silo:Port", 11111), configuration.GetValue("Silo:GatewayPort", 30000));
        return configuration.GetConnectionString("redis") is { } redis
            ? silo.UseRedisJobStore(redis).ConfigureEndpoints(IPAddress.Loopback, port, gatewayPort)
            : silo.UseLocalhostClustering(port, gatewayPort).UseMemoryJobStore();
    }
}
