using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Ours, with the jobs run outside of the silo: a silo with its gateway, and workers of clients/python or clients/node that call it.</summary>
internal sealed class OurOutside(Stage stage) : OurGrid(stage with { Workers = 1, Http = true })
{
    // Python's interpreter runs one thread at a time: more of them only wait for each other, but where jobs rest.
    private const int BestThreads = 8;

    // What a worker of the Node package has if nothing is said.
    private const int BestConcurrency = 100;

    private readonly List<Agent> _workers = [];

    public override IReadOnlyList<int> WorkerProcesses => [.. base.WorkerProcesses, .. _workers.Select(worker => worker.ProcessId)];

    public override async Task AddWorkerAsync() => _workers.Add(await Agent.StartAsync($"{Name} {Stage.Handlers} worker", WorkerCommand()));

    protected override async Task StartProcessesAsync()
    {
        await base.StartProcessesAsync();
        await AddWorkerAsync();
    }

    protected override async Task StopProcessesAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync();
        _workers.Clear();
        await base.StopProcessesAsync();
    }

    private ProcessStartInfo WorkerCommand()
    {
        var folder = PeerFiles.Folder("orleansjobs");
        var (program, arguments, slots) = Stage.Handlers is Handlers.Python ? ("python3", (string[])["-B", "worker.py"], BestThreads) : ("node", ["worker.mjs"], BestConcurrency);
        if (Stage.Slots > 0) slots = Stage.Slots;
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder };
        foreach (var argument in (string[])[.. arguments, $"http://127.0.0.1:{HttpPort}", slots.ToString(CultureInfo.InvariantCulture)]) start.ArgumentList.Add(argument);
        start.Environment["PYTHONPATH"] = Path.Combine(folder, "..", "..", "..", "clients", "python", "src");
        return start;
    }
}
