using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Submitting;

/// <summary><c>POST /jobs/{id}/copy</c>: another job like this one, with what the body says otherwise.</summary>
internal sealed class CopyEndpoint(JobGrid grid, IJobClient client, BodyReader bodies, SubmissionBuilder builder, JobTypeCatalogue types, SubmitEndpoints submits, Audit audit)
{
    public async Task CopyAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var info = await grid.InfoAsync();
        using var body = await bodies.ReadAsync(context, info.Limits.MaxArgsBytes + SubmitEndpoints.EnvelopeBytes);
        var request = Read(context, body);
        var partition = grid.Partition(id, info);
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await partition.Get(id), context);
        var original = await partition.GetSubmission(id) ?? throw new ProblemException(Problem.NoSuchJob);
        var job = await BuildAsync(request, body.Memory, id, original, Caller.Of(context), key, info.Limits);
        // Not cancelled when the client hangs up: what was asked for goes on, and the same question again finds it.
        var receipt = await audit.CopyAsync(context, id, () => client.SubmitAsync(job, CancellationToken.None));
        if (SubmitProblem.Of(receipt, key is not null) is { } refused) throw new ProblemException(refused);
        if (receipt.Outcome == SubmitOutcome.Coalesced) context.Response.Headers[SubmitEndpoints.CoalescedHeader] = "true";
        if (receipt.Outcome == SubmitOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        await submits.AnswerAsync(context, receipt.Status!);
    }

    private async Task<JobSubmission> BuildAsync(SubmitRequest request, ReadOnlyMemory<byte> body, string id, JobSubmission original, Caller caller, string? key, JobLimits limits)
    {
        var type = await types.FindAsync(original.Type);
        CopyRules.Fill(request, id, original, hasKeyByType: type?.Defaults.Key is not null);
        var args = request.Args is null ? original.Args : body;
        request.Args ??= 0..original.Args.Length;
        var (job, problem) = await builder.BuildAsync(request, args, "/args", caller, key, limits, builder.BudgetFor(args.Length));
        if (problem is not null) throw new ProblemException(problem);
        // A policy of its own can be said by grain calls only.
        return original.Retry is { } retry && request.Attempts is null ? job! with { Retry = retry } : job!;
    }

    private static SubmitRequest Read(HttpContext context, BodyReader.Body body)
    {
        if (body.Length == 0) return new();
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var reader = StrictJson.Reader(body.Span, StrictJson.EnvelopeDepth);
        try
        {
            reader.Read();
            var request = SubmitRequestReader.Read(ref reader, isCopy: true);
            StrictJson.ExpectEnd(ref reader);
            return request;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }
}
