using System.Diagnostics;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Contenders;

/// <summary>Redis Streams with nothing around them: what the same Redis does for a message that has no state, no lease and no result.</summary>
internal sealed class RedisStreams(Stage stage) : BrokerPeer(stage)
{
    // One connection each way, and 500 messages a read, took the least of both sides' processor time, on a busy machine; two connections, 100, 1,000 and 2,000 took more.
    private const int Senders = 1;
    private const int Receivers = 1;
    private const int Prefetch = 500;

    public override string Name => "streams";

    public override bool HasRedis => true;

    protected override Task StartServerAsync() => Task.CompletedTask;

    protected override ProcessStartInfo AgentCommand(string role) => ClientCommand(Redis.Port, Senders, Receivers, Prefetch);

    protected override ValueTask StopServerAsync() => ValueTask.CompletedTask;
}
