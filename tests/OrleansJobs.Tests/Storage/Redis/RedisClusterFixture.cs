using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A cluster of three masters, and a connection to it.</summary>
public sealed class RedisClusterFixture : IAsyncLifetime
{
    public RedisCluster Cluster { get; private set; } = null!;
    public IConnectionMultiplexer Redis { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Cluster = await RedisCluster.StartAsync();
        Redis = await RedisConnection.ConnectAsync($"{Cluster.ConnectionString},allowAdmin=true");
    }

    public async Task DisposeAsync()
    {
        await Redis.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}

/// <summary>What a store must do, on a cluster.</summary>
public class RedisClusterStoreTests(RedisClusterFixture fixture) : RedisStoreConformance, IClassFixture<RedisClusterFixture>
{
    protected override IConnectionMultiplexer Redis => fixture.Redis;
}
