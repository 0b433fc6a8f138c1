using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>BullMQ: one Node process for the workers, one that submits.</summary>
internal sealed class BullMq(Stage stage) : Contender(stage)
{
    // The best of 20, 50, 100 and 200 for jobs that do nothing; a second worker process gained nothing on two cores.
    private const int BestConcurrency = 50;

    private readonly List<Agent> _workers = [];
    private Agent? _producer;

    public override string Name => "bullmq";

    public override Agent Producer => _producer!;

    public override IReadOnlyList<Agent> Workers => _workers;

    public override IReadOnlyList<int> WorkerProcesses => [.. _workers.Select(worker => worker.ProcessId)];

    public override async Task AddWorkerAsync() =>
        _workers.Add(await StartAgentAsync("worker", (Stage.Slots == 0 ? BestConcurrency : Stage.Slots).ToString(CultureInfo.InvariantCulture)));

    public override async Task KillWorkerAsync()
    {
        _workers[^1].Kill();
        await _workers[^1].DisposeAsync();
        _workers.RemoveAt(_workers.Count - 1);
    }

    protected override async Task StartProcessesAsync()
    {
        for (var number = 0; number < Stage.Workers; number++) await AddWorkerAsync();
        _producer = await StartAgentAsync("producer");
    }

    protected override async Task StopProcessesAsync()
    {
        if (_producer is not null) await _producer.DisposeAsync();
        foreach (var worker in _workers) await worker.DisposeAsync();
        _producer = null;
        _workers.Clear();
    }

    private Task<Agent> StartAgentAsync(string role, params string[] arguments)
    {
        var folder = PeerFiles.Folder("bullmq");
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) throw new InvalidOperationException("BullMQ is not installed: run bench/peers/install.");
        var start = new ProcessStartInfo("node") { WorkingDirectory = folder };
        foreach (var argument in (string[])["agent.mjs", role, Redis.Port.ToString(CultureInfo.InvariantCulture), .. arguments]) start.ArgumentList.Add(argument);
        return Agent.StartAsync($"{Name} {role}", start);
    }
}
