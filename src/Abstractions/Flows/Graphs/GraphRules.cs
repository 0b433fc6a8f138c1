using System.Buffers;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>What is wrong with a graph, as a pure function: the same at the gateway and at the client. Whether its types exist and its arguments fit them is the gateway's to say.</summary>
internal static class GraphRules
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    private static readonly byte[] NoArgs = "{}"u8.ToArray();

    /// <returns>Nothing where it may be submitted.</returns>
    public static List<SubmissionProblem> Check(FlowGraph graph, JobLimits limits, DateTimeOffset now)
    {
        var problems = new List<SubmissionProblem>();
        if (graph.Jobs.Count is 0 or > FlowGraph.MaxJobs)
        {
            problems.Add(new("/jobs", $"A flow has 1 to {FlowGraph.MaxJobs} jobs of its own."));
            return problems;
        }

        var names = new HashSet<string>(graph.Jobs.Select(job => job.Name), StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var shape = GraphShape.Of(graph);
        foreach (var node in shape.Nodes)
        {
            var pointer = $"/jobs/{node.Index}";
            if (!IsName(node.Job.Name)) problems.Add(new(pointer + "/name", $"A name is 1 to {GraphJob.MaxNameLength} of the characters A-Z a-z 0-9 _ - and not '{GraphRef.Each}'."));
            else if (!seen.Add(node.Job.Name)) problems.Add(new(pointer + "/name", "Another job has this name."));
            CheckSubmission(node.Job, pointer, limits, now, problems);
            CheckAfter(node.Job, pointer, names, problems);
            CheckEach(node.Job, pointer, problems);
            foreach (var found in node.Refs) CheckRef(found, names, node.Job, problems);
        }

        if (graph.Result is { } result)
        {
            foreach (var found in GraphTemplate.Refs(result, "/result")) CheckRef(found, names, null, problems);
        }

        CheckCircles(shape, problems);
        return problems;
    }

    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= GraphJob.MaxNameLength } && name != GraphRef.Each && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>What holds for every job's options holds for those of a graph.</summary>
    private static void CheckSubmission(GraphJob job, string pointer, JobLimits limits, DateTimeOffset now, List<SubmissionProblem> problems)
    {
        var submission = new JobSubmission
        {
            Id = "child",
            Type = job.Type,
            Queue = job.Queue ?? JobLimits.DefaultQueue,
            Args = NoArgs,
            Priority = job.Priority ?? JobLimits.DefaultPriority,
            Attempts = job.Attempts,
            Timeout = Milliseconds(job.Timeout),
            Countdown = Milliseconds(job.Countdown),
            Tags = [.. job.Tags],
        };
        foreach (var problem in SubmissionRules.Check(submission, limits, now)) problems.Add(problem with { Pointer = pointer + problem.Pointer });
        if (SubmissionRules.CheckOwnNames(job.Type, job.Queue) is { } reserved) problems.Add(reserved with { Pointer = pointer + reserved.Pointer });
        if (job.Key is not null && !KeyTemplate.TryParse(job.Key, out _, out var mistake)) problems.Add(new(pointer + "/key", mistake));
        if (job.KeyWeight is < 1 or > JobKeys.MaxWeight) problems.Add(new(pointer + "/keyWeight", $"A weight is 1 to {JobKeys.MaxWeight}."));
        if (job.Weight is < 1 or > 1_000_000) problems.Add(new(pointer + "/weight", "A weight is 1 to 1000000."));
    }

    private static void CheckAfter(GraphJob job, string pointer, HashSet<string> names, List<SubmissionProblem> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < job.After.Count; i++)
        {
            var name = job.After[i].Job;
            if (name is null || !names.Contains(name)) problems.Add(new($"{pointer}/after/{i}", "The flow has no job of this name."));
            else if (name == job.Name) problems.Add(new($"{pointer}/after/{i}", "A job cannot follow itself."));
            else if (!seen.Add(name)) problems.Add(new($"{pointer}/after/{i}", "A job is named once."));
            if (job.After[i].On > DependencyOn.Failure) problems.Add(new($"{pointer}/after/{i}/on", "It must be success, end or failure."));
        }
    }

    private static void CheckEach(GraphJob job, string pointer, List<SubmissionProblem> problems)
    {
        if (job.Each is not { } each) return;
        var isReference = each.ValueKind == JsonValueKind.Object && each.TryGetProperty(GraphRef.Member, out _);
        if (each.ValueKind != JsonValueKind.Array && !isReference) problems.Add(new(pointer + "/each", "It must be an array, or a reference to one."));
    }

    /// <param name="job">Whose reference it is; null: the flow's result.</param>
    private static void CheckRef((string Pointer, GraphRef? Ref, string? Mistake) found, HashSet<string> names, GraphJob? job, List<SubmissionProblem> problems)
    {
        if (found.Mistake is { } mistake) problems.Add(new(found.Pointer, mistake));
        if (found.Ref is not { } reference) return;
        if (reference.IsEach)
        {
            // What the elements are cannot be said by one of them.
            if (job?.Each is null || IsInEach(found.Pointer)) problems.Add(new(found.Pointer, "There is an element only in the arguments of a job that has each."));
        }
        else if (!names.Contains(reference.Job)) problems.Add(new(found.Pointer, "The flow has no job of this name."));
        else if (reference.Job == job?.Name) problems.Add(new(found.Pointer, "A job cannot refer to itself."));
    }

    private static bool IsInEach(string pointer) => pointer.Split('/', 5) is [_, _, _, "each", ..];

    private static void CheckCircles(GraphShape shape, List<SubmissionProblem> problems)
    {
        var open = new int[shape.Nodes.Length];
        var followers = new List<GraphNode>?[shape.Nodes.Length];
        foreach (var node in shape.Nodes)
        {
            foreach (var link in node.After)
            {
                // That one follows itself is said already.
                if (link.Node == node) continue;
                (followers[link.Node.Index] ??= []).Add(node);
                open[node.Index]++;
            }
        }

        var free = new Queue<GraphNode>(shape.Nodes.Where(node => open[node.Index] == 0));
        while (free.TryDequeue(out var node))
        {
            foreach (var follower in followers[node.Index] ?? [])
            {
                if (--open[follower.Index] == 0) free.Enqueue(follower);
            }
        }

        foreach (var node in shape.Nodes.Where(node => open[node.Index] > 0))
        {
            var link = node.After.First(link => link.Node != node && open[link.Node.Index] > 0);
            problems.Add(new(link.Pointer, $"'{node.Job.Name}' and '{link.Node.Job.Name}' would wait for each other, or stand behind some that do."));
        }
    }

    private static long? Milliseconds(TimeSpan? span) => span is { } value ? (long)Math.Ceiling(value.TotalMilliseconds) : null;
}
