using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisPartitionStoreTests(RedisFixture fixture) : RedisStoreConformance, IClassFixture<RedisFixture>, IAsyncLifetime
{
    private IConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    protected override IConnectionMultiplexer Redis => _redis;
}
