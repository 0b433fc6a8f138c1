using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Infrastructure.Redis;
using RedisServer = OrleansJobs.Tests.Infrastructure.Redis.RedisServer;

namespace OrleansJobs.Tests.Processes;

/// <summary>What <c>min-replicas-to-write</c> costs: with its replica the grid loses the right to write, until there is one again.</summary>
public sealed class RedisReplicaGridTests
{
    private const string Short = """{"type":"longtask","args":{"steps":1,"stepMs":10}}""";

    [Fact]
    public async Task WithoutTheReplicaThatAMasterNeeds_SubmitsAreRefused_AndRunningJobsEndOnceItIsBack()
    {
        await using var master = await RedisServer.StartAsync(new() { More = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "2", "--repl-diskless-sync-delay", "0"] });
        await using var replica = await RedisServer.StartAsync(new() { More = ["--replicaof", "127.0.0.1", $"{master.Port}"] });
        await Deadlines.UntilAsync("the replica follows", LoneHost.Patience, async () => (await RedisCluster.Cli("-p", $"{master.Port}", "WAIT", "1", "1000")).Trim() == "1");
        using var host = new LoneHost();
        await host.StartAsync("--ConnectionStrings:redis", master.ConnectionString);
        await host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":40,"stepMs":100}}""");
        await host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);

        await replica.KillAsync();
        await Deadlines.UntilAsync("submits are refused", LoneHost.Patience, async () => !await host.TrySubmitAsync(Short));
        // It goes on meanwhile. Nobody is told of it: what may not be stored may not be said either.
        await Deadlines.UntilAsync("reads are refused as well", LoneHost.Patience, async () =>
        {
            using var answer = await host.Http.GetAsync(new Uri("/jobs/running", UriKind.Relative));
            return answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable;
        });

        await replica.RestartAsync();
        await Deadlines.UntilAsync("submits are taken again", LoneHost.Patience, () => host.TrySubmitAsync(Short));
        var ran = await host.UntilAsync("running", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal(1, ran.GetProperty("attempt").GetInt32());
    }
}
