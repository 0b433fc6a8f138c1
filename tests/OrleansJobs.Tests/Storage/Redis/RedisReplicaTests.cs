using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>What <c>min-replicas-to-write</c> buys, and what it does not.</summary>
public class RedisReplicaTests
{
    /// <param name="needed">Replicas without which the master takes no writes.</param>
    /// <param name="isTaken">A commit to a master that has been replaced, which nobody will ever see again.</param>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task AMasterThatWasReplaced_RefusesCommits_OnlyWhereItNeedsReplicas(int needed, bool isTaken)
    {
        await using var master = await RedisServer.StartAsync(new() { More = ["--min-replicas-to-write", $"{needed}", "--repl-diskless-sync-delay", "0"] });
        await using var replica = await RedisServer.StartAsync(new() { More = ["--replicaof", "127.0.0.1", $"{master.Port}"] });
        await UntilCopiedAsync(master);
        await using var redis = await RedisConnection.ConnectAsync(master.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await writer.CommitAsync(commit => commit.Put(Heads, "a", Bytes("1")));
        // What another connection has written, WAIT does not wait for.
        await UntilAsync(async () => (await RowsOfAsync(replica)).Contains("a"));

        // As when the network parts: over there somebody else is the master now, and this client has not heard of it.
        await RedisCluster.Cli("-p", $"{replica.Port}", "REPLICAOF", "NO", "ONE");
        await UntilAsync(async () => (await RedisCluster.Cli("-p", $"{master.Port}", "INFO", "replication")).Contains("connected_slaves:0"));
        var lost = writer.Next(commit =>
        {
            commit.Put(Heads, "b", Bytes("2"));
            commit.Count(Numbers, "n", 1);
        });
        if (isTaken)
        {
            Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(lost));
        }
        else
        {
            var refusal = await Assert.ThrowsAsync<RedisServerException>(async () => await writer.Store.CommitAsync(lost));
            Assert.Contains("NOREPLICAS", refusal.Message);
            Assert.Equal(["1,-,-", "none"], await writer.ReadRowsAsync("a", "b"));
        }

        Assert.Equal(["a"], await RowsOfAsync(replica));
    }

    [Fact]
    public async Task AnAcknowledgedCommit_MayBeOnNoReplica_AllTheSame()
    {
        await using var master = await RedisServer.StartAsync(new() { More = ["--min-replicas-to-write", "1", "--repl-diskless-sync-delay", "0"] });
        await using var replica = await RedisServer.StartAsync(new() { AppendOnly = true, More = ["--replicaof", "127.0.0.1", $"{master.Port}"] });
        await UntilCopiedAsync(master);
        // What it got of the master at first, it writes to a new file.
        await UntilAsync(async () => await RedisCluster.Cli("-p", $"{replica.Port}", "INFO", "persistence") is var said
            && said.Contains("aof_rewrite_in_progress:0") && said.Contains("aof_rewrite_scheduled:0"));
        await using var redis = await RedisConnection.ConnectAsync(master.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await writer.CommitAsync(commit => commit.Put(Heads, "a", Bytes("1")));
        // What another connection has written, WAIT does not wait for.
        await UntilAsync(async () => (await RowsOfAsync(replica)).Contains("a"));

        // It counts as a good one for min-replicas-max-lag more, and reads nothing.
        replica.Pause();
        Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(writer.Next(commit => commit.Put(Heads, "b", Bytes("2")))));
        await master.KillAsync();
        await replica.RestartAsync();
        Assert.Equal(["a"], await RowsOfAsync(replica));
    }

    private static async Task<string[]> RowsOfAsync(RedisServer server) =>
        [.. (await RedisCluster.Cli("-p", $"{server.Port}", "HKEYS", "oj:{s:0}:heads")).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static Task UntilCopiedAsync(RedisServer master) => UntilAsync(async () => (await RedisCluster.Cli("-p", $"{master.Port}", "WAIT", "1", "1000")).Trim() == "1");

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition()) Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "The replica did not follow, or leave, within 30 s.");
    }
}
