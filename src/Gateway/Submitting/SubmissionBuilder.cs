using System.Diagnostics;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Keys;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Schemas;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Turns what a client says into what the grid takes, or into a problem that says what is wrong with it.</summary>
internal sealed class SubmissionBuilder(JobGrid grid, JobTypeCatalogue types, IOptions<JobGatewayOptions> options, TimeProvider time)
{
    private static readonly byte[] NoArgs = "{}"u8.ToArray();

    private readonly HashSet<string> _queues = [.. options.Value.Queues];

    /// <param name="body">What <see cref="SubmitRequest.Args"/> points into.</param>
    /// <param name="argsPointer">Where the arguments stand in the body: <c>/args</c>, or nothing where they are the body.</param>
    /// <param name="idempotencyKey">Null: none was given.</param>
    /// <param name="budget">What checking arguments may still cost the request.</param>
    /// <param name="place">In the batch that came under the key; null where it came alone.</param>
    public async ValueTask<(JobSubmission? Job, Problem? Problem)> BuildAsync(
        SubmitRequest request, ReadOnlyMemory<byte> body, string argsPointer, Caller caller, string? idempotencyKey, JobLimits limits, SchemaBudget budget, int? place = null)
    {
        if (request.Id is not null && idempotencyKey is not null) request.Wrong("/id", "Give an id or an Idempotency-Key, not both.");
        if ((SubmissionRules.CheckOwnId(request.Id) ?? SubmissionRules.CheckOwnNames(request.Type, request.Queue)) is { } reserved) request.Wrong(reserved.Pointer, reserved.Detail);
        if (request.Id is not null && (request.Key is not null || request.Unique is not null)) request.Wrong("/id", KeyRules.OwnId);
        if (request.Errors.Count > 0) return (null, Problem.OfMembers(ProblemTypes.InvalidMember, request.Errors));
        var type = SubmissionRules.IsName(request.Type) ? await types.FindAsync(request.Type!) : null;
        SubmissionProblem? unkeyed = null;
        if (request.Key is null && type?.Defaults.Key is { } template)
        {
            if (request.Id is not null) return (null, Problem.OfMember(ProblemTypes.InvalidMember, "/id", KeyRules.OwnIdOfType(request.Type!, template.Text)));
            if (template.TryFill(request.Args is { } args ? body[args] : NoArgs, argsPointer, out var key, out unkeyed)) request.Key = key;
        }

        if (request.Key is not null) request.Weight ??= type?.Info.Weight;
        var derived = idempotencyKey is null || request.Key is not null || request.Unique is not null ? null : JobIds.FromKey(await grid.IdSecretAsync(), caller.Id, idempotencyKey, place);
        var job = Build(request, body.Span, type, caller, derived);
        if (request.Key is not null || request.Unique is not null || request.Weight is not null)
            job = KeyedSubmission.Of(job, request, await grid.InfoAsync(), idempotencyKey is null ? null : (await grid.IdSecretAsync(), caller.Id, idempotencyKey, place), time);
        if (job.Unique is not null && caller.IsLimited) job = job with { KeepsToQueue = true };
        var problem = Check(job, request, type, argsPointer, caller, limits, budget);
        // What is wrong with the arguments by their schema says more.
        if (problem is null && unkeyed is not null) problem = Problem.OfMember(ProblemTypes.InvalidArgs, unkeyed.Pointer, unkeyed.Detail);
        if (problem is null && caller.IsLimited && job.After.Length > 0) problem = await CheckAfterAsync(job, caller);
        return problem is null ? (job, null) : (null, problem);
    }

    /// <summary>Checks a job that is to be submitted later, whose queue and key are the request's or else the type's.</summary>
    /// <param name="args">What its key is made of.</param>
    /// <returns>The job with its queue and key.</returns>
    public async ValueTask<(JobSubmission Job, Problem? Problem)> CheckAsync(
        JobSubmission job, byte[] args, SubmitRequest request, Caller caller, JobLimits limits, long bytes)
    {
        var type = SubmissionRules.IsName(job.Type) ? await types.FindAsync(job.Type) : null;
        job = job with { Queue = request.Queue ?? type?.Info.Queue ?? JobLimits.DefaultQueue };
        SubmissionProblem? unkeyed = null;
        if (job.Key is null && type?.Defaults.Key is { } template && template.TryFill(args, "/args", out var key, out unkeyed)) job = job with { Key = key };
        if (job.Key is not null) job = job with { Weight = job.Weight ?? type?.Info.Weight };
        var problem = Check(job, request, type, "/args", caller, limits, BudgetFor(bytes));
        return (job, problem ?? (unkeyed is null ? null : Problem.OfMember(ProblemTypes.InvalidArgs, unkeyed.Pointer, unkeyed.Detail)));
    }

