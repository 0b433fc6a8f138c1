using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Processes;

/// <summary>A silo whose jobs, membership, reminders and checkpoints are all on a Redis cluster, of which a master is lost.</summary>
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

    private static string Order(string id, int countdown) =>
        "{\"type\":\"longtask\",\"id\":\"" + id + "\",\"countdown\":" + countdown + ",\"args\":{\"steps\":2,\"stepMs\":10}}";
}
