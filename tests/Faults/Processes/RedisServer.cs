using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobs.Faults.Processes;

/// <summary>A redis-server of the scenario's own, with its files in the run's directory, so that it can be killed and started again.</summary>
internal sealed class RedisServer(string directory, string appendFsync, int port, string address, string? networkNamespace) : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);
    private ChildProcess? _process;
    private ConnectionMultiplexer? _connection;

    public string ConnectionString => $"{address}:{port}";

    /// <summary>The driver's own connection, apart from the product's.</summary>
    public IDatabase Database => _connection!.GetDatabase();

    public IServer Server => _connection!.GetServer(address, port);

    public async Task StartAsync()
    {
        Directory.CreateDirectory(directory);
        _process = ChildProcess.Start(
            Path.Combine(directory, "redis.log"), networkNamespace, "redis-server", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", address,
            "--protected-mode", "no", "--dir", directory, "--save", "", "--appendonly", appendFsync == "off" ? "no" : "yes",
            "--appendfsync", appendFsync == "off" ? "no" : appendFsync, "--maxmemory-policy", "noeviction");
        var options = new ConfigurationOptions
        {
            EndPoints = { { address, port } }, AllowAdmin = true, AbortOnConnectFail = false, ConnectTimeout = 1000, SyncTimeout = 30_000, AsyncTimeout = 60_000,
        };
        _connection ??= await ConnectionMultiplexer.ConnectAsync(options);
        await Deadlines.UntilAsync("redis-server answers", StartDeadline, async () =>
        {
            if (_process.HasExited) throw new InvalidOperationException($"redis-server ended with {_process.ExitCode}: see {directory}.");
            return await PingAsync();
        });
    }

    public void Kill() => _process!.Kill();

    public void Stop() => _process!.Send(Signal.Stop);

    public void Continue() => _process!.Send(Signal.Continue);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _process?.Dispose();
    }

    private async Task<bool> PingAsync()
    {
        try
        {
            await Database.PingAsync();
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }
}
