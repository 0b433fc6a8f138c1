using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Schemas;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Flows;

/// <summary>Makes the job that runs a graph of what a client says, or a problem that says all that can be known to be wrong with it.</summary>
internal sealed class FlowBuilder(JobGrid grid, JobTypeCatalogue types, SubmissionBuilder submissions, IOptions<JobGatewayOptions> options, TimeProvider time)
{
    private static readonly byte[] NoArgs = "{}"u8.ToArray();

    private readonly HashSet<string> _queues = [.. options.Value.Queues];

    /// <param name="bytes">The length of the body.</param>
    public async ValueTask<(JobSubmission? Job, Problem? Problem)> BuildAsync(JsonElement json, int bytes, Caller caller, string? idempotencyKey, JobLimits limits)
    {
        var problems = new List<SubmissionProblem>();
        var graph = GraphReader.Read(json, problems, "id", "tags", "retention", "deadline");
        var envelope = FlowEnvelope.Read(json, problems);
        if (envelope.Id is not null && idempotencyKey is not null) problems.Add(new("/id", "Give an id or an Idempotency-Key, not both."));
        if (SubmissionRules.CheckOwnId(envelope.Id) is { } reserved) problems.Add(reserved);
        if (problems.Count == 0) problems.AddRange(GraphRules.Check(graph, limits, time.GetUtcNow()));
        if (problems.Count > 0) return (null, SubmissionBuilder.OfRules(problems));

        var known = await Task.WhenAll(graph.Jobs.Select(job => types.FindAsync(job.Type).AsTask()));
        // What queue a type has is said now, so that it is the one that was checked.
        graph = graph with { Jobs = [.. graph.Jobs.Zip(known, (job, type) => job with { Queue = job.Queue ?? type?.Info.Queue ?? JobLimits.DefaultQueue })] };
        if (CheckJobs(graph, known, caller) is { } refused) return (null, refused);
        if (CheckArgs(graph, known, submissions.BudgetFor(bytes)) is { } unfit) return (null, unfit);
        var job = Build(graph, envelope, caller, idempotencyKey is null ? null : JobIds.FromKey(await grid.IdSecretAsync(), caller.Id, idempotencyKey));
        var broken = SubmissionRules.Check(job, limits, time.GetUtcNow());
        // The flow's arguments are the flow.
        return broken.Length > 0
            ? (null, SubmissionBuilder.OfRules([.. broken.Select(problem => problem.Pointer == "/args" ? problem with { Pointer = "" } : problem)]))
            : (job, null);
    }

    private Problem? CheckJobs(FlowGraph graph, JobType?[] known, Caller caller)
    {
        var (unknown, unserved, forbidden) = (new List<ProblemError>(), new List<ProblemError>(), new List<ProblemError>());
        for (var i = 0; i < known.Length; i++)
        {
            var job = graph.Jobs[i];
            if (known[i] is null && !options.Value.AcceptUnknownTypes) Add(unknown, $"/jobs/{i}/type", $"No silo has, or has had, a handler for the type '{job.Type}'.");
            if (_queues.Count > 0 && !_queues.Contains(job.Queue!)) Add(unserved, $"/jobs/{i}/queue", $"The queue '{job.Queue}' is not one of those served.");
            if (!caller.MayUse(job.Queue!)) Add(forbidden, $"/jobs/{i}/queue", $"This key is not good for the queue '{job.Queue}'.");
        }

        return unknown.Count > 0 ? Problem.OfMembers(ProblemTypes.UnknownType, unknown)
            : unserved.Count > 0 ? Problem.OfMembers(ProblemTypes.UnknownQueue, unserved)
            : forbidden.Count > 0 ? Problem.OfMembers(ProblemTypes.Forbidden, forbidden)
            : null;

        static void Add(List<ProblemError> errors, string pointer, string detail)
        {
            if (errors.Count < Problem.MaxErrors) errors.Add(new(pointer, detail));
        }
    }

    /// <summary>Holds the arguments against their types' schemas as far as they are there: what a reference brings is seen when it comes.</summary>
    private static Problem? CheckArgs(FlowGraph graph, JobType?[] known, SchemaBudget budget)
    {
        var errors = new List<ProblemError>();
        for (var i = 0; i < known.Length && errors.Count < Problem.MaxErrors; i++)
        {
            var args = graph.Jobs[i].Args;
            budget.IsTemplate = args is { } template && GraphTemplate.IsTemplate(template);
            var schema = known[i]?.Args ?? ArgsSchema.Anything;
            schema.Check(args is { } given ? JsonMarshal.GetRawUtf8Value(given) : NoArgs, $"/jobs/{i}/args", errors, budget);
        }

        return errors.Count > 0 ? Problem.OfMembers(ProblemTypes.InvalidArgs, [.. errors.Take(Problem.MaxErrors)]) : null;
    }

    private JobSubmission Build(FlowGraph graph, FlowEnvelope envelope, Caller caller, string? derivedId)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(bytes)) GraphWriter.Write(writer, graph);
        var job = new JobSubmission
        {
            Id = envelope.Id ?? derivedId ?? JobIds.NewBesideOthers(grid.Info?.Partitions, time),
            Type = FlowGraph.JobType,
            Queue = FlowGraph.RunQueue,
            Priority = FlowGraph.RunPriority,
            Args = bytes.WrittenSpan.ToArray(),
            Retention = envelope.Retention,
            DeadlineAfter = envelope.Deadline,
            Tags = [.. envelope.Tags, .. QueueTags(graph, caller)],
            TraceParent = Activity.Current?.Id,
            Owner = ReferenceEquals(caller, Caller.Anonymous) ? null : caller.Id,
        };
        return envelope.Id is null && derivedId is null ? job : job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }

    /// <summary>A flow's own queue is nobody's. Who is good for some queues only sees it by those that its jobs use.</summary>
    private static IEnumerable<JobTag> QueueTags(FlowGraph graph, Caller caller) => caller.IsLimited
        ? graph.Jobs.Select(job => job.Queue!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select((queue, index) => new JobTag($"{Caller.FlowQueueTag}{index}", queue))
        : [];
}

/// <summary>What a flow says beside its graph.</summary>
internal sealed record FlowEnvelope(string? Id, long? Retention, long? Deadline, JobTag[] Tags)
{
    private const double MaxSeconds = 1e11;

    public static FlowEnvelope Read(JsonElement json, List<SubmissionProblem> problems)
    {
        string? id = null;
        JobTag[] tags = [];
        if (json.ValueKind != JsonValueKind.Object) return new(id, null, null, tags);
        if (json.TryGetProperty("id", out var idJson))
        {
            if (idJson.ValueKind == JsonValueKind.String) id = idJson.GetString();
            else problems.Add(new("/id", "It must be a string."));
        }

        if (json.TryGetProperty("tags", out var tagsJson)) tags = GraphReader.Tags(tagsJson, "/tags", problems);
        foreach (var tag in tags.Where(tag => SubmissionRules.IsReserved(tag.Name)))
            problems.Add(new(GraphPointer.Of("/tags", tag.Name), $"Tags of flows that begin with '{JobIds.DerivedPrefix}' are the grid's own."));
        return new(id, Seconds("retention"), Seconds("deadline"), tags);

        long? Seconds(string member)
        {
            if (!json.TryGetProperty(member, out var value)) return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && Math.Abs(seconds) < MaxSeconds)
                return (long)(seconds < 0 ? Math.Floor(seconds * 1000) : Math.Ceiling(seconds * 1000));
            problems.Add(new($"/{member}", "It must be a number of seconds."));
            return null;
        }
    }
}
