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
    public (string Host, int Port) Endpoint => (address, port);

    /// <summary>The driver's own connection, apart from the product's.</summary>
    public IDatabase Database => _connection!.GetDatabase();

    public IServer Server => _connection!.GetServer(address, port);

    public async Task StartAsync()
    {
        Directory.CreateDirectory(directory);
        _process = ChildProcess.Start(
            Path.Combine(directory, "redis.log"), networkNamespace, "redis-server", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", address,
            "--protected-mode", "no", "--dir", directory, "--save", "", "--appendonly", appendFsync == "off" ? "no" : "yes",
            "--appendfsync", appendFsync == "off" ? "no" : appendFsync, "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0");
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

    /// <summary>Follows another server, and has all that it has when the task completes.</summary>
    public async Task FollowAsync(RedisServer primary)
    {
        var (host, port) = primary.Endpoint;
        await Server.ExecuteAsync("REPLICAOF", host, port);
        await Deadlines.UntilAsync("the replica is in step", StartDeadline, async () =>
        {
            var said = (await Server.InfoAsync("replication")).SelectMany(section => section).ToDictionary(line => line.Key, line => line.Value);
            if (said.GetValueOrDefault("master_link_status") != "up") return false;
            var theirs = (await primary.Server.InfoAsync("replication")).SelectMany(section => section).First(line => line.Key == "master_repl_offset");
            return said["slave_repl_offset"] == theirs.Value;
        });
    }

    /// <summary>Goes on by itself with what it has, as a replica does that is promoted.</summary>
    public Task LeaveAsync() => Server.ExecuteAsync("REPLICAOF", "NO", "ONE");

    /// <summary>Takes the address of another server, which has to be gone.</summary>
    public Task TakeAddressAsync(RedisServer gone) => Server.ExecuteAsync("CONFIG", "SET", "port", gone.Endpoint.Port);

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
