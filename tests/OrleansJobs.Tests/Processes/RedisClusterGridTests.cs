using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Processes;

/// <summary>A silo whose jobs, membership, reminders and checkpoints are all on a Redis cluster, of which a master is lost, or emptied.</summary>
public sealed class RedisClusterGridTests
{
    private const int Jobs = 60;

    [Fact]
    public async Task AMasterThatIsKilled_TakesNothingAlongThatItsReplicaHas_AndTheGridGoesOn()
    {
        await using var redis = await RedisCluster.StartAsync(masters: 3, replicas: 1);
        using var host = new LoneHost();
        await host.StartAsync("--ConnectionStrings:redis", redis.ConnectionString);
        for (var i = 0; i < Jobs; i++) await host.SubmitAsync(Order($"job-{i}", 12));
        await host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":150,"stepMs":100}}""");
        await host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);
        Assert.Contains("Redis at", await host.ReadLogAsync());

        // The first three are the masters. What it has acknowledged is with its replica by now: copying takes milliseconds.
        foreach (var node in redis.Nodes) await RedisCluster.Cli("-p", $"{node.Port}", "WAIT", "1", "1000");
        await redis.Nodes[0].KillAsync();

        var accepted = false;
        await Deadlines.UntilAsync("submits are accepted again in every partition", LoneHost.Patience, async () =>
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => host.TrySubmitAsync(Order($"after-{i}", 0))));
            return accepted = answers.All(isAccepted => isAccepted);
        });
        Assert.True(accepted);
        for (var i = 0; i < Jobs; i++) await host.UntilAsync($"job-{i}", job => job.GetProperty("state").GetString() == "SUCCESS");
        var ran = await host.UntilAsync("running", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal(1, ran.GetProperty("attempt").GetInt32());
    }

    /// <summary>As an operator does who takes a node out of service: all its slots go to another, some of them with partitions that are at work.</summary>
    [Fact]
    public async Task SlotsThatMoveWhileJobsRun_TakeTheirPartitionsAlong_AndNothingIsLostOrRunTwice()
    {
        await using var redis = await RedisCluster.StartAsync(masters: 3);
        using var host = new LoneHost();
        await host.StartAsync("--ConnectionStrings:redis", redis.ConnectionString);
        await host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":300,"stepMs":100}}""");
        await host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);
        for (var i = 0; i < Jobs; i++) await host.SubmitAsync(Order($"job-{i}", 12));

        var (from, to) = (await IdOf(redis.Nodes[0]), await IdOf(redis.Nodes[1]));
        var slots = int.Parse((await RedisCluster.Cli("--cluster", "info", redis.Nodes[0].ConnectionString)).Split('\n').First(line => line.Contains($":{redis.Nodes[0].Port} ")).Split('|')[1].Trim().Split(' ')[0]);
        var moving = RedisCluster.Cli("--cluster", "reshard", redis.Nodes[0].ConnectionString, "--cluster-from", from, "--cluster-to", to, "--cluster-slots", $"{slots}", "--cluster-yes");
        var trickled = 0;
        for (; !moving.IsCompleted; trickled++)
        {
            // Asked again, as a client does that is told to come back: it is the same job, since it has the same id.
            var order = Order($"meanwhile-{trickled}", 0);
            await Deadlines.UntilAsync($"{order} is accepted", LoneHost.Patience, () => host.TrySubmitAsync(order));
        }

        await moving;
        Assert.True(trickled > 2, "jobs were submitted while slots moved");
        Assert.Equal("0", (await RedisCluster.Cli("-p", $"{redis.Nodes[0].Port}", "DBSIZE")).Trim());
        foreach (var id in Enumerable.Range(0, Jobs).Select(i => $"job-{i}").Concat(Enumerable.Range(0, trickled).Select(i => $"meanwhile-{i}")).Append("running"))
        {
            var ran = await host.UntilAsync(id, job => job.GetProperty("state").GetString() == "SUCCESS");
            Assert.Equal(1, ran.GetProperty("attempt").GetInt32());
        }
    }

    private static async Task<string> IdOf(Infrastructure.Redis.RedisServer node) => (await RedisCluster.Cli("-p", $"{node.Port}", "CLUSTER", "MYID")).Trim();

    private static string Order(string id, int countdown) =>
        "{\"type\":\"longtask\",\"id\":\"" + id + "\",\"countdown\":" + countdown + ",\"args\":{\"steps\":2,\"stepMs\":10}}";
}
