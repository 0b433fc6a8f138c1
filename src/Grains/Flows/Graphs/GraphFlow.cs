using System.Text.Json;

namespace OrleansJobs.Flows.Graphs;

/// <summary>The flow that runs graphs. It is a flow like any other, and has nothing to it but to read the graph.</summary>
[Job(FlowGraph.JobType, Queue = FlowGraph.RunQueue, Attempts = 1, Description = "Runs a flow that was given as data.")]
internal sealed class GraphFlow : IFlow<FlowGraph, JsonElement>
{
    public Task<JsonElement> RunAsync(FlowGraph args, FlowContext flow, CancellationToken cancellation) => new GraphRun(args, flow).RunAsync();
}
