using System.Text.Json;
using OrleansJobs.Flows;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Flows;

/// <summary>Finds a flow's jobs. Those of a graph have ids that follow from the flow's; those of code are in the list of its children.</summary>
internal sealed class FlowReader(JobGrid grid, WaitRefiner waits)
{
    public async Task<FlowView> ReadAsync(JobStatus flow)
    {
        var info = await grid.InfoAsync();
        var partition = grid.Partition(flow.Id, info);
        var groups = partition.GetFlowGroups(flow.Id);
        if (flow.Type != FlowGraph.JobType || await GraphOfAsync(partition, flow.Id) is not { } graph)
        {
            var page = await grid.Whole.List(new() { Parent = flow.Id, Limit = JobLimits.MaxPage });
            FlowJobView[] children = [.. page.Jobs.Select(job => new FlowJobView(null, job.Type, job.Queue, job.State.Name, waits.Refine(job), null, []))];
            return new(waits.Refine(flow), null, children, await groups ?? [], page.Cursor is not null);
        }

        var shape = GraphShape.Of(graph);
        var found = await FindAsync(partition, flow, shape, info.Partitions);
        var counts = (await groups ?? []).ToDictionary(group => group.Name, StringComparer.Ordinal);
        return new(waits.Refine(flow), graph, GraphView.Of(flow, shape, found, counts), [], false);
    }

    private static async Task<FlowGraph?> GraphOfAsync(IJobPartitionGrain partition, string id) =>
        await partition.GetArgs(id) is { } args ? JsonSerializer.Deserialize<FlowGraph>(args, JobJson.Options) : null;

    /// <summary>A graph is never started anew, so its run is the first one; its children that stand alone are where it is.</summary>
    private async Task<JobStatus?[]> FindAsync(IJobPartitionGrain partition, JobStatus flow, GraphShape shape, int partitions)
    {
        const int Run = 1;
        var submittedAt = flow.SubmittedAt.ToUnixTimeMilliseconds();
        GraphNode[] single = [.. shape.Nodes.Where(node => node.Job.Each is null)];
        var statuses = await partition.GetListed(Array.ConvertAll(single, node => FlowIds.Child(flow.Id, submittedAt, Run, node.Job.Name, -1, false, partitions)));
        var found = new JobStatus?[shape.Nodes.Length];
        for (var i = 0; i < single.Length; i++) found[single[i].Index] = statuses[i] is { } status && status.Parent == flow.Id ? waits.Refine(status) : null;
        return found;
    }
}
