using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisPartitionStoreTests(RedisFixture fixture) : PartitionStoreConformance, IClassFixture<RedisFixture>, IAsyncLifetime
{
    private IConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    private readonly string _service = $"test-{Guid.NewGuid():N}";

    protected override Task<IPartitionStore> NewStoreAsync() => Task.FromResult<IPartitionStore>(new RedisPartitionStore(_redis, _service, TestLayout.Layout));

    protected override async Task<string[]> NamesAsync(IPartitionStore store, int partition)
    {
        StorePart[] parts = [TestLayout.Told, TestLayout.Shown, TestLayout.Lines, TestLayout.Notes];
        var names = await Task.WhenAll(parts.Select(part => _redis.GetDatabase().SetMembersAsync($"oj:{{{_service}:{partition}}}:{part}.names")));
        return [.. names.SelectMany(set => set).Select(name => name.ToString())];
    }

    protected override async Task EmptyAsync(IPartitionStore store) => await _redis.GetDatabase().ExecuteAsync("FLUSHALL");
}
