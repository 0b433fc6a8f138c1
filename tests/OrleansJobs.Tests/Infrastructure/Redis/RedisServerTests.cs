using StackExchange.Redis;

namespace OrleansJobs.Tests.Infrastructure.Redis;

public class RedisServerTests
{
    [Fact]
    public async Task RestartAsync_WithAppendOnlyFile_KeepsData()
    {
        await using var server = await RedisServer.StartAsync(new() { AppendOnly = true });
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            await redis.GetDatabase().StringSetAsync("a", "1");
        }

        await server.RestartAsync();

        await using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Assert.Equal("1", await again.GetDatabase().StringGetAsync("a"));
    }

    [Fact]
    public async Task RestartAsync_ByDefault_IsEmpty()
    {
        await using var server = await RedisServer.StartAsync();
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            await redis.GetDatabase().StringSetAsync("a", "1");
        }

        await server.RestartAsync();

        await using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Assert.False(await again.GetDatabase().KeyExistsAsync("a"));
    }

    [Fact]
    public async Task Pause_UntilResume_AnswersNothing()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{server.ConnectionString},syncTimeout=200,asyncTimeout=200");
        server.Pause();
        await Assert.ThrowsAsync<RedisTimeoutException>(() => redis.GetDatabase().PingAsync());
        server.Resume();

        await using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        await again.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task DisposeAsync_LeavesNothingBehind()
    {
        var server = await RedisServer.StartAsync();
        var (process, directory) = (server.ProcessId, server.DataDirectory);
        await server.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.False(Directory.Exists(directory));
    }
}
