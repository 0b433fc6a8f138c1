using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Graphile Worker on PostgreSQL: one Node process that adds jobs, one that runs them, with its local queue and completions in batches.</summary>
internal sealed class Graphile(Stage stage) : BrokerPeer(stage)
{
    // No others have been tried.
    private const int Connections = 10;
    private const int Concurrency = 24;
    private const int LocalQueue = 500;
    private const int CompleteEveryMs = 0;

    private PostgresServer? _server;

    public override string Name => "graphile";

    public override string Synced => Stage.Durability == Durability.Always ? "the log before each commit is answered" : "the log within 0.6 s of a commit";

    public override Task<double> StoreCpuSecondsAsync() => Task.FromResult(_server!.CpuSeconds);

    // An interpreter has one thread: those who add and those who run would share it.
    protected override bool SendsBeside => true;

    protected override async Task StartServerAsync() => _server = await PostgresServer.StartAsync(
    [
        $"synchronous_commit={(Stage.Durability == Durability.Always ? "on" : "off")}",
        "shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min", "wal_buffers=64MB", "jit=off", "random_page_cost=1.1", "autovacuum_naptime=5s", "max_connections=100",
    ]);

    protected override ProcessStartInfo AgentCommand(string role)
    {
        var folder = PeerFiles.Folder("graphile");
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) throw new InvalidOperationException("Graphile Worker is not installed: run bench/peers/install.");
        var start = new ProcessStartInfo("node") { WorkingDirectory = folder };
        string[] arguments =
        [
            "agent.mjs", role, _server!.Folder, Text(_server.Port), Text(Connections), Text(Stage.Slots > 0 ? Stage.Slots : Concurrency), Text(LocalQueue), Text(CompleteEveryMs),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    protected override async ValueTask StopServerAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
