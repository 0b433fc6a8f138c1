using System.Reflection;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>
/// A Redis cluster of one node, which has all slots. It refuses a script whose keys are of several slots; that a script touches no others than it was given,
/// which a cluster only notices while a slot moves, is seen by listening.
/// </summary>
public class RedisClusterTests : IAsyncLifetime
{
    /// <summary>Enough that a log's stream has nodes to give up.</summary>
    private const int Count = 600;

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
        await CallEachAsync(new(_redis, "first", Layout));
        using var monitor = await RedisMonitor.StartAsync(_server);
        await CallEachAsync(new(_redis, "cluster", Layout));
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

    /// <summary>Every kind of call, and of the scripts every branch that has keys of its own.</summary>
    private async Task CallEachAsync(RedisPartitionStore store)
    {
        await store.OpenGridAsync(4);
        Assert.NotNull(await store.ReadGridAsync());
        await store.PutAsync(Shared, new Dictionary<string, byte[]> { ["a"] = Bytes("1") });
        Assert.Equal(["a=1"], Of(await store.ReadAsync(Shared)));
        await store.ReadTimeAsync();
        Assert.Equal(0, await store.ReadFullnessAsync());

        var writer = await PartitionWriter.OpenAsync(store, 3);
        await writer.CommitAsync(commit =>
        {
            foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Put(table, "a", Bytes("1"));
            foreach (var set in (SetName[])[Ranks.Only, Told["x"], Told["y"], Shown["x"], Quiet["x"]]) commit.Put(set, "a", 1);
            for (var i = 1; i <= Count; i++) commit.Append(Lines, $"log{i % 2}", i, $"m{i}");
            commit.Count(Numbers, "n", 1);
        });
        // It names the sets there are, which it only learns from its first call.
        Assert.Equal(["x:1:1", "y:1:1"], Of((await writer.ReopenAsync()).Sets(Told)));
        writer = await PartitionWriter.OpenAsync(store, 3);
        await RemoveAsync(i => i % 100 > 1);
        Assert.Equal(Count / 50, (await writer.ReadLinesAsync()).Length);

        Assert.Equal(["1,1,1"], await writer.ReadRowsAsync("a"));
        Assert.Single(await store.ReadRowsAsync(3, Whole with { ByteBudget = 1 }, ["a"]));
        Assert.Equal(["a:1"], Of(await writer.ReadPageAsync(Told["x"])));
        Assert.Equal(["a:1"], await writer.ReadSetAsync(Ranks.Only));
        Assert.Equal(2, (await store.CountAsync(3, Told, ["x", "none", "y"], 1)).Sum());

        // What was moved out of the logs goes as well, and with it their names.
        await RemoveAsync(i => i % 100 <= 1);
        await writer.CommitAsync(commit =>
        {
            foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Remove(table, "a");
            foreach (var set in (SetName[])[Ranks.Only, Told["x"], Told["y"], Shown["x"], Quiet["x"]]) commit.Remove(set, "a", 1);
            commit.Count(Numbers, "n", -1);
        });
        Assert.Empty(await writer.ReadLinesAsync());
        Assert.Empty((await writer.ReopenAsync()).Sets(Told));

        await _redis.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
        writer = await PartitionWriter.OpenAsync(store, 2);
        Assert.Equal(CommitOutcome.Full, await writer.SendAsync(MayBeRefused));
        await _redis.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await store.CommitAsync(writer.At(1, MayBeRefused));

        Task RemoveAsync(Func<int, bool> fits) => writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= Count; i++)
            {
                if (fits(i)) commit.Remove(Lines, $"log{i % 2}", i);
            }
        });

        static void MayBeRefused(PartitionCommit commit)
        {
            commit.MayBeRefused = true;
            commit.Put(Heads, "a", Bytes("1"));
        }
    }
}
