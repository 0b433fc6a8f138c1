using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Serialization;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A Redis that goes away, comes back, forgets its scripts or its last writes.</summary>
public class RedisTroubleTests
{
    private const string Partition = "oj:{s:0}";

    [Fact]
    public async Task Scripts_AreLoadedAgainWhereTheServerForgotThem()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await writer.CommitAsync(commit => commit.Append(Lines, "log", 1, "a"));

        await redis.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");

        await writer.CommitAsync(commit => commit.Append(Lines, "log", 2, "b"));
        Assert.Equal(["2:b", "1:a"], await writer.ReadLinesAsync());
        await redis.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");
        Assert.Equal(["none"], await writer.ReadRowsAsync("b"));
    }

    [Fact]
    public async Task CommitAsync_WhileTheServerIsPaused_TimesOutAndIsAppliedOnce()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync($"{server.ConnectionString},asyncTimeout=500");
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await writer.CommitAsync(commit => commit.Count(Numbers, "n", 1));
        var sent = writer.Next(commit => commit.Count(Numbers, "n", 1));

        server.Pause();
        await Assert.ThrowsAsync<RedisTimeoutException>(async () => await writer.Store.CommitAsync(sent));
        server.Resume();

        Assert.Equal(CommitOutcome.Applied, await RetryAsync(() => writer.Store.CommitAsync(sent)));
        Assert.Equal(["n=2"], Of((await writer.ReopenAsync()).Counts(Numbers)));
    }

    [Fact]
    public async Task Reads_WhileTheServerIsPaused_FailWithWhatReachesCallersOnOtherSilos()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync($"{server.ConnectionString},asyncTimeout=200");
        var store = new RedisPartitionStore(redis, "s", Layout);
        await PartitionWriter.OpenAsync(store);
        server.Pause();
        Func<Task>[] reads =
        [
            async () => await store.ReadRowsAsync(0, Whole, ["a"]),
            async () => await store.ReadRowsAsync(0, Whole with { ByteBudget = 1 }, ["a"]),
            async () => await store.ReadPageAsync(0, Told["set"], SetPlace.Start, 1, Whole),
            async () => await store.ReadSetAsync(0, Ranks.Only, new(0, 1, 1)),
            async () => await store.ReadSetAsync(0, Quiet["set"], new(0, 1, 1, Descending: true)),
            async () => await store.CountAsync(0, Told, ["set"], 1),
            async () => await store.ReadLogsAsync(0, Lines, new(long.MaxValue, 0, 1)),
            async () => await store.ReadAsync(Shared),
            async () => await store.ReadTimeAsync(),
        ];
        await Task.WhenAll(reads.Select(async read => Assert.Null((await Assert.ThrowsAsync<OrleansException>(read)).InnerException)));
        server.Resume();
    }

    [Fact]
    public void WhatTheGrainStorageThrows_ReachesCallersOnOtherSilos()
    {
        using var host = new HostBuilder().UseOrleans(silo => silo.UseLocalhostClustering().AddJobGrid(_ => { }).UseRedisJobStore("localhost:1")).Build();
        var serializer = host.Services.GetRequiredService<Serializer>();
        var thrown = new OrleansException("The state could not be read.", new RedisTimeoutException("It took too long.", CommandStatus.Sent));
        var caught = serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(thrown));
        Assert.Equal((typeof(OrleansException), thrown.Message, "It took too long."), (caught.GetType(), caught.Message, caught.InnerException?.Message));
    }

    [Fact]
    public async Task CommitAsync_AfterARestartFromTheAppendOnlyFile_GoesOn()
    {
        await using var server = await RedisServer.StartAsync(new() { AppendOnly = true });
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await writer.CommitAsync(commit => commit.Append(Lines, "log", 1, "a"));
        var sent = writer.Next(commit => commit.Append(Lines, "log", 2, "b"));
        await writer.Store.CommitAsync(sent);

        await server.RestartAsync();

        Assert.Equal(CommitOutcome.Applied, await RetryAsync(() => writer.Store.CommitAsync(sent)));
        await writer.CommitAsync(commit => commit.Append(Lines, "log", 3, "c"));
        Assert.Equal(["3:c", "2:b", "1:a"], await writer.ReadLinesAsync());
    }

    [Fact]
    public async Task CommitAsync_AfterARestartWithoutOne_IsLost()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        var sent = writer.Next(commit => commit.Append(Lines, "log", 1, "a"));
        await writer.Store.CommitAsync(sent);

        await server.RestartAsync();

        Assert.Equal(CommitOutcome.Lost, await RetryAsync(() => writer.Store.CommitAsync(sent)));
    }

    [Fact]
    public async Task CommitAsync_WhereAFailoverLostAnOpening_KnowsTwoOfTheSameGenerationApart()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var lost = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        await redis.GetDatabase().KeyDeleteAsync($"{Partition}:meta");
        var current = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        // As a server would give it whose clock is behind that of the one before.
        await redis.GetDatabase().HashSetAsync($"{Partition}:meta", "generation", lost.Opening.Generation);
        current = new(current.Store, 0, new PartitionOpening(lost.Opening.Generation, existed: true, lastStamp: 0));

        Assert.Equal(CommitOutcome.Fenced, await lost.SendAsync(commit => commit.Append(Lines, "log", 1, "a")));

        await current.CommitAsync(commit => commit.Append(Lines, "log", 1, "b"));
        Assert.Equal(["1:b"], await current.ReadLinesAsync());
    }

    [Fact]
    public async Task OpenAsync_AfterAFailoverThatLostOpenings_GivesNoneOfTheirGenerationsAgain()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(primary.ConnectionString);
        await using var control = await RedisConnection.ConnectAsync($"{replica.ConnectionString},allowAdmin=true");
        var kept = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        var server = control.GetServers()[0];
        await server.ExecuteAsync("REPLICAOF", "127.0.0.1", primary.Port);
        await RetryUntilAsync(async () => await server.ExecuteAsync("HGET", $"{Partition}:meta", "generation") is { IsNull: false });
        await server.ExecuteAsync("REPLICAOF", "NO", "ONE");
        var lost = new RedisPartitionStore(redis, "s", Layout);
        long newest = 0;
        for (var i = 0; i < 3; i++) newest = (await lost.OpenAsync(0)).Generation;
        await primary.KillAsync();

        // A failover takes longer than that: one sixteenth of a second for each opening that was lost.
        await using var promoted = await RedisConnection.ConnectAsync(replica.ConnectionString);
        var store = new RedisPartitionStore(promoted, "s", Layout);
        await RetryUntilAsync(async () => GenerationFloor.At(await store.ReadTimeAsync()) > newest);
        var current = await PartitionWriter.OpenAsync(store);

        Assert.True(current.Opening.Existed);
        Assert.True(newest > kept.Opening.Generation);
        Assert.True(current.Opening.Generation > newest, $"{current.Opening.Generation} comes after {newest}.");
        await current.CommitAsync(commit => commit.Count(Numbers, "n", 1));
    }

    [Fact]
    public async Task ConnectAsync_WithoutAServer_ConnectsWhenItComes()
    {
        var server = await RedisServer.StartAsync();
        await server.KillAsync();
        await using var redis = await RedisConnection.ConnectAsync($"{server.ConnectionString},connectTimeout=200,connectRetry=1,syncTimeout=300");
        var store = new RedisPartitionStore(redis, "s", Layout);
        await Assert.ThrowsAnyAsync<RedisException>(async () => await store.OpenGridAsync(1));
        await Assert.ThrowsAnyAsync<RedisException>(async () => await store.ReadFullnessAsync());

        await server.RestartAsync();

        Assert.Equal(1, (await RetryAsync(() => store.OpenGridAsync(1))).Partitions);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task CommitAsync_WhenCancelled_SaysSo()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        using var cancellation = new CancellationTokenSource();
        server.Pause();
        var commit = writer.Store.CommitAsync(writer.Next(commit => commit.Append(Lines, "log", 1, "a")), cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => commit);
        server.Resume();
    }

    [Fact]
    public async Task OpenGridAsync_WhereTheServerWouldDropJobs_IsRefused()
    {
        await using var server = await RedisServer.StartAsync(new() { MaxMemory = "100mb", MaxMemoryPolicy = "allkeys-lru" });
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);

        var error = await Assert.ThrowsAsync<UnfitStoreException>(async () => await new RedisPartitionStore(redis, "s", Layout).OpenGridAsync(1));

        Assert.Contains("allkeys-lru", error.Message);
        Assert.Contains("noeviction", error.Message);
    }

    [Theory]
    [InlineData("6.2.14", true)]
    [InlineData("7.0.0", false)]
    [InlineData("8.2.1", false)]
    public void CheckVersion_RefusesWhatHasNoScriptFlags(string version, bool refused)
    {
        var info = new RedisInfo($"# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\n");
        if (refused) Assert.Contains(version, Assert.Throws<UnfitStoreException>(() => RedisServerRules.CheckVersion(info)).Message);
        else RedisServerRules.CheckVersion(info);
    }

    [Theory]
    [InlineData("maxmemory:0\r\nmaxmemory_policy:allkeys-lru", false)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:volatile-lru", false)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:noeviction", false)]
    [InlineData("maxmemory:1000\r\nmaxmemory_policy:allkeys-random", true)]
    public void CheckEviction_RefusesWhatDropsKeysWithoutATimeToLive(string memory, bool refused)
    {
        var info = new RedisInfo($"# Memory\r\nused_memory:1\r\n{memory}\r\n");
        if (refused) Assert.Throws<UnfitStoreException>(() => RedisServerRules.CheckEviction(info));
        else RedisServerRules.CheckEviction(info);
    }

    private static async Task RetryUntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(20)) Assert.Fail("It did not come about within 20 s.");
        }
    }

    /// <summary>Sends again while the client finds out that the server is back.</summary>
    private static async Task<T> RetryAsync<T>(Func<ValueTask<T>> send)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(20);
        while (true)
        {
            try
            {
                return await send();
            }
            catch (RedisException) when (TimeProvider.System.GetUtcNow() < deadline)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
            catch (RedisTimeoutException) when (TimeProvider.System.GetUtcNow() < deadline)
            {
                // Waited long enough already.
            }
        }
    }
}
