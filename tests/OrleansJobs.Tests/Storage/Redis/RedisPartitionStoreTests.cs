using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisPartitionStoreTests(RedisFixture fixture) : PartitionStoreConformance, IClassFixture<RedisFixture>, IAsyncLifetime
{
    private IConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    protected override Task<IPartitionStore> NewStoreAsync() =>
        Task.FromResult<IPartitionStore>(new RedisPartitionStore(_redis, $"test-{Guid.NewGuid():N}"));

    protected override async Task EmptyAsync(IPartitionStore store) => await _redis.GetDatabase().ExecuteAsync("FLUSHALL");
}
