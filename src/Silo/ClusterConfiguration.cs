using System.Net;
using Orleans.Configuration;
using OrleansJobs.Connections;
using OrleansJobs.Hosting;

namespace OrleansJobs.Silo;

/// <summary>
/// Where this silo keeps its jobs and whom it joins, from the configuration:
/// <list type="bullet">
/// <item><c>ConnectionStrings:redis</c>: the Redis that the cluster shares.</item>
/// <item><c>Store:Kind</c>: <c>redis</c>, the default where there is such a connection string; <c>sqlite</c>, the default where there is none: this process
/// alone, jobs in the file <c>Store:Path</c> (<c>data/orleansjobs.db</c>, under the content root); <c>memory</c>: jobs end with the process.</item>
/// <item><c>Silo:Port</c> (11111), <c>Silo:GatewayPort</c> (30000): where silos and clients reach it; give each silo of one machine its own.</item>
/// <item><c>Silo:Name</c>: a silo that starts under the name of another takes its place.</item>
/// <item><c>Silo:Address</c>: the address that others reach it at; absent: this machine's loopback, or what <c>Orleans:Endpoints</c> says.</item>
/// <item><c>ClusterTls</c>: the certificates of its connections to silos and clients; see <see cref="ClusterTlsOptions"/>.</item>
/// <item><c>Orleans:ClusterId</c>, <c>Orleans:ServiceId</c> (both <c>orleansjobs</c>): the cluster, and the name under which its jobs are stored.</item>
/// </list>
/// </summary>
internal static class ClusterConfiguration
{
    private const string DefaultName = "orleansjobs";

    public static ISiloBuilder UseConfiguredCluster(this ISiloBuilder silo, IConfiguration configuration)
    {
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = configuration["Orleans:ClusterId"] ?? DefaultName;
            options.ServiceId = configuration["Orleans:ServiceId"] ?? DefaultName;
        });
        silo.UseClusterTls();
        if (configuration["Silo:Name"] is { Length: > 0 } name) silo.Configure<SiloOptions>(options => options.SiloName = name);
        var redis = configuration.GetConnectionString("redis") is { Length: > 0 } text ? text : null;
        switch (configuration["Store:Kind"] is { Length: > 0 } kind ? kind : redis is null ? "sqlite" : "redis")
        {
            case "sqlite":
                return Alone().UseSqliteJobStore();
            case "memory":
                return Alone().UseMemoryJobStore();
            case "redis":
                silo.UseRedisJobStore(redis ?? throw new InvalidOperationException("Store:Kind is 'redis', which needs ConnectionStrings:redis."));
                break;
            case var other:
                throw new InvalidOperationException($"Store:Kind is '{other}'; it is 'sqlite', 'redis' or 'memory'.");
        }

        if (configuration.GetSection("Orleans:Endpoints").Exists()) return silo;
        var address = configuration["Silo:Address"] is { Length: > 0 } given ? IPAddress.Parse(given) : IPAddress.Loopback;
        return silo.ConfigureEndpoints(
            address, Port(configuration, "Silo:Port", 11111), Port(configuration, "Silo:GatewayPort", 30000), listenOnAnyHostAddress: !IPAddress.IsLoopback(address));

        ISiloBuilder Alone() => silo.UseLocalhostClustering(Port(configuration, "Silo:Port", 11111), Port(configuration, "Silo:GatewayPort", 30000));
    }

    private static int Port(IConfiguration configuration, string key, int standard)
    {
        if (configuration[key] is not { Length: > 0 } text) return standard;
        return int.TryParse(text, out var port) && port is > 0 and < 65536 ? port : throw new InvalidOperationException($"{key} is '{text}'; a port is 1 to 65535.");
    }
}
