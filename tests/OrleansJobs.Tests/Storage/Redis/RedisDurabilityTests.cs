using OrleansJobs.Faults.Processes;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Faults;
using OrleansJobs.Tests.Infrastructure.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;
using RedisServer = OrleansJobs.Tests.Infrastructure.Redis.RedisServer;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>The rows of the table in docs/RELIABILITY.md on what Redis loses by its own process and by the power.</summary>
public class RedisDurabilityTests
{
    private const int DiskMegabytes = 32;

    [Theory]
    [InlineData("always")]
    [InlineData("everysec")]
    [InlineData("no")]
    public async Task AKilledProcess_WithAnAppendOnlyFile_HasLostNothing(string fsync)
    {
        await using var server = await RedisServer.StartAsync(new() { AppendOnly = true, AppendFsync = fsync });
        await CommitAsync(server, "a", "b");
        await server.RestartAsync();
        Assert.Equal(["a", "b"], await KeysAsync(server));
    }

    [Fact]
    public async Task AKilledProcess_WithSnapshots_HasTheLastOne()
    {
        await using var server = await RedisServer.StartAsync();
        await CommitAsync(server, "a");
        await RedisCluster.Cli("-p", $"{server.Port}", "SAVE");
        await CommitAsync(server, "b");
        await server.RestartAsync();
        Assert.Equal(["a"], await KeysAsync(server));
    }

    [Fact]
    public async Task AKilledProcess_WithoutEither_HasNothing()
    {
        await using var server = await RedisServer.StartAsync();
        await CommitAsync(server, "a");
        await server.RestartAsync();
        Assert.Empty(await KeysAsync(server));
    }

    /// <param name="fsync">When the append-only file is synced.</param>
    /// <param name="keeps">What was acknowledged right before the power failed is there after it.</param>
    [DiskTheory]
    [InlineData("always", true)]
    [InlineData("everysec", false)]
    [InlineData("no", false)]
    public async Task APowerFailure_LosesWhatWasNotSynced(string fsync, bool keeps)
    {
        var folder = Directory.CreateTempSubdirectory("oj-redis-power-");
        try
        {
            await using var disk = new LoopDisk(folder.FullName, DiskMegabytes);
            await using var server = await RedisServer.StartAsync(new() { AppendOnly = true, AppendFsync = fsync, More = ["--dir", disk.Folder] });
            await CommitAsync(server, "a");
            // What is there by now is on the disk, whatever the setting.
            await SyncAsync(server);
            await CommitAsync(server, "b");
            // Stopped, so that nothing is synced after the moment that is remembered.
            server.Pause();
            disk.Remember();
            await server.KillAsync();
            await disk.ReturnAsync();
            await server.RestartAsync();
            Assert.Equal(keeps ? ["a", "b"] : ["a"], await KeysAsync(server));
            await server.KillAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Redis 7.0 has no command for it; a write under the setting that syncs takes along all before it.</summary>
    private static async Task SyncAsync(RedisServer server)
    {
        var before = (await RedisCluster.Cli("-p", $"{server.Port}", "CONFIG", "GET", "appendfsync")).Split('\n')[1];
        await RedisCluster.Cli("-p", $"{server.Port}", "CONFIG", "SET", "appendfsync", "always");
        await RedisCluster.Cli("-p", $"{server.Port}", "SET", "synced", "1");
        await RedisCluster.Cli("-p", $"{server.Port}", "CONFIG", "SET", "appendfsync", before);
    }

    private static async Task CommitAsync(RedisServer server, params string[] keys)
    {
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(redis, "s", Layout));
        foreach (var key in keys) await writer.CommitAsync(commit => commit.Put(Heads, key, Bytes("1")));
    }

    private static async Task<string[]> KeysAsync(RedisServer server) =>
        [.. (await RedisCluster.Cli("-p", $"{server.Port}", "HKEYS", "oj:{s:0}:heads")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()];
}
