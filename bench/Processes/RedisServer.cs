using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobs.Bench.Processes;

/// <summary>A redis-server of our own, on a free port, in a directory that goes with it.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly Leash _leash;
    private readonly ConnectionMultiplexer _connection;

    private RedisServer(Leash leash, int port, ConnectionMultiplexer connection)
    {
        _leash = leash;
        Port = port;
        _connection = connection;
    }

    public int Port { get; }

    /// <summary>What it syncs to the disk, and when.</summary>
    public static string Synced(Durability durability) => durability switch
    {
        Durability.None => "nothing",
        Durability.EverySec => "the log once a second",
        _ => "the log before each answer",
    };

    public static async Task<RedisServer> StartAsync(Durability durability)
    {
        var folder = Leash.NewFolder("redis");
        var port = FreePort.Next();
        var start = new ProcessStartInfo("redis-server");
        string[] arguments =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--dir", folder,
            "--appendonly", durability == Durability.None ? "no" : "yes",
            "--appendfsync", durability == Durability.Always ? "always" : "everysec",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var leash = await Leash.StartAsync(folder, start);
        await leash.WaitUntilAsync(() => TcpPort.AnswersAsync(port));
        var options = new ConfigurationOptions { EndPoints = { { "127.0.0.1", port } }, AbortOnConnectFail = false, AllowAdmin = true, ConnectRetry = 10 };
        var connection = await ConnectionMultiplexer.ConnectAsync(options);
        await leash.WaitUntilAsync(() => Task.FromResult(connection.IsConnected));
        return new(leash, port, connection);
    }

    /// <summary>What it has done so far.</summary>
    public async Task<RedisFacts> FactsAsync()
    {
        var info = (await Server.InfoAsync()).SelectMany(section => section).ToDictionary(pair => pair.Key, pair => pair.Value);
        var commandStats = (await Server.InfoAsync("commandstats")).SelectMany(section => section)
            .ToDictionary(pair => pair.Key["cmdstat_".Length..], pair => long.Parse(pair.Value.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));
        return new(
            Number("total_commands_processed"), Number("used_memory"), Number("used_cpu_user") + Number("used_cpu_sys"),
            Number("total_net_input_bytes"), Number("total_net_output_bytes"), commandStats);

        double Number(string name) => double.Parse(info[name], CultureInfo.InvariantCulture);
    }

    public Task<long> KeysAsync() => Server.DatabaseSizeAsync();

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _leash.DisposeAsync();
    }

    private IServer Server => _connection.GetServers()[0];
}

/// <param name="Commands">Including those that scripts call.</param>
internal sealed record RedisFacts(double Commands, double UsedMemory, double CpuSeconds, double BytesIn, double BytesOut, IReadOnlyDictionary<string, long> Calls)
{
    /// <summary>Calls of scripts: for those who write by scripts only, the round trips of their writes.</summary>
    public long Scripts => Calls.Where(call => call.Key is "eval" or "evalsha" or "fcall").Sum(call => call.Value);
}
