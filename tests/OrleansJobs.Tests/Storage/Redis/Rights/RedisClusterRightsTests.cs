using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis.Rights;

/// <summary>The same user on a cluster, where the client has to ask which node has what.</summary>
public class RedisClusterRightsTests(RedisClusterFixture fixture) : IClassFixture<RedisClusterFixture>
{
    [Fact]
    public async Task WithTheRightToSeeTheNodes_PartitionsOnAllOfThemAreWritten()
    {
        foreach (var node in fixture.Cluster.Nodes)
            await RedisCluster.Cli(["-p", $"{node.Port}", "ACL", "SETUSER", DocumentedUsers.Silo, "reset", .. DocumentedUsers.RulesOf(DocumentedUsers.Silo), "+cluster|nodes"]);
        var connection = DocumentedUsers.ConnectionOf(DocumentedUsers.Silo, fixture.Cluster.ConnectionString);
        await using var redis = await RedisConnection.ConnectAsync(connection);
        var store = new RedisPartitionStore(redis, "orleansjobs", TestLayout.Layout);
        await store.OpenGridAsync(12);
        for (var partition = 0; partition < 12; partition++)
        {
            var writer = await PartitionWriter.OpenAsync(store, partition);
            await writer.CommitAsync(commit => commit.Put(TestLayout.Heads, "a", Bytes("1")));
            Assert.Equal(["1,-,-"], await writer.ReadRowsAsync("a"));
        }

        var keys = await Task.WhenAll(fixture.Cluster.Nodes.Select(node => RedisCluster.Cli("-p", $"{node.Port}", "DBSIZE")));
        Assert.DoesNotContain("0", keys.Select(count => count.Trim()));
        await OrleansCalls.EachOfASiloAsync(connection);
    }
}
