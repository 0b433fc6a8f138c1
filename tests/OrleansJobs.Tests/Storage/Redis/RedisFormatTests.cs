using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A store that another release wrote: it is refused in clear words, and left as it is.</summary>
public class RedisFormatTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    [Theory]
    [InlineData(null, 8, "from before 0.1.0")]
    [InlineData(null, 16, "from before 0.1.0")]
    [InlineData("2", 8, "in format 2")]
    [InlineData("2", 16, "in format 2")]
    [InlineData("10", 8, "in format 10")]
    [InlineData("0", 8, "in format 0")]
    [InlineData("", 8, "in format ")]
    [InlineData("1.0", 8, "in format 1.0")]
    public async Task OpenGridAsync_WhereTheRecordHasNoOrAnotherFormat_IsRefused(string? format, int partitions, string said)
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var (database, service) = (redis.GetDatabase(), $"format-{Guid.NewGuid():N}");
        HashEntry[] record = [new("partitions", 8), new("incarnation", "i"), new("secret", "s"), .. format is null ? (HashEntry[])[] : [new("format", format)]];
        await database.HashSetAsync($"oj:{{{service}}}:grid", record);

        var error = await Assert.ThrowsAsync<UnfitStoreException>(
            async () => await new RedisPartitionStore(redis, service, TestLayout.Layout).OpenGridAsync(partitions));

        Assert.Contains(said, error.Message);
        Assert.Equal(record.ToHashSet(), (await database.HashGetAllAsync($"oj:{{{service}}}:grid")).ToHashSet());
        Assert.Single((RedisResult[])(await database.ExecuteAsync("KEYS", $"*{service}*"))!);
    }

    /// <summary>Of a later release's record nothing is known but where its format stands.</summary>
    [Fact]
    public async Task OpenGridAsync_WhereOnlyTheFormatIsKnown_IsRefused()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var store = new RedisPartitionStore(redis, "later", TestLayout.Layout);
        await redis.GetDatabase().HashSetAsync("oj:{later}:grid", "format", "7");

        var error = await Assert.ThrowsAsync<UnfitStoreException>(async () => await store.OpenGridAsync(8));

        Assert.Contains("format 7", error.Message);
        Assert.Contains("start the release that wrote it", error.Message);
    }

    [Fact]
    public async Task OpenGridAsync_WhenThereIsNoRecord_NotesTheFormat()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        await new RedisPartitionStore(redis, "new", TestLayout.Layout).OpenGridAsync(8);
        Assert.Equal(GridRecord.Format, await redis.GetDatabase().HashGetAsync("oj:{new}:grid", "format"));
    }
}
