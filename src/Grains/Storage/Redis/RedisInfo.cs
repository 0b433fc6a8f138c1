using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>One section of what a server says of itself with <c>INFO</c>.</summary>
internal readonly struct RedisInfo(string text)
{
    /// <summary>Of every server that takes writes; there are several in a cluster.</summary>
    public static async Task<List<RedisInfo>> ReadAsync(IConnectionMultiplexer redis, string section, CancellationToken cancellation)
    {
        var all = new List<RedisInfo>();
        var servers = redis.GetServers();
        var someConnected = Array.Exists(servers, static server => server.IsConnected);
        foreach (var server in servers)
        {
            // Where none is connected, asking one gives the error that says so.
            if (server.IsReplica || (someConnected && !server.IsConnected)) continue;

            // The client's own method for it wants its admin mode, which also opens commands such as FLUSHALL.
            all.Add(new((string?)await server.ExecuteAsync("INFO", section).WaitAsync(cancellation).ConfigureAwait(false) ?? ""));
        }

        return all;
    }

    /// <summary>Empty where there is none of that name.</summary>
    public ReadOnlySpan<char> Text(ReadOnlySpan<char> name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name) && line.Length > name.Length && line[name.Length] == ':') return line[(name.Length + 1)..];
        }

        return [];
    }

    /// <summary>0 where there is none of that name.</summary>
    public long Number(ReadOnlySpan<char> name) => long.TryParse(Text(name), CultureInfo.InvariantCulture, out var number) ? number : 0;
}
