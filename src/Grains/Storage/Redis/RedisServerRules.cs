using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>What a Redis must be to keep jobs. Checked when the grid is opened, so that a silo says at start what would lose jobs later.</summary>
internal static class RedisServerRules
{
    /// <exception cref="UnfitStoreException">A server is too old, or would drop jobs when its memory is full.</exception>
    public static async Task CheckAsync(IConnectionMultiplexer redis, CancellationToken cancellation)
    {
        foreach (var server in await RedisInfo.ReadAsync(redis, "server", cancellation).ConfigureAwait(false)) CheckVersion(server);
        foreach (var memory in await RedisInfo.ReadAsync(redis, "memory", cancellation).ConfigureAwait(false)) CheckEviction(memory);
    }

    /// <summary>7.0 is the first with flags on scripts, which let a full store finish its jobs.</summary>
    internal static void CheckVersion(RedisInfo server)
    {
        var version = server.Text("redis_version");
        if (Version.TryParse(version, out var parsed) && parsed.Major < 7)
            throw new UnfitStoreException($"Redis {version} is too old: jobs need 7.0 or later.");
    }

    /// <summary>The volatile policies drop only keys with a time to live, which jobs have not.</summary>
    internal static void CheckEviction(RedisInfo memory)
    {
        var policy = memory.Text("maxmemory_policy");
        if (memory.Number("maxmemory") > 0 && policy.StartsWith("allkeys-"))
        {
            throw new UnfitStoreException(
                $"Redis has maxmemory-policy {policy} and would drop jobs when its memory is full. Set maxmemory-policy noeviction.");
        }
    }
}
