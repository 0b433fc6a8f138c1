namespace OrleansJobs.Gateway.Flows;

/// <summary>A flow and its jobs, as they stand.</summary>
/// <param name="Graph">Null: the flow is code, and what it starts is known only when it has.</param>
/// <param name="Jobs">Those of the graph, in its order; of code, its newest children.</param>
/// <param name="Groups">Of code: its groups. Of a graph they are jobs with <c>each</c>.</param>
/// <param name="HasMore">There are other children.</param>
internal sealed record FlowView(JobStatus Flow, FlowGraph? Graph, FlowJobView[] Jobs, FlowGroupCount[] Groups, bool HasMore);

/// <param name="Name">What the flow calls it; null: not known.</param>
/// <param name="State">One of those of jobs, or <see cref="Skipped"/>.</param>
/// <param name="Job">Null: it was not started, or stands for many.</param>
/// <param name="Group">For many: how many.</param>
/// <param name="Awaited">Names of those that it still waits for.</param>
internal sealed record FlowJobView(string? Name, string Type, string Queue, string State, JobStatus? Job, FlowGroupCount? Group, string[] Awaited)
{
    /// <summary>It was not started, and will not be.</summary>
    public const string Skipped = "SKIPPED";

    public IReadOnlyList<GraphEdge> After { get; init; } = [];
    public bool IsEach { get; init; }
}

/// <summary>Where the jobs of a graph stand, from what was found of its children. A pure function.</summary>
internal static class GraphView
{
    /// <param name="found">Of each job of the graph that has a child of its own: the child.</param>
    /// <param name="groups">Of those that have many: how many.</param>
    public static FlowJobView[] Of(JobStatus flow, GraphShape shape, JobStatus?[] found, IReadOnlyDictionary<string, FlowGroupCount> groups)
    {
        var views = new FlowJobView?[shape.Nodes.Length];
        // Whom a job follows stands anywhere in the graph; long chains are no recursion.
        var stack = new Stack<GraphNode>(shape.Nodes);
        while (stack.TryPop(out var node))
        {
            if (views[node.Index] is not null) continue;
            var waiting = node.After.Where(link => views[link.Node.Index] is null).ToList();
            if (waiting.Count == 0)
            {
                views[node.Index] = Of(flow, node, found[node.Index], groups, views);
                continue;
            }

            stack.Push(node);
            foreach (var link in waiting) stack.Push(link.Node);
        }

        return views!;
    }

    private static FlowJobView Of(JobStatus flow, GraphNode node, JobStatus? found, IReadOnlyDictionary<string, FlowGroupCount> groups, FlowJobView?[] views)
    {
        FlowGroupCount? group = node.Job.Each is not null && groups.TryGetValue(node.Job.Name, out var count) ? count : null;
        string[] awaited = [.. node.After.Where(link => StateOf(views[link.Node.Index]!.State) is null).Select(link => link.Node.Job.Name)];
        var state = found is not null ? found.State.Name
            : group is { } many ? StateOf(flow, many)
            : flow.IsFinished || IsSkipped(node, views) ? FlowJobView.Skipped
            : JobState.Pending.Name;
        return new(node.Job.Name, node.Job.Type, node.Job.Queue ?? JobLimits.DefaultQueue, state, found, group, state == JobState.Pending.Name && found is null ? awaited : [])
        {
            After = [.. node.After.Select(link => new GraphEdge(link.Node.Job.Name, link.On))],
            IsEach = node.Job.Each is not null,
        };
    }

    private static string StateOf(JobStatus flow, FlowGroupCount group)
    {
        var hasEnded = group.Total >= 0 && group.Succeeded + group.Failed >= group.Total;
        if (group.Failed > 0 && (hasEnded || flow.IsFinished)) return JobState.Failure.Name;
        if (hasEnded) return JobState.Success.Name;
        return flow.IsFinished ? JobState.Revoked.Name : JobState.Progress.Name;
    }

    /// <summary>All that it follows has ended, and not all as it asked.</summary>
    private static bool IsSkipped(GraphNode node, FlowJobView?[] views)
    {
        var isMet = true;
        foreach (var link in node.After)
        {
            if (StateOf(views[link.Node.Index]!.State) is not { } state) return false;
            isMet &= link.IsMetBy(state);
        }

        return !isMet;
    }

    /// <summary>Null: it has not ended.</summary>
    private static GraphState? StateOf(string state) => state switch
    {
        "SUCCESS" => GraphState.Success,
        "FAILURE" => GraphState.Failure,
        "REVOKED" => GraphState.Revoked,
        FlowJobView.Skipped => GraphState.Skipped,
        _ => null,
    };
}
