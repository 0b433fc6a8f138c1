using System.Collections.Concurrent;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Infrastructure.Redis;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Processes;

/// <summary>A silo that is told of sentinels, whose master is lost while jobs are submitted and run.</summary>
public sealed class RedisSentinelGridTests(ITestOutputHelper output)
{
    private const int Senders = 8;
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AMasterThatIsKilledUnderLoad_IsReplaced_AndNothingThatItsReplicasHaveIsLost()
    {
        await using var redis = await RedisSentinels.StartAsync();
        using var host = new LoneHost();
        await host.StartAsync("--ConnectionStrings:redis", redis.ConnectionString);
        var ids = new ConcurrentBag<string>();
        await SubmitManyAsync(host, ids, "before", 200, countdown: 15);
        await host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":200,"stepMs":100}}""");
        await host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);

        // What has been acknowledged until here is with both replicas. What comes after may be lost with the master, so it is not sent before it is gone.
        Assert.Equal("2", (await RedisCluster.Cli("-p", $"{redis.Master.Port}", "WAIT", "2", "5000")).Trim());
        var killed = TimeProvider.System.GetTimestamp();
        await redis.Master.KillAsync();
        await SubmitManyAsync(host, ids, "after", 400, countdown: 0);
        var refused = TimeProvider.System.GetElapsedTime(killed);
        output.WriteLine($"All partitions took jobs again {refused.TotalSeconds:0.0} s after the master was killed.");
        Assert.True(refused < LongestRefusal, $"Submits were refused for {refused.TotalSeconds:0.0} s.");

        foreach (var id in ids) await host.UntilAsync(id, job => job.GetProperty("state").GetString() == "SUCCESS");
        var ran = await host.UntilAsync("running", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal(1, ran.GetProperty("attempt").GetInt32());
    }

    /// <summary>Each again until it is accepted: with so many, every partition is asked.</summary>
    private static async Task SubmitManyAsync(LoneHost host, ConcurrentBag<string> ids, string name, int count, int countdown)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i <= count; i = Interlocked.Increment(ref next))
            {
                var (id, order) = ($"{name}-{i}", "{\"type\":\"longtask\",\"id\":\"" + name + "-" + i + "\",\"countdown\":" + countdown + ",\"args\":{\"steps\":2,\"stepMs\":10}}");
                await Deadlines.UntilAsync($"{id} is accepted", LoneHost.Patience, () => host.TrySubmitAsync(order));
                ids.Add(id);
            }
        }));
    }
}
