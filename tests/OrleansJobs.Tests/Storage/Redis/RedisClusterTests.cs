using System.Reflection;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>
/// A Redis cluster of one node, which has all slots. It refuses a script whose keys are of several slots; that a script touches no others than it was given,
/// which a cluster only notices while a slot moves, is seen by listening.
/// </summary>
public class RedisClusterTests : IAsyncLifetime
{
    private RedisServer _server = null!;
    private IConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync(new() { More = ["--cluster-enabled", "yes"] });
        await using (var redis = await RedisConnection.ConnectAsync($"{_server.ConnectionString},allowAdmin=true"))
        {
            var server = redis.GetServers()[0];
            await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
            // A node that has just started waits a little for others.
            var started = TimeProvider.System.GetTimestamp();
            while (!((string)(await server.ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok"))
            {
                if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(30)) Assert.Fail("The cluster was not ready within 30 s.");
            }
        }

        _redis = await RedisConnection.ConnectAsync(_server.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Scripts_TouchOnlyKeysThatTheyWereGiven_AllOfOneSlot()
    {
        // So that all scripts are loaded already, and called by their hashes.
        await StoreCalls.EachAsync(new(_redis, "first", Layout), _redis.GetDatabase());
        using var monitor = await RedisMonitor.StartAsync(_server);
        await StoreCalls.EachAsync(new(_redis, "cluster", Layout), _redis.GetDatabase());
        var scripts = await monitor.StopAsync(_redis.GetDatabase());

        foreach (var script in scripts)
        {
            var touched = script.Commands.SelectMany(command => command.Where(word => word.StartsWith("oj:", StringComparison.Ordinal)));
            Assert.Empty(touched.Except(script.Keys));
        }

        // Two stand in for others in tests of the tests.
        var all = typeof(RedisScript).GetFields(BindingFlags.Public | BindingFlags.Static).Length - 2;
        Assert.Equal(all, scripts.Where(script => script.Commands.Count > 0).Select(script => script.Hash).Distinct().Count());
        var calls = scripts.SelectMany(script => script.Commands).Select(command => command[0].ToUpperInvariant()).ToHashSet();
        string[] expected = ["HSET", "HDEL", "ZADD", "ZREM", "XADD", "XDEL", "SADD", "SREM", "HINCRBY", "ZREMRANGEBYSCORE", "DEL", "HGETALL", "SMEMBERS", "XREVRANGE"];
        Assert.Empty(expected.Except(calls));
    }
}
