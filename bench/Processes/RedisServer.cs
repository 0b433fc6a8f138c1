using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobs.Bench.Processes;

/// <summary>How Redis keeps what it is told.</summary>
internal enum Durability
{
    /// <summary>In memory only: what the peers' published figures use.</summary>
    None,

    /// <summary>Append-only file, synced once a second.</summary>
    EverySecond,

    /// <summary>Append-only file, synced before it answers: nothing acknowledged is lost.</summary>
    Always,
}

/// <summary>A redis-server of our own, on a free port, in a directory that goes with it.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _directory;
    private readonly ConnectionMultiplexer _connection;

    private RedisServer(Process process, DirectoryInfo directory, int port, ConnectionMultiplexer connection)
    {
        _process = process;
        _directory = directory;
        Port = port;
        _connection = connection;
    }

    public int Port { get; }

    public int ProcessId => _process.Id;

    public static async Task<RedisServer> StartAsync(Durability durability)
    {
        var directory = Directory.CreateTempSubdirectory("orleansjobs-bench-");
        var port = FreePort.Next();
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = directory.FullName, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--dir", directory.FullName,
            "--appendonly", durability == Durability.None ? "no" : "yes",
            "--appendfsync", durability == Durability.Always ? "always" : "everysec",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException("redis-server did not start.");
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var options = new ConfigurationOptions { EndPoints = { { "127.0.0.1", port } }, AbortOnConnectFail = false, AllowAdmin = true, ConnectRetry = 10 };
        var connection = await ConnectionMultiplexer.ConnectAsync(options);
        for (var attempt = 0; !connection.IsConnected; attempt++)
        {
            if (attempt == 100) throw new InvalidOperationException($"redis-server does not answer on port {port}.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        return new(process, directory, port, connection);
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
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private IServer Server => _connection.GetServers()[0];
}

/// <param name="Commands">Including those that scripts call.</param>
internal sealed record RedisFacts(double Commands, double UsedMemory, double CpuSeconds, double BytesIn, double BytesOut, IReadOnlyDictionary<string, long> Calls)
{
    /// <summary>Calls of scripts: for those who write by scripts only, the round trips of their writes.</summary>
    public long Scripts => Calls.Where(call => call.Key is "eval" or "evalsha" or "fcall").Sum(call => call.Value);
}
