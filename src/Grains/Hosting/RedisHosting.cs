using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Serialization;
using OrleansJobs.Jobs;
using OrleansJobs.Storage;
using StackExchange.Redis;

namespace OrleansJobs.Hosting;

public static class RedisHosting
{
    /// <summary>
    /// Keeps everything of the grid in one Redis: jobs, checkpoints, reminders, and the membership of the cluster, over one shared connection.
    /// </summary>
    /// <param name="connectionString">As StackExchange.Redis takes it, such as <c>localhost:6379</c>.</param>
    public static ISiloBuilder UseRedisJobStore(this ISiloBuilder silo, string connectionString)
    {
        var configuration = ConfigurationOptions.Parse(connectionString);
        var services = silo.Services;
        services.RemoveAll<IPartitionStore>();
        services.AddRedisPartitionStore(connectionString);
        // What the grain storage throws has the client's exception in it, and has to reach a caller on another silo.
        services.Configure<ExceptionSerializationOptions>(exceptions => exceptions.SupportedNamespacePrefixes.Add(typeof(RedisException).Namespace!));
        silo.UseRedisClustering(options => options.ConfigurationOptions = configuration);
        silo.UseRedisReminderService(options => options.ConfigurationOptions = configuration);
        silo.AddRedisGrainStorage(JobGrain.StorageName, options => options.Configure<IConnectionMultiplexer>((storage, redis) =>
        {
            storage.ConfigurationOptions = configuration;
            storage.CreateMultiplexer = _ => Shared(redis);
            storage.GrainStorageSerializer = new GrainStateSerializer();
            storage.DeleteStateOnClear = true;
        }));
        services.AddOptions<RedisClusteringOptions>().Configure<IConnectionMultiplexer>((clustering, redis) => clustering.CreateMultiplexer = _ => Shared(redis));
        services.AddOptions<RedisReminderTableOptions>().Configure<IConnectionMultiplexer>((reminders, redis) => reminders.CreateMultiplexer = _ => Shared(redis));
        return silo;
    }

    private static Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> Shared(IConnectionMultiplexer redis) => Task.FromResult((redis, true));
}
