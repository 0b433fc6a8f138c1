using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>
/// What a job costs in Redis. Memory is the store's scarcest good, so a change that makes jobs larger must be seen. The bounds hold for Debian's
/// build, whose allocator rounds more than that of Redis' own.
/// </summary>
public class RedisBytesTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Count = 100_000;
    private const int Partitions = 4;

    private RedisServer _server = null!;
    private IConnectionMultiplexer _redis = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _redis = await RedisConnection.ConnectAsync(_server.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task AFutureJob_TakesAtMost350Bytes()
    {
        var bytes = await BytesPerJobAsync((commit, id, i) => commit.Put(GridLayout.Jobs.Lanes["default/4/longtask"], id, 1_800_000_000_000 + i));
        output.WriteLine($"{bytes:F0} bytes per future job with a spec of 60 bytes and an id of 36");
        Assert.InRange(bytes, 100, 350);
    }

    [Fact]
    public async Task AFinishedJob_TakesAtMost490Bytes()
    {
        var bytes = await BytesPerJobAsync((commit, id, i) =>
        {
            commit.Put(GridLayout.Jobs.Outcomes, id, new byte[40]);
            commit.Put(GridLayout.Jobs.Retention.Only, id, 1_800_000_000_000 + i);
        });
        output.WriteLine($"{bytes:F0} bytes per finished job with a spec of 60 bytes, an outcome of 40 and an id of 36");
        Assert.InRange(bytes, 100, 490);
    }

    private async Task<double> BytesPerJobAsync(Action<PartitionCommit, string, int> fill)
    {
        var store = new RedisPartitionStore(_redis, "bytes", GridLayout.Layout);
        var stamp = 1_700_000_000_000L << 10;
        var before = await UsedAsync();
        for (var partition = 0; partition < Partitions; partition++)
        {
            var writer = await PartitionWriter.OpenAsync(store, partition);
            for (var n = 0; n < Count / Partitions; n += 1000)
            {
                await writer.CommitAsync(commit =>
                {
                    for (var i = 0; i < 1000; i++)
                    {
                        var id = JobIds.New();
                        commit.Put(GridLayout.Jobs.Specs, id, new byte[60]);
                        commit.Append(GridLayout.Jobs.Log, JobTables.LogName("default", "longtask"), stamp += 40, id);
                        fill(commit, id, n + i);
                    }
                });
            }
        }

        return (double)(await UsedAsync() - before) / Count;
    }

    private async Task<long> UsedAsync() => (await RedisInfo.ReadAsync(_redis, "memory", default))[0].Number("used_memory");
}
