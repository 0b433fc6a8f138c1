using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Ours, with the jobs run by Python: a silo with its gateway, and workers of clients/python that call it.</summary>
internal sealed class OurPython(Stage stage) : OurGrid(stage with { Workers = 1, Http = true })
{
    // The interpreter runs one thread at a time: more of them only wait for each other, but where jobs rest.
    private const int BestThreads = 8;

    private readonly List<Agent> _workers = [];

    public override IReadOnlyList<int> WorkerProcesses => [.. base.WorkerProcesses, .. _workers.Select(worker => worker.ProcessId)];

    public override async Task AddWorkerAsync()
    {
        var folder = PeerFiles.Folder("orleansjobs");
        var start = new ProcessStartInfo("python3") { WorkingDirectory = folder };
        string[] arguments = ["-B", "worker.py", $"http://127.0.0.1:{HttpPort}", (Stage.Slots > 0 ? Stage.Slots : BestThreads).ToString(CultureInfo.InvariantCulture)];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["PYTHONPATH"] = Path.Combine(folder, "..", "..", "..", "clients", "python", "src");
        _workers.Add(await Agent.StartAsync($"{Name} Python worker", start));
    }

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
}
