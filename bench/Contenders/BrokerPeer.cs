using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>
/// A broker, whose messages are handled and settled and leave nothing behind. Its clients are this program again: one that both sends and receives, as ours does;
/// with <c>--layout client</c> one of each.
/// </summary>
internal abstract class BrokerPeer(Stage stage) : Contender(stage)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly List<Agent> _workers = [];
    private Agent? _producer;

    public override bool HasRedis => false;

    public override Agent Producer => _producer ?? _workers[0];

    public override IReadOnlyList<Agent> Workers => _workers;

    public override IReadOnlyList<int> WorkerProcesses => [.. _workers.Select(worker => worker.ProcessId)];

    protected virtual bool SendsBeside => Stage.Layout == Layout.Client;

    public override Task PauseAsync() => AskWorkersAsync("pause");

    public override Task ResumeAsync() => AskWorkersAsync("resume");

    /// <summary>One worker answers when it is there; of several none knows, and each is asked again and again.</summary>
    public override async Task FinishedAsync(long but = 0)
    {
        var (wanted, before, since) = (Submitted - but, -1L, Stopwatch.GetTimestamp());
        while (true)
        {
            var answers = await AskWorkersAsync("settled", () => new JsonObject { ["count"] = wanted, ["waitMs"] = _workers.Count == 1 ? 1000 : 2 });
            var settled = answers.Sum(answer => answer.GetProperty("settled").GetInt64());
            if (settled >= wanted) return;
            if (settled != before) (before, since) = (settled, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(since) > Patience) throw new TimeoutException($"{Name}: {settled} of {wanted} messages are done, and for a minute no more.");
        }
    }

    public override Task KillWorkerAsync() => throw new NotSupportedException($"{Name} is not asked how it recovers.");

    protected override async Task<Tally> TallyAsync()
    {
        await PauseAsync();
        var ledgers = await AskWorkersAsync("ledger");
        var (handled, twice, sum) = (Sum("handled"), Sum("twice"), Sum("sum"));
        // Several that handled the same message have each seen it once: the sum of the numbers finds that out.
        if (handled == Submitted && sum != Submitted * (Submitted - 1) / 2) twice++;
        return new(handled, twice, (await _workers[0].AskAsync("left")).GetProperty("left").GetInt64());

        long Sum(string name) => ledgers.Sum(ledger => ledger.GetProperty(name).GetInt64());
    }

    protected abstract Task StartServerAsync();

    protected abstract ValueTask StopServerAsync();

    /// <summary>The command of an agent that sends, or receives, or does both.</summary>
    protected abstract ProcessStartInfo AgentCommand(string role);

    protected override async Task StartProcessesAsync()
    {
        await StartServerAsync();
        for (var number = 0; number < Stage.Workers; number++) _workers.Add(await Agent.StartAsync($"{Name} worker", AgentCommand("worker")));
        if (SendsBeside) _producer = await Agent.StartAsync($"{Name} producer", AgentCommand("producer"));
        await ResumeAsync();
    }

    protected override async Task StopProcessesAsync()
    {
        if (_producer is not null) await _producer.DisposeAsync();
        foreach (var worker in _workers) await worker.DisposeAsync();
        _producer = null;
        _workers.Clear();
        await StopServerAsync();
    }

    /// <summary>This program as a client.</summary>
    protected ProcessStartInfo ClientCommand(int port, int senders, int receivers, int prefetch)
    {
        var start = OwnProgram.Command();
        string[] arguments =
        [
            "broker", Name, "--port", Text(port), "--senders", Text(senders), "--receivers", Text(receivers), "--prefetch", Text(Stage.Slots > 0 ? Stage.Slots : prefetch),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private Task<JsonElement[]> AskWorkersAsync(string op, Func<JsonObject>? settings = null) => Task.WhenAll(_workers.Select(worker => worker.AskAsync(op, settings?.Invoke())));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
