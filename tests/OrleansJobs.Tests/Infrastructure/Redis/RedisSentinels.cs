using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Infrastructure.Redis;

/// <summary>A master, two replicas, and three sentinels that replace the master when two of them have missed it for two seconds.</summary>
public sealed class RedisSentinels : IAsyncDisposable
{
    private const string Service = "jobs";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-sentinels-");
    private readonly List<RedisServer> _replicas = [];
    private readonly List<(int Port, ChildProcess Process)> _sentinels = [];

    private RedisSentinels()
    {
    }

    public RedisServer Master { get; private set; } = null!;

    public IReadOnlyList<RedisServer> Replicas => _replicas;

    /// <summary>Names the sentinels, who know the master.</summary>
    public string ConnectionString => $"{string.Join(',', _sentinels.Select(sentinel => $"127.0.0.1:{sentinel.Port}"))},serviceName={Service}";

    public static async Task<RedisSentinels> StartAsync()
    {
        var set = new RedisSentinels();
        try
        {
            set.Master = await RedisServer.StartAsync(new() { More = ["--repl-diskless-sync-delay", "0"] });
            for (var i = 0; i < 2; i++) set._replicas.Add(await RedisServer.StartAsync(new() { More = ["--replicaof", "127.0.0.1", $"{set.Master.Port}"] }));
            for (var i = 0; i < 3; i++) set.StartSentinel(i);
            foreach (var (port, _) in set._sentinels)
                await Deadlines.UntilAsync("a sentinel knows all others", Patience, async () => await TryAsync("-p", $"{port}", "SENTINEL", "master", Service) is { } master
                    && master.Contains("num-slaves\n2\n") && master.Contains("num-other-sentinels\n2\n"));
            return set;
        }
        catch
        {
            await set.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, process) in _sentinels) process.Dispose();
        foreach (var replica in _replicas) await replica.DisposeAsync();
        if (Master is not null) await Master.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void StartSentinel(int number)
    {
        var port = Ports.Free();
        var file = Path.Combine(_folder.FullName, $"sentinel-{number}.conf");
        // It writes what it learns into its file.
        File.WriteAllText(file, $"""
            port {port}
            bind 127.0.0.1
            dir {_folder.FullName}
            sentinel monitor {Service} 127.0.0.1 {Master.Port} 2
            sentinel down-after-milliseconds {Service} 2000
            sentinel failover-timeout {Service} 10000

            """);
        _sentinels.Add((port, ChildProcess.Start(Path.Combine(_folder.FullName, $"sentinel-{number}.log"), null, "redis-server", file, "--sentinel")));
    }

    /// <summary>Null where nobody answers yet.</summary>
    private static async Task<string?> TryAsync(params string[] arguments)
    {
        try
        {
            return await RedisCluster.Cli(arguments);
        }
        catch (Xunit.Sdk.XunitException)
        {
            return null;
        }
    }
}
