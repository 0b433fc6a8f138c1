using System.Diagnostics;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Infrastructure.Redis;

/// <summary>A real Redis cluster: masters with the slots spread over them, and as many replicas of each as are asked for.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<RedisServer> _nodes = [];

    private RedisCluster()
    {
    }

    public IReadOnlyList<RedisServer> Nodes => _nodes;

    public string ConnectionString => string.Join(',', _nodes.Select(node => node.ConnectionString));

    public static async Task<RedisCluster> StartAsync(int masters = 3, int replicas = 0)
    {
        var cluster = new RedisCluster();
        try
        {
            for (var i = 0; i < masters * (1 + replicas); i++)
                cluster._nodes.Add(await RedisServer.StartAsync(new() { More = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"] }));
            await Cli(["--cluster", "create", .. cluster._nodes.Select(node => node.ConnectionString), "--cluster-replicas", $"{replicas}", "--cluster-yes"]);
            foreach (var node in cluster._nodes) await cluster.UntilWellAsync(node);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>What <c>redis-cli</c> says; it fails where that does.</summary>
    public static async Task<string> Cli(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("redis-cli", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == 0, $"redis-cli {string.Join(' ', arguments)}\n{await said}\n{await error}");
        return await said;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
    }

    private async Task UntilWellAsync(RedisServer node)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!(await Cli("-p", $"{node.Port}", "CLUSTER", "INFO")).Contains("cluster_state:ok"))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience) Assert.Fail($"Node {node.Port} of {_nodes.Count} did not find the cluster well.");
        }
    }
}
