using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisKeysTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    /// <summary>Enough that a log's stream has nodes to give up.</summary>
    private const int Count = 600;

    [Theory]
    [InlineData("")]
    [InlineData("a{b")]
    [InlineData("a}b")]
    public void Service_ThatWouldBreakTheHashTag_IsRefused(string service) => Assert.Throws<ArgumentException>(() => new RedisKeys(service));

    /// <summary>These names are stored: with others, nothing that is there would be found again.</summary>
    [Fact]
    public async Task Keys_ShareOneHashTagPerPartitionAndVanishWithTheJobs()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "keys", GridLayout.Layout), 5);
        var jobs = GridLayout.Jobs;
        RowTable[] tables = [jobs.Specs, jobs.Tracks, jobs.Leases, jobs.Outcomes];
        SetName[] sets = [jobs.Lanes["q/4/t"], jobs.Retention.Only, jobs.Deadlines.Only, jobs.Indexes["tag:k=v"]];
        await writer.CommitAsync(commit =>
        {
            foreach (var table in tables) commit.Put(table, "a", []);
            foreach (var set in sets) commit.Put(set, "a", 1);
            for (var i = 1; i <= Count; i++) commit.Append(jobs.Log, "q/t", i, $"j{i}");
            commit.Count(jobs.Counts, "n", 1);
        });

        string[] expected =
        [
            "counts", "deadlines", "index:tag:k=v", "jobs", "lane.names", "lane:q/4/t", "leases", "log.names", "log:q/t", "meta", "outcomes", "retention", "tracks",
        ];
        Assert.Equal(expected.Select(key => $"oj:{{keys:5}}:{key}"), await KeysAsync(redis));

        // Of a few lines that stay among many that go, the oldest move.
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= Count; i++)
            {
                if (i % 100 != 50) commit.Remove(jobs.Log, "q/t", i);
            }
        });
        Assert.Contains("oj:{keys:5}:log.kept:q/t", await KeysAsync(redis));

        await writer.CommitAsync(commit =>
        {
            foreach (var table in tables) commit.Remove(table, "a");
            foreach (var set in sets) commit.Remove(set, "a", 1);
            for (var i = 50; i <= Count; i += 100) commit.Remove(jobs.Log, "q/t", i);
            commit.Count(jobs.Counts, "n", -1);
        });
        await writer.ReopenAsync();

        Assert.Equal(["oj:{keys:5}:meta"], await KeysAsync(redis));
    }

    [Fact]
    public async Task TheGridsOwnKeys_HaveTheServicesHashTag()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var store = new RedisPartitionStore(redis, "own-keys", GridLayout.Layout);
        await store.OpenGridAsync(8);
        await store.PutAsync(GridLayout.Types, new Dictionary<string, byte[]> { ["t"] = [] });

        Assert.Equal(["oj:{own-keys}:grid", "oj:{own-keys}:types"], await KeysAsync(redis, "own-keys"));
    }

    private static async Task<IEnumerable<string>> KeysAsync(IConnectionMultiplexer redis, string service = "keys:5")
    {
        var keys = (RedisResult[])(await redis.GetDatabase().ExecuteAsync("KEYS", $"*{{{service}}}*"))!;
        return keys.Select(key => (string)key!).Order(StringComparer.Ordinal);
    }
}
