using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Infrastructure.Redis;

internal static class RedisTraffic
{
    /// <summary>Bytes that the server has sent so far.</summary>
    public static async Task<long> SentAsync(IConnectionMultiplexer redis)
    {
        var stats = (string)(await redis.GetDatabase().ExecuteAsync("INFO", "stats"))!;
        return long.Parse(stats.Split("total_net_output_bytes:")[1].Split('\r')[0], CultureInfo.InvariantCulture);
    }
}
