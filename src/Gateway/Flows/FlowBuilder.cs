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
    private static readonly JsonElement NoElement = JsonElement.Parse("{}");

    private readonly HashSet<string> _queues = [.. options.Value.Queues];

    /// <param name="bytes">The length of the body.</param>
    public async ValueTask<(JobSubmission? Job, Problem? Problem)> BuildAsync(JsonElement json, int bytes, Caller caller, string? idempotencyKey, JobLimits limits)
    {
        var problems = new List<SubmissionProblem>();
        var graph = GraphReader.Read(json, problems, FlowEnvelope.Members);
        var envelope = FlowEnvelope.Read(json, problems);
        graph = GraphKeys.With(graph, envelope.Key, envelope.KeyWeight);
        if (envelope.Id is not null && idempotencyKey is not null) problems.Add(new("/id", "Give an id or an Idempotency-Key, not both."));
        if (SubmissionRules.CheckOwnId(envelope.Id) is { } reserved) problems.Add(reserved);
        if (problems.Count == 0) problems.AddRange(GraphRules.Check(graph, limits, time.GetUtcNow()));
        if (problems.Count > 0) return (null, SubmissionBuilder.OfRules(problems));

        (graph, var refused) = await CheckAsync(graph, bytes, caller, isScheduled: false);
        if (refused is not null) return (null, refused);
        var job = Build(graph, envelope, caller, idempotencyKey is null ? null : JobIds.FromKey(await grid.IdSecretAsync(), caller.Id, idempotencyKey));
        var broken = SubmissionRules.Check(job, limits, time.GetUtcNow());
        // The flow's arguments are the flow.
        if (broken.Length > 0) return (null, SubmissionBuilder.OfRules([.. broken.Select(problem => problem.Pointer == "/args" ? problem with { Pointer = "" } : problem)]));
        return caller.IsLimited && job.After.Length > 0 && await submissions.CheckAfterAsync(job, caller) is { } unseen ? (null, unseen) : (job, null);
    }

    /// <summary>Checks the graph that a schedule runs at each of its instants.</summary>
    /// <param name="json">With the instant where it is to stand.</param>
    /// <param name="tags">How many the schedule has of its own.</param>
    /// <returns>The arguments of its occurrences, and tags that they have beside the schedule's own.</returns>
    public async ValueTask<(byte[] Args, JobTag[] Tags, Problem? Problem)> BuildScheduledAsync(byte[] json, int tags, Caller caller, JobLimits limits)
    {
        var problems = ScheduledFlow.Check(json, limits, time.GetUtcNow()).ToList();
        if (problems.Count > 0) return ([], [], SubmissionBuilder.OfRules(problems));
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth });
        var (graph, refused) = await CheckAsync(GraphReader.Read(document.RootElement, problems), json.Length, caller, isScheduled: true);
        // Whoever puts it: who may use all of its queues sees it, as with a schedule of jobs, also when somebody who is good for more has changed it. Where nobody is told from others, all see all.
        if (refused is null) return (Write(graph), ReferenceEquals(caller, Caller.Anonymous) ? [] : ScheduledTags(graph, tags, caller), null);
        return ([], [], Problem.OfMembers(refused.Type, [.. refused.Errors.Select(error => error with { Pointer = ScheduledFlow.Pointer + error.Pointer })]));
    }

    /// <returns>The graph with the queues of its jobs.</returns>
    private async ValueTask<(FlowGraph Graph, Problem? Problem)> CheckAsync(FlowGraph graph, int bytes, Caller caller, bool isScheduled)
    {
        var known = await Task.WhenAll(graph.Jobs.Select(job => types.FindAsync(job.Type).AsTask()));
        // What queue and key a type has is said now, so that they are those that were checked.
        graph = graph with { Jobs = [.. graph.Jobs.Zip(known, OfItsType)] };
        return (graph, CheckJobs(graph, known, caller) ?? CheckArgs(graph, known, submissions.BudgetFor(bytes), isScheduled) ?? CheckKeys(graph));
    }

    private static GraphJob OfItsType(GraphJob job, JobType? type)
    {
        var key = job.Key ?? type?.Defaults.Key?.Text;
        return job with
        {
            Queue = job.Queue ?? type?.Info.Queue ?? JobLimits.DefaultQueue,
            Key = key,
            KeyWeight = job.KeyWeight ?? (key is null ? null : type?.Info.Weight),
        };
    }

    /// <summary>Keys that are made of arguments, as far as those are there: of what a reference brings nothing is known yet.</summary>
    private static Problem? CheckKeys(FlowGraph graph)
    {
        var errors = new List<ProblemError>();
        for (var i = 0; i < graph.Jobs.Count; i++)
        {
            var job = graph.Jobs[i];
            if (job.Key is not { } text || !KeyTemplate.TryParse(text, out var template, out _) || template.IsConstant) continue;
            var args = job.Args ?? NoElement;
            if (GraphKeys.DependsOnOthers(template, args) || template.TryFill(args, $"/jobs/{i}/args", out _, out var problem)) continue;
            if (errors.Count < Problem.MaxErrors) errors.Add(new(problem.Pointer, problem.Detail));
        }

        return errors.Count > 0 ? Problem.OfMembers(ProblemTypes.InvalidArgs, errors) : null;
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
    private static Problem? CheckArgs(FlowGraph graph, JobType?[] known, SchemaBudget budget, bool isScheduled)
    {
        var errors = new List<ProblemError>();
        for (var i = 0; i < known.Length && errors.Count < Problem.MaxErrors; i++)
        {
            var args = graph.Jobs[i].Args;
            budget.IsTemplate = args is { } template && GraphTemplate.IsTemplate(template);
            var schema = known[i]?.Args ?? ArgsSchema.Anything;
            var bytes = args is { } given ? JsonMarshal.GetRawUtf8Value(given) : NoArgs;
            // With some instant where they refer to one.
            schema.Check(isScheduled ? ArgsTemplate.Fill(bytes.ToArray(), 0) : bytes, $"/jobs/{i}/args", errors, budget);
        }

        return errors.Count > 0 ? Problem.OfMembers(ProblemTypes.InvalidArgs, [.. errors.Take(Problem.MaxErrors)]) : null;
    }

    private JobSubmission Build(FlowGraph graph, FlowEnvelope envelope, Caller caller, string? derivedId)
    {
        var job = new JobSubmission
        {
            Id = envelope.Id ?? derivedId ?? JobIds.NewBesideOthers(grid.Info?.Partitions, time),
            Type = FlowGraph.JobType,
            Queue = FlowGraph.RunQueue,
            Priority = FlowGraph.RunPriority,
            Args = Write(graph),
            Retention = envelope.Retention,
            DeadlineAfter = envelope.DeadlineAfter,
            DeadlineAt = envelope.DeadlineAt,
            After = envelope.After,
            CancelIfUnmet = envelope.CancelIfUnmet,
            Notify = envelope.Notify,
            Tags = [.. envelope.Tags, .. QueueTags(graph, caller)],
            TraceParent = Activity.Current?.Id,
            Owner = ReferenceEquals(caller, Caller.Anonymous) ? null : caller.Id,
        };
        return envelope.Id is null && derivedId is null ? job : job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }

    private static byte[] Write(FlowGraph graph)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(bytes)) GraphWriter.Write(writer, graph);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>A flow's own queue is nobody's. Who is good for some queues only sees it by those that its jobs use.</summary>
    private static JobTag[] QueueTags(FlowGraph graph, Caller caller) => caller.IsLimited ? TagsOf(graph) : [];

    /// <summary>
    /// Who is good for all queues need not have said them: where there are more than a job has tags, only those see it who are good for all. Of some of them would be worse
    /// than of none, since who is good for these is not for the others.
    /// </summary>
    private static JobTag[] ScheduledTags(FlowGraph graph, int tags, Caller caller)
    {
        var queues = TagsOf(graph);
        return !caller.IsLimited && tags + queues.Length > JobLimits.MaxTags ? [] : queues;
    }

    private static JobTag[] TagsOf(FlowGraph graph) => ActionReach.TagsOf(graph.Jobs.Select(job => job.Queue!));
}
