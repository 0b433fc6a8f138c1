using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using Xunit.Abstractions;
using static OrleansJobs.Tests.Storage.TestLayout;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>What logs cost in Redis once most of their lines are gone.</summary>
public class RedisLogMemoryTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Count = 100_000;
    private const int Batch = 500;

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

    /// <param name="oneOf">Of so many, one line is kept for long.</param>
    [Theory]
    [InlineData(Count)]
    [InlineData(100)]
    public async Task ALineThatIsKept_KeepsNothingOfThoseAroundIt(int oneOf)
    {
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(_redis, "logs", Layout));
        var lines = Enumerable.Range(0, Count).Select(i => (Member: JobIds.New(), Stamp: (1_700_000_000_000L << 12) + (40 * i), IsKept: i % oneOf == oneOf / 2)).ToList();
        foreach (var batch in lines.Chunk(Batch))
        {
            await writer.CommitAsync(commit =>
            {
                foreach (var (member, stamp, _) in batch) commit.Append(Lines, "log", stamp, member);
            });
        }

        var whole = await BytesAsync();

        foreach (var batch in lines.Where(line => !line.IsKept).Chunk(Batch))
        {
            await writer.CommitAsync(commit =>
            {
                foreach (var (_, stamp, _) in batch) commit.Remove(Lines, "log", stamp);
            });
        }

        var left = await BytesAsync();
        var kept = lines.Count(line => line.IsKept);
        output.WriteLine($"{whole / Count} bytes a line of {Count:N0}; {left:N0} bytes for the {kept:N0} that are kept");
        Assert.InRange(left, 1, 10_000 + (250 * kept));
        Assert.Equal(lines.Where(line => line.IsKept).Select(line => $"{line.Stamp}:{line.Member}").Reverse(), await writer.ReadLinesAsync(Count));
    }

    private async Task<long> BytesAsync()
    {
        var database = _redis.GetDatabase();
        var bytes = 0L;
        foreach (var key in (RedisResult[])(await database.ExecuteAsync("KEYS", "*:lines*"))!)
            bytes += (long)await database.ExecuteAsync("MEMORY", "USAGE", (string)key!, "SAMPLES", "0");
        return bytes;
    }
}
