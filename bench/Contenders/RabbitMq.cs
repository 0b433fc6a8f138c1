using System.Diagnostics;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>RabbitMQ: a durable queue of persistent messages, each confirmed; acknowledged many at once.</summary>
internal sealed class RabbitMq(Stage stage, bool quorum) : BrokerPeer(stage)
{
    // Of these, 2 and 2 with 1,000, and 1 and 2 with 500, by processor time a message on a busy machine, which did not tell the first from the last.
    private const int Senders = 1;
    private const int Receivers = 1;
    private const int Prefetch = 2000;

    private RabbitServer? _server;

    public override string Name => quorum ? "rabbitmq-quorum" : "rabbitmq-classic";

    public override string Synced => quorum ? "the log before each confirm" : "nothing before a confirm";

    public override Task<double> StoreCpuSecondsAsync() => Task.FromResult(_server!.CpuSeconds);

    protected override async Task StartServerAsync() => _server = await RabbitServer.StartAsync(
    [
        // Without these two it may hold up those who send on a machine that has other work, or little space left.
        "vm_memory_high_watermark.relative = 0.6",
        "disk_free_limit.absolute = 1GB",
    ]);

    protected override ProcessStartInfo AgentCommand(string role) => ClientCommand(_server!.Port, Senders, Receivers, Prefetch);

    protected override async ValueTask StopServerAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }
}
