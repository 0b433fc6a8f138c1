using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>What the logs of listings cost in Redis once most of their jobs are gone, and what keeping them costs a plain job.</summary>
public class RedisLogMemoryTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Jobs = 100_000;
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

    /// <param name="oneOf">Of so many, one job is kept for long.</param>
    [Theory]
    [InlineData(Jobs)]
    [InlineData(100)]
    public async Task AJobThatIsKept_KeepsNothingOfThoseAroundIt(int oneOf)
    {
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(_redis, "logs"));
        var jobs = Enumerable.Range(0, Jobs).Select(i => (Id: JobIds.New(), Stamp: (1_700_000_000_000L << 12) + 40 * i, IsKept: i % oneOf == oneOf / 2)).ToList();
        foreach (var batch in jobs.Chunk(Batch)) await writer.CommitAsync(commit => commit.Jobs.AddRange(batch.Select(job => new JobPut(job.Id, [], "default", "longtask", job.Stamp))));
        var whole = await BytesAsync();

        foreach (var batch in jobs.Where(job => !job.IsKept).Chunk(Batch))
            await writer.CommitAsync(commit => commit.Purges.AddRange(batch.Select(job => new JobPurge(job.Id, "default", "longtask", job.Stamp, []))));

        var left = await BytesAsync();
        var kept = jobs.Count(job => job.IsKept);
        output.WriteLine($"{whole / Jobs} bytes a line of {Jobs:N0}; {left:N0} bytes for the {kept:N0} that are kept");
        Assert.InRange(left, 1, 10_000 + 250 * kept);
        Assert.Equal(jobs.Where(job => job.IsKept).Select(job => $"{job.Stamp}:{job.Id}").Reverse(), await writer.ReadLogAsync(Jobs));
    }

    /// <summary>A job that waits in a lane, is leased, ends and is purged, while others of its kind stay.</summary>
    [Fact]
    public async Task APlainJob_TakesNoMoreCommandsThanItsRecordsAndIndexesNeed()
    {
        var writer = await PartitionWriter.OpenAsync(new RedisPartitionStore(_redis, "commands"));
        await LiveAsync("warm", 1, purge: false);
        var before = await CommandsAsync();
        await LiveAsync("plain", 2, purge: true);
        var commands = await CommandsAsync() - before;
        output.WriteLine($"{commands} commands within the scripts of a whole life");
        // Submit 7, lease 5, end 5, purge 10.
        Assert.InRange(commands, 1, 27);

        async Task LiveAsync(string id, long stamp, bool purge)
        {
            await writer.CommitAsync(commit =>
            {
                commit.Jobs.Add(Records.Job(id, stamp));
                commit.LaneAdds.AddRange(purge ? [new("q/4/t", id, 1)] : [new("q/4/t", id, 1), new("q/4/t", "other", 1)]);
            });
            await writer.CommitAsync(commit =>
            {
                commit.LaneRemoves.Add(new("q/4/t", id));
                commit.Leases.Add(new(id, []));
            });
            await writer.CommitAsync(commit =>
            {
                commit.LeaseRemoves.Add(id);
                commit.Outcomes.Add(new(id, [], 1));
            });
            if (purge) await writer.CommitAsync(commit => commit.Purges.Add(new(id, "q", "t", stamp, [])));
        }
    }

    private async Task<long> BytesAsync()
    {
        var database = _redis.GetDatabase();
        var bytes = 0L;
        foreach (var key in (RedisResult[])(await database.ExecuteAsync("KEYS", "*:log:*"))!)
            bytes += (long)await database.ExecuteAsync("MEMORY", "USAGE", (string)key!, "SAMPLES", "0");
        return bytes;
    }

    /// <summary>Calls of data commands so far, those of scripts among them.</summary>
    private async Task<long> CommandsAsync()
    {
        var stats = (string)(await _redis.GetDatabase().ExecuteAsync("INFO", "commandstats"))!;
        return stats.Split('\n')
            .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal))
            .Select(line => (Name: line[8..line.IndexOf(':', StringComparison.Ordinal)], Calls: line.Split("calls=")[1].Split(',')[0]))
            .Where(command => "hmget hget hset hdel zadd zrem zcard zremrangebyscore sadd srem xadd xdel xlen xinfo|stream exists del".Split(' ').Contains(command.Name))
            .Sum(command => long.Parse(command.Calls, System.Globalization.CultureInfo.InvariantCulture));
    }
}
