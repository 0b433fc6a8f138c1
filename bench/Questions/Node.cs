using OrleansJobs.Bench.Contenders;

namespace OrleansJobs.Bench.Questions;

/// <summary>Node's handlers, beside those of BullMQ.</summary>
internal sealed class Node() : OutsideWorkers(Handlers.Node, "js-noop", "js-1ms")
{
    public override string Name => "node";

    public override string[] Peers => ["bullmq"];
}
