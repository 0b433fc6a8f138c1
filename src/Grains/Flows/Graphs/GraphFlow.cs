using System.Text.Json;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows.Graphs;

/// <summary>The flow that runs graphs. It is a flow like any other, and has nothing to it but to read the graph.</summary>
internal sealed class GraphFlow(string name, HandlerOptions options) : HandlerEntry<FlowGraph, JsonElement>(name, options), IFlowHandler
{
    /// <summary>Of a silo.</summary>
    private const int KeptBytes = 2 << 20;

    private readonly GraphCache _known = new(KeptBytes);

    public static void Configure(JobRegistrationOptions options)
    {
        options.Queue = FlowGraph.RunQueue;
        options.Attempts = 1;
        options.Description = "Runs a flow that was given as data.";
    }

    /// <returns>The shape of the graph, which nothing changes.</returns>
    public override object? ReadArgs(ReadOnlySpan<byte> json) => _known.Of(json, given => GraphShape.Of((FlowGraph)base.ReadArgs(given)!));

    public IFlowInstance Open(IServiceProvider services) => new FlowInstance(null, static async (_, shape, flow, _) => await new GraphRun((GraphShape)shape!, flow).RunAsync());
}
