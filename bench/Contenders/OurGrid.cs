using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Ours: this program again, as silos.</summary>
internal class OurGrid(Stage stage) : Contender(stage)
{
    private readonly List<Agent> _silos = [];
    private Agent? _client;
    private string? _folder;

    public override string Name => Measuring.Report.Ours;

    public override Agent Producer => _client ?? _silos[0];

    public override IReadOnlyList<Agent> Workers => _silos;

    public override IReadOnlyList<int> WorkerProcesses => [.. _silos.Select(silo => silo.ProcessId)];

    public override int HttpPort => _silos[0].Hello.GetProperty("http").GetInt32();

    public override (string Path, string Body) HttpSubmit => ("/jobs/noop", """{"n":1}""");

    public override string HttpStatusPath(string id) => $"/jobs/{id}";

    public override string Synced => Stage.Store == Store.Redis ? base.Synced : Stage.Durability == Durability.Always ? "each commit before its answer" : "the log at checkpoints";

    public override async Task<double?> AllocatedAsync()
    {
        double bytes = 0;
        foreach (var silo in _silos) bytes += (await silo.AskAsync("memory")).GetProperty("allocated").GetDouble();
        return bytes;
    }

    public Task PauseAsync(string queue) => Producer.AskAsync("pause", new JsonObject { ["queue"] = queue });

    /// <summary>Bytes of what the store holds: in memory, or in its file and the log beside it.</summary>
    public async Task<double> StoreBytesAsync() =>
        _folder is null ? (await Redis.FactsAsync()).UsedMemory : Directory.EnumerateFiles(_folder).Sum(file => (double)new FileInfo(file).Length);

    /// <summary>Stops the only silo and starts it again, on what the store holds.</summary>
    /// <returns>Seconds from the start of the process until all partitions have answered.</returns>
    public async Task<double> RestartAsync()
    {
        await _silos[0].DisposeAsync();
        var began = Stopwatch.GetTimestamp();
        _silos[0] = await StartAgentAsync("silo", 0);
        await Producer.AskAsync("count");
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public override async Task KillWorkerAsync()
    {
        _silos[^1].Kill();
        await _silos[^1].DisposeAsync();
        _silos.RemoveAt(_silos.Count - 1);
    }

    protected override async Task StartProcessesAsync()
    {
        if (Stage.Store == Store.Sqlite && (Stage.Workers > 1 || Stage.Layout == Layout.Client))
            throw new InvalidOperationException("A grid in a file of SQLite is one process: --store sqlite goes neither with --workers nor with --layout client.");
        for (var number = 0; number < Stage.Workers; number++) _silos.Add(await StartAgentAsync("silo", number));
        if (Stage.Layout == Layout.Client) _client = await StartAgentAsync("client", 0);
    }

    protected override async Task StopProcessesAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        foreach (var silo in Enumerable.Reverse(_silos)) await silo.DisposeAsync();
        _client = null;
        _silos.Clear();
        if (_folder is { } folder) Directory.Delete(folder, recursive: true);
        _folder = null;
    }

    private Task<Agent> StartAgentAsync(string role, int number)
    {
        var start = OwnProgram.Command();
        string[] arguments =
        [
            "agent", role, "--redis", Text(Redis.Port), "--name", $"{role}-{number}", "--partitions", Text(Stage.Partitions), "--slots", Text(Stage.Slots),
            "--gateway-port", Text(number == 0 ? FirstGatewayPort : FreePort.Next()), .. Stage.Http ? ["--http", Text(FreePort.Next())] : Array.Empty<string>(),
            .. Stage.Store == Store.Sqlite ? SqliteArguments() : Array.Empty<string>(),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Agent.StartAsync($"{Name} {role}", start);
    }

    private string[] SqliteArguments()
    {
        _folder ??= Directory.CreateTempSubdirectory("bench-sqlite-").FullName;
        return ["--sqlite", Path.Combine(_folder, "jobs.db"), .. Stage.Durability == Durability.Always ? ["--sync"] : Array.Empty<string>()];
    }

    private int FirstGatewayPort { get; } = FreePort.Next();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
