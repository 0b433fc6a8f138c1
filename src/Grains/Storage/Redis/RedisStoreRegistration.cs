using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansJobs.Partitions;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

public static class RedisStoreRegistration
{
    /// <summary>
    /// Keeps partitions in Redis, under Orleans' ServiceId. The connection is the container's <see cref="IConnectionMultiplexer"/>, to be shared with
    /// clustering, reminders and grain storage; where there is none yet, one is made of the connection string at first use.
    /// </summary>
    public static IServiceCollection AddRedisPartitionStore(this IServiceCollection services, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        services.TryAddSingleton(_ => RedisConnection.Connect(connectionString));
        services.TryAddSingleton<IPartitionStore>(provider => new RedisPartitionStore(
            provider.GetRequiredService<IConnectionMultiplexer>(), provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId, GridLayout.Layout));
        return services;
    }
}
