using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisKeysTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    [Theory]
    [InlineData("")]
    [InlineData("a{b")]
    [InlineData("a}b")]
    public void Service_ThatWouldBreakTheHashTag_IsRefused(string service) => Assert.Throws<ArgumentException>(() => new RedisKeys(service));

    [Fact]
    public async Task Keys_ShareOneHashTagPerPartitionAndVanishWithTheJobs()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "keys"), 5);
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.Add(Job("a", 1));
            commit.LaneAdds.Add(new("q/4/t", "a", 1));
            commit.Leases.Add(new("a", Bytes("l")));
            commit.Tracks.Add(new("a", Bytes("t")));
            commit.Outcomes.Add(new("a", Bytes("o"), 1));
            commit.Deadlines.Add(new("a", 1));
            commit.IndexAdds.Add(new("tag:k=v", "a", 1));
            commit.CountDeltas["n"] = 1;
        });

        string[] expected =
        [
            "counts", "deadlines", "index:tag:k=v", "jobs", "lane:q/4/t", "lanes", "leases", "log:q/t", "logs", "meta", "outcomes", "retention", "tracks",
        ];
        Assert.Equal(expected.Select(key => $"oj:{{keys:5}}:{key}"), await KeysAsync(redis));

        await writer.CommitAsync(commit =>
        {
            commit.Purges.Add(new("a", "q", "t", 1, ["tag:k=v"]));
            commit.LaneRemoves.Add(new("q/4/t", "a"));
            commit.CountDeltas["n"] = -1;
        });
        await writer.Store.OpenAsync(5);

        Assert.Equal(["oj:{keys:5}:meta"], await KeysAsync(redis));
    }

    private static async Task<IEnumerable<string>> KeysAsync(IConnectionMultiplexer redis)
    {
        var keys = (RedisResult[])(await redis.GetDatabase().ExecuteAsync("KEYS", "*{keys:*"))!;
        return keys.Select(key => (string)key!).Order(StringComparer.Ordinal);
    }
}
