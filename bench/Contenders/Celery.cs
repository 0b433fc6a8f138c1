using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Celery with Redis as broker and result backend: its own worker command, and a process that submits.</summary>
internal class Celery(Stage stage) : Contender(stage)
{
    // Debian's packages belong to Debian's interpreter, whichever comes first in the path.
    protected const string Python = "/usr/bin/python3";

    private readonly List<Leash> _workers = [];
    private Agent? _producer;

    public override string Name => "celery";

    public override Agent Producer => _producer!;

    public override IReadOnlyList<Agent> Workers => [Producer];

    public override IReadOnlyList<int> WorkerProcesses => [.. _workers.Select(worker => worker.ServerId)];

    public override double Scale => 0.1;

    public override bool ResumesAtOnce => false;

    public override bool HasBatches => false;

    public override Task KillWorkerAsync() => throw new NotSupportedException("Celery hands jobs out again after its visibility timeout, an hour by default: nobody waits for that.");

    public override async Task AddWorkerAsync() => _workers.Add(await StartWorkerAsync(_workers.Count));

    protected override async Task StartProcessesAsync()
    {
        for (var number = 0; number < Stage.Workers; number++) await AddWorkerAsync();
        var start = new ProcessStartInfo(Python) { WorkingDirectory = PeerFiles.Folder("celery"), ArgumentList = { "agent.py" } };
        start.Environment["BENCH_REDIS_PORT"] = Redis.Port.ToString(CultureInfo.InvariantCulture);
        _producer = await Agent.StartAsync($"{Name} producer", start);
    }

    protected override async Task StopProcessesAsync()
    {
        if (_producer is not null) await _producer.DisposeAsync();
        foreach (var worker in _workers) await worker.DisposeAsync();
        _producer = null;
        _workers.Clear();
    }

    // Two processes did as well as four, threads worse, and `-O fair` better than without.
    private Task<Leash> StartWorkerAsync(int number)
    {
        var start = new ProcessStartInfo(Python) { WorkingDirectory = PeerFiles.Folder("celery") };
        string[] arguments =
        [
            "-m", "celery", "-A", "tasks", "worker", "-P", "prefork", "-c", (Stage.Slots == 0 ? 2 : Stage.Slots).ToString(CultureInfo.InvariantCulture),
            "-O", "fair", "-Q", "jobs", "-n", $"w{number}@bench", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["BENCH_REDIS_PORT"] = Redis.Port.ToString(CultureInfo.InvariantCulture);
        return Leash.StartAsync(Leash.NewFolder("celery"), start);
    }
}
