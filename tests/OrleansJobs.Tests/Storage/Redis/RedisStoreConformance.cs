using OrleansJobs.Storage;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>What a store must do, on a Redis of any kind.</summary>
public abstract class RedisStoreConformance : PartitionStoreConformance
{
    private readonly string _service = $"test-{Guid.NewGuid():N}";

    protected abstract IConnectionMultiplexer Redis { get; }

    protected override Task<IPartitionStore> NewStoreAsync() => Task.FromResult<IPartitionStore>(new RedisPartitionStore(Redis, _service, TestLayout.Layout));

    protected override async Task<string[]> NamesAsync(IPartitionStore store, int partition)
    {
        StorePart[] parts = [TestLayout.Told, TestLayout.Shown, TestLayout.Lines, TestLayout.Notes];
        var names = await Task.WhenAll(parts.Select(part => Redis.GetDatabase().SetMembersAsync($"oj:{{{_service}:{partition}}}:{part}.names")));
        return [.. names.SelectMany(set => set).Select(name => name.ToString())];
    }

    protected override Task EmptyAsync(IPartitionStore store) => Task.WhenAll(Redis.GetServers().Select(server => server.ExecuteAsync("FLUSHALL")));
}
