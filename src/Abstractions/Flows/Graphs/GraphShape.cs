using System.Text.Json;

namespace OrleansJobs;

/// <summary>What follows what in a graph, with the edges that references make.</summary>
internal sealed class GraphShape
{
    private readonly Dictionary<string, GraphNode> _byName;
    private List<GraphNode>? _inOrder;

    private GraphShape(FlowGraph graph, GraphNode[] nodes, Dictionary<string, GraphNode> byName)
    {
        Graph = graph;
        Nodes = nodes;
        _byName = byName;
    }

    public FlowGraph Graph { get; }

    /// <summary>In the order of <see cref="FlowGraph.Jobs"/>.</summary>
    public GraphNode[] Nodes { get; }

    public GraphNode this[string name] => _byName[name];

    /// <summary>Those first that others follow, so that nobody awaits a task that is not there yet. Without those of a circle.</summary>
    public IReadOnlyList<GraphNode> InOrder => _inOrder ??= Order();

    /// <summary>Of a graph that breaks no rule; of another, what can be told of it: names that are nobody's are left out.</summary>
    public static GraphShape Of(FlowGraph graph)
    {
        GraphNode[] nodes = [.. graph.Jobs.Select((job, index) => new GraphNode(job, index))];
        var byName = new Dictionary<string, GraphNode>(nodes.Length, StringComparer.Ordinal);
        foreach (var node in nodes) byName.TryAdd(node.Job.Name, node);
        foreach (var node in nodes) Connect(node, byName);
        foreach (var (_, reference, _) in graph.Result is { } result ? GraphTemplate.Refs(result, "") : [])
        {
            if (reference is { Part: GraphRefPart.Result, Job: var job } && byName.TryGetValue(job, out var named)) named.IsRead = true;
        }

        return new(graph, nodes, byName);
    }

    /// <summary>Chains may be long: no recursion.</summary>
    private List<GraphNode> Order()
    {
        var open = Array.ConvertAll(Nodes, node => node.After.Count);
        var followers = new List<GraphNode>[open.Length];
        foreach (var node in Nodes)
        {
            foreach (var link in node.After) (followers[link.Node.Index] ??= []).Add(node);
        }

        var order = new List<GraphNode>(Nodes.Where(node => open[node.Index] == 0));
        for (var i = 0; i < order.Count; i++)
        {
            foreach (var follower in followers[order[i].Index] ?? [])
            {
                if (--open[follower.Index] == 0) order.Add(follower);
            }
        }

        return order;
    }

    private static void Connect(GraphNode node, Dictionary<string, GraphNode> byName)
    {
        var named = new HashSet<GraphNode>();
        for (var i = 0; i < node.Job.After.Count; i++)
        {
            var edge = node.Job.After[i];
            if (edge.Job is null || !byName.TryGetValue(edge.Job, out var before) || !named.Add(before)) continue;
            node.After.Add(new(before, edge.On, $"/jobs/{node.Index}/after/{i}"));
            // Whoever says what follows a failure has dealt with it.
            before.IsHandled |= edge.On != DependencyOn.Success;
        }

        foreach (var (pointer, reference, _) in node.Refs)
        {
            if (reference is not { } known || known.IsEach || !byName.TryGetValue(known.Job, out var before)) continue;
            before.IsRead |= known.Part == GraphRefPart.Result;
            if (named.Add(before)) node.After.Add(new(before, DependencyOn.Success, pointer));
        }
    }
}

/// <summary>A job in its place in the graph.</summary>
internal sealed class GraphNode
{
    public GraphNode(GraphJob job, int index)
    {
        (Job, Index) = (job, index);
        Refs = [.. (job.Args is { } args ? GraphTemplate.Refs(args, $"/jobs/{index}/args") : []).Concat(job.Each is { } each ? GraphTemplate.Refs(each, $"/jobs/{index}/each") : [])];
    }

    public GraphJob Job { get; }
    public int Index { get; }

    /// <summary>Those of its arguments and of its <c>each</c>.</summary>
    public (string Pointer, GraphRef? Ref, string? Mistake)[] Refs { get; }

    /// <summary>What it follows, those first that it says so of.</summary>
    public List<GraphLink> After { get; } = [];

    /// <summary>Another job waits for its end, or its failure.</summary>
    public bool IsHandled { get; set; }

    /// <summary>Its result is referred to.</summary>
    public bool IsRead { get; set; }
}

/// <param name="Pointer">To where the graph says so.</param>
internal sealed record GraphLink(GraphNode Node, DependencyOn On, string Pointer)
{
    /// <summary>Whether a job that ended so lets go on what follows it.</summary>
    public bool IsMetBy(GraphState state) => On switch
    {
        DependencyOn.Success => state == GraphState.Success,
        DependencyOn.Failure => state is GraphState.Failure or GraphState.Revoked,
        _ => true,
    };
}

/// <summary>How a job of a graph ended.</summary>
internal enum GraphState : byte
{
    Success,
    Failure,
    Revoked,

    /// <summary>It was not started, since what it follows ended otherwise than asked for. That is an end, and no failure.</summary>
    Skipped,
}
