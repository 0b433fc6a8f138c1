using System.Diagnostics;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>beanstalkd with its log, over a few connections that do not wait for answers.</summary>
internal sealed class Beanstalkd(Stage stage) : BrokerPeer(stage)
{
    // Of one, two and four connections, and 100 to 1,000 messages: these took the least of both sides' processor time, on a busy machine.
    private const int Senders = 4;
    private const int Receivers = 4;
    private const int Prefetch = 100;

    // Ten times the default: a file is written full of zeros before its first use.
    private const int LogFileBytes = 100 * 1024 * 1024;

    private BeanstalkServer? _server;

    public override string Name => "beanstalkd";

    public override string Synced => Stage.Durability switch
    {
        Durability.None => "the log every 50 ms",
        Durability.EverySec => "the log once a second",
        _ => "the log at each write",
    };

    public override Task<double> StoreCpuSecondsAsync() => Task.FromResult(_server!.CpuSeconds);

    protected override async Task StartServerAsync() => _server = await BeanstalkServer.StartAsync(
        // 50 ms is its default, and what stands beside stores of others that sync nothing.
        Stage.Durability switch { Durability.None => 50, Durability.EverySec => 1000, _ => 0 },
        LogFileBytes);

    protected override ProcessStartInfo AgentCommand(string role) => ClientCommand(_server!.Port, Senders, Receivers, Prefetch);

    protected override async ValueTask StopServerAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }
}
