using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansJobs.Jobs;

namespace OrleansJobs.Tests.Cluster;

public class PausedQueueTests
{
    [Fact]
    public async Task MoreQueuesThanMayBePaused_AreRefused()
    {
        var stored = new StoredQueues();
        for (var i = 0; i < 10_000; i++) stored.State.Paused[$"queue-{i}"] = new() { Name = $"queue-{i}", Paused = true };
        var grain = new QueueControlGrain(stored, null!, null!, TimeProvider.System, NullLogger<QueueControlGrain>.Instance);

        var full = await Assert.ThrowsAsync<GridOverloadedException>(() => grain.Pause("one-more", new("somebody")));
        Assert.Contains("10000", full.Message);
        Assert.Equal(10_000, stored.State.Paused.Count);
    }

    [Fact]
    public void ARefusal_ReachesWhoeverAskedAsItIs()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var told = serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(new GridOverloadedException("Full.", TimeSpan.FromSeconds(7))));
        var full = Assert.IsType<GridOverloadedException>(told);
        Assert.Equal(("Full.", TimeSpan.FromSeconds(7)), (full.Message, full.RetryAfter));
    }

    private sealed class StoredQueues : IPersistentState<QueueMemory>
    {
        public QueueMemory State { get; set; } = new();
        public string Etag => "";
        public bool RecordExists => true;

        public Task ClearStateAsync() => Task.CompletedTask;
        public Task ReadStateAsync() => Task.CompletedTask;
        public Task WriteStateAsync() => Task.CompletedTask;
    }
}
