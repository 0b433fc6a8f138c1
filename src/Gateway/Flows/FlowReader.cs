using System.Text.Json;
using OrleansJobs.Flows;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Flows;

/// <summary>Finds a flow's jobs. Those of a graph have ids that follow from the flow's; those of code are in the list of its children.</summary>
internal sealed class FlowReader(JobGrid grid, JobTypeCatalogue types, WaitRefiner waits)
{
    /// <summary>Pages of children that are looked through for jobs whose keys are made of what came before them.</summary>
    private const int MostPages = 20;

    /// <param name="caller">Who is shown jobs of queues that its key is good for.</param>
    public async Task<FlowView> ReadAsync(JobStatus flow, Caller caller)
    {
        var info = await grid.InfoAsync();
        var partition = grid.Partition(flow.Id, info);
        var groups = partition.GetFlowGroups(flow.Id);
        if (flow.Type != FlowGraph.JobType || await GraphOfAsync(partition, flow.Id) is not { } graph)
        {
            var page = await grid.Whole.List(new() { Parent = flow.Id, Limit = JobLimits.MaxPage });
            FlowJobView[] children = [.. page.Jobs.Where(caller.MaySee).Select(job => new FlowJobView(null, job.Type, job.Queue, job.State.Name, waits.Refine(job), null, []))];
            return new(waits.Refine(flow), null, children, await groups ?? [], page.Cursor is not null);
        }

        var shape = GraphShape.Of(graph);
        var found = await FindAsync(flow, shape, info.Partitions);
        var counts = (await groups ?? []).ToDictionary(group => group.Name, StringComparer.Ordinal);
        return new(waits.Refine(flow), graph, GraphView.Of(flow, shape, found, counts), [], false);
    }

    private static async Task<FlowGraph?> GraphOfAsync(IJobPartitionGrain partition, string id) =>
        await partition.GetArgs(id) is { } args ? JsonSerializer.Deserialize<FlowGraph>(args, JobJson.Options) : null;

    /// <summary>A graph is never started anew, so its run is the first one; its children that stand alone are where it is.</summary>
    private async Task<JobStatus?[]> FindAsync(JobStatus flow, GraphShape shape, int partitions)
    {
        const int Run = 1;
        var submittedAt = flow.SubmittedAt.ToUnixTimeMilliseconds();
        GraphNode[] single = [.. shape.Nodes.Where(node => node.Job.Each is null)];
        var found = new JobStatus?[shape.Nodes.Length];
        var ids = single.ToDictionary(node => node, node => FlowIds.Child(flow.Id, submittedAt, Run, node.Job.Name, -1, false, partitions));
        // Those with keys are where their keys are; of some keys nothing is known but by the jobs that have them.
        var unknown = new List<GraphNode>();
        foreach (var node in single.Where(node => node.Job.Key is not null))
        {
            if (GraphKeys.Of(node.Job) is { } key) ids[node] = FlowIds.In(ids[node], JobKeys.PartitionOf(key, partitions), partitions);
            else unknown.Add(node);
        }

        await Task.WhenAll(single.Except(unknown).GroupBy(node => JobIds.PartitionOf(ids[node], partitions)).Select(async home =>
        {
            GraphNode[] nodes = [.. home];
            var statuses = await grid.Partition(ids[nodes[0]], await grid.InfoAsync()).GetListed(Array.ConvertAll(nodes, node => ids[node]));
            for (var i = 0; i < nodes.Length; i++) found[nodes[i].Index] = statuses[i] is { } status && status.Parent == flow.Id ? waits.Refine(status) : null;
        }));
        // The same holds of what has its key from its type, where whoever submitted the graph did not know of it.
        foreach (var node in single.Where(node => found[node.Index] is null && node.Job.Key is null))
        {
            if ((await types.FindAsync(node.Job.Type))?.Defaults.Key is not null) unknown.Add(node);
        }

        if (unknown.Count > 0) await FindByFlowAsync(flow, unknown, ids, found);
        return found;
    }

    /// <summary>Among the children of the flow, wherever they are.</summary>
    private async Task FindByFlowAsync(JobStatus flow, List<GraphNode> nodes, Dictionary<GraphNode, string> ids, JobStatus?[] found)
    {
        string? cursor = null;
        var left = new List<GraphNode>(nodes);
        for (var pages = 0; left.Count > 0 && pages < MostPages; pages++)
        {
            var page = await grid.Whole.List(new() { Parent = flow.Id, Limit = JobLimits.MaxPage, Cursor = cursor });
            foreach (var job in page.Jobs)
            {
                if (left.Find(node => FlowIds.IsSame(ids[node], job.Id)) is not { } node) continue;
                found[node.Index] = waits.Refine(job);
                left.Remove(node);
            }

            if ((cursor = page.Cursor) is null) return;
        }
    }
}
