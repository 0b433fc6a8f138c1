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
public class RedisClusterStoreTests(RedisClusterFixture fixture) : PartitionStoreConformance, IClassFixture<RedisClusterFixture>
{
    private readonly string _service = $"test-{Guid.NewGuid():N}";

    protected override Task<IPartitionStore> NewStoreAsync() => Task.FromResult<IPartitionStore>(new RedisPartitionStore(fixture.Redis, _service, TestLayout.Layout));

    protected override async Task<string[]> NamesAsync(IPartitionStore store, int partition)
    {
        StorePart[] parts = [TestLayout.Told, TestLayout.Shown, TestLayout.Lines, TestLayout.Notes];
        var names = await Task.WhenAll(parts.Select(part => fixture.Redis.GetDatabase().SetMembersAsync($"oj:{{{_service}:{partition}}}:{part}.names")));
        return [.. names.SelectMany(set => set).Select(name => name.ToString())];
    }

    protected override Task EmptyAsync(IPartitionStore store) => Task.WhenAll(fixture.Redis.GetServers().Select(server => server.FlushAllDatabasesAsync()));
}
