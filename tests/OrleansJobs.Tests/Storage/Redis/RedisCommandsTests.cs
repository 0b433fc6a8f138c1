using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisCommandsTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    /// <summary>
    /// A job that waits in a lane, is leased, ends and is purged, while others of its kind stay. Beside the two commands that each commit begins and ends with,
    /// it needs those for its rows, its lane and its log. Counters are left out here: a commit gathers them for all of its jobs.
    /// </summary>
    [Fact]
    public async Task APlainJob_TakesNoMoreCommandsThanItsRowsAndSetsNeed()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var jobs = GridLayout.Jobs;
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "commands", GridLayout.Layout));
        await writer.CommitAsync(commit =>
        {
            commit.Put(jobs.Lanes["q/4/t"], "other", 1);
            commit.Append(jobs.Log, "q/t", 1, "other");
        });

        using var monitor = await RedisMonitor.StartAsync(fixture.Server);
        await writer.CommitAsync(commit =>
        {
            commit.Put(jobs.Specs, "plain", []);
            commit.Append(jobs.Log, "q/t", 2, "plain");
            commit.Put(jobs.Lanes["q/4/t"], "plain", 1);
        });
        await writer.CommitAsync(commit =>
        {
            commit.Remove(jobs.Lanes["q/4/t"], "plain", 1);
            commit.Put(jobs.Leases, "plain", []);
        });
        await writer.CommitAsync(commit =>
        {
            commit.Remove(jobs.Leases, "plain");
            commit.Put(jobs.Outcomes, "plain", []);
            commit.Put(jobs.Retention.Only, "plain", 1);
        });
        await writer.CommitAsync(commit =>
        {
            commit.Remove(jobs.Outcomes, "plain");
            commit.Remove(jobs.Retention.Only, "plain", 1);
            commit.Remove(jobs.Specs, "plain");
            commit.Remove(jobs.Log, "q/t", 2);
        });
        var scripts = await monitor.StopAsync(redis.GetDatabase());

        string[] expected =
        [
            "HMGET HSET SADD XADD SADD ZADD HSET", "HMGET ZREM EXISTS HSET HSET", "HMGET HDEL HSET ZADD HSET", "HMGET HDEL ZREM HDEL XDEL XINFO HSET",
        ];
        Assert.Equal(expected, scripts.Select(script => string.Join(' ', script.Commands.Select(command => command[0].ToUpperInvariant()))));
    }
}
