using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A script that a server ran, as its MONITOR tells it: the keys that it was given, and the arguments of each command it called.</summary>
internal sealed record MonitoredScript(string Hash, string[] Keys, List<string[]> Commands);

/// <summary>Listens to all that a server does. The client library has no command for it.</summary>
internal sealed partial class RedisMonitor : IDisposable
{
    private readonly TcpClient _connection = new();
    private readonly StreamReader _lines;

    private RedisMonitor(RedisServer server)
    {
        _connection.Connect("127.0.0.1", server.Port);
        _lines = new(_connection.GetStream());
    }

    public static async Task<RedisMonitor> StartAsync(RedisServer server)
    {
        var monitor = new RedisMonitor(server);
        await monitor._connection.GetStream().WriteAsync("MONITOR\r\n"u8.ToArray());
        Assert.Equal("+OK", await monitor._lines.ReadLineAsync());
        return monitor;
    }

    /// <summary>The scripts that have run since the start, in order.</summary>
    public async Task<List<MonitoredScript>> StopAsync(IDatabase database)
    {
        var end = $"{Guid.NewGuid()}";
        await database.ExecuteAsync("ECHO", end);
        var scripts = new List<MonitoredScript>();
        while (await _lines.ReadLineAsync() is { } line && !line.Contains(end))
        {
            var words = Words().Matches(line).Select(match => match.Groups[1].Value).ToArray();
            if (line.Contains(" lua] ")) scripts[^1].Commands.Add(words);
            else if (words is ["EVALSHA" or "EVAL", var hash, var count, ..])
                scripts.Add(new(hash, words[3..(3 + int.Parse(count, CultureInfo.InvariantCulture))], []));
        }

        return scripts;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _connection.Dispose();
    }

    [GeneratedRegex("""
        "((?:[^"\\]|\\.)*)"
        """)]
    private static partial Regex Words();
}