    private JobSubmission Build(SubmitRequest request, ReadOnlySpan<byte> body, JobType? type, Caller caller, string? derivedId)
    {
        var job = new JobSubmission
        {
            Id = request.Id ?? derivedId ?? JobIds.NewBesideOthers(grid.Info?.Partitions, time),
            Type = request.Type!,
            Args = request.Args is { } args ? body[args].ToArray() : NoArgs,
            Queue = request.Queue ?? type?.Info.Queue ?? JobLimits.DefaultQueue,
            Priority = request.Priority ?? JobLimits.DefaultPriority,
            Countdown = request.Countdown,
            Eta = request.Eta,
            ExpiresAfter = request.ExpiresAfter,
            ExpiresAt = request.ExpiresAt,
            DeadlineAfter = request.DeadlineAfter,
            DeadlineAt = request.DeadlineAt,
            Attempts = request.Attempts,
            Timeout = request.Timeout,
            Retention = request.Retention,
            Tags = request.Tags,
            After = request.After,
            CancelIfUnmet = request.CancelIfUnmet,
            Notify = request.Notify,
            TraceParent = Activity.Current?.Id,
            Owner = ReferenceEquals(caller, Caller.Anonymous) ? null : caller.Id,
        };
        // An id of ours is fresh: the partition need not look whether it knows it.
        return request.Id is null && derivedId is null ? job : job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }

    private Problem? Check(JobSubmission job, SubmitRequest request, JobType? type, string argsPointer, Caller caller, JobLimits limits, SchemaBudget budget)
    {
        var broken = SubmissionRules.Check(job, limits, time.GetUtcNow());
        if (broken.Length > 0) return OfRules(broken);
        if (type is null && !options.Value.AcceptUnknownTypes)
            return Problem.OfMember(ProblemTypes.UnknownType, "/type", $"No silo has, or has had, a handler for the type '{job.Type}'.");
        if (_queues.Count > 0 && !_queues.Contains(job.Queue))
            return Problem.OfMember(ProblemTypes.UnknownQueue, "/queue", $"The queue '{job.Queue}' is not one of those served.");
        if (!caller.MayUse(job.Queue)) return Problem.OfMember(ProblemTypes.Forbidden, "/queue", $"This key is not good for the queue '{job.Queue}'.");

        var errors = new List<ProblemError>();
        var schema = type?.Args ?? ArgsSchema.Anything;
        try
        {
            schema.Check(job.Args, argsPointer, errors, budget);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            return StrictJson.Malformed(exception, request.Args is null ? "The body" : "A string in the arguments");
        }

        return errors.Count > 0 ? Problem.OfMembers(ProblemTypes.InvalidArgs, errors) : null;
    }

    /// <summary>What lies in queues that a key is not good for does not exist for it.</summary>
    public async Task<Problem?> CheckAfterAsync(JobSubmission job, Caller caller)
    {
        var info = await grid.InfoAsync();
        var named = await Task.WhenAll(job.After.Select(after => grid.Partition(after.Job, info).Get(after.Job)));
        var errors = new List<ProblemError>();
        for (var i = 0; i < named.Length && errors.Count < Problem.MaxErrors; i++)
        {
            if (named[i] is { } status && !caller.MaySee(status)) errors.Add(new($"/after/{i}", $"There is no job '{status.Id}', or no longer."));
        }

        return errors.Count > 0 ? Problem.OfMembers(ProblemTypes.InvalidMember, errors) : null;
    }

    /// <summary>For the arguments of one request, whose body is so long.</summary>
    public SchemaBudget BudgetFor(long bytes) => new(bytes, time);

    /// <summary>The rules that a submission breaks, as the answer to it.</summary>
    public static Problem OfRules(IReadOnlyList<SubmissionProblem> broken) => Problem.OfMembers(
        broken.Any(problem => problem.TooLarge) ? ProblemTypes.TooLarge : ProblemTypes.InvalidMember,
        [.. broken.Take(Problem.MaxErrors).Select(problem => new ProblemError(problem.Pointer, problem.Detail))]);
}
