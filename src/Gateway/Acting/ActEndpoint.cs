using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Acting;

/// <summary><c>POST /jobs:act</c>: retries, cancels, removes or runs now many jobs. What is answered is the job that does it.</summary>
internal sealed class ActEndpoint(JobGrid grid, IJobClient client, BodyReader bodies, SubmitEndpoints submits, Audit audit, TimeProvider time)
{
    /// <summary>As many ids as may come, of the greatest length, and what is around them.</summary>
    public const int MaxBytes = 192 << 10;

    public async Task ActAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var caller = Caller.Of(context);
        var order = await ReadAsync(context, caller);
        var args = ActionArgs.Of(order, Audit.Order(context, null).By, caller.IsLimited ? [.. caller.Queues] : null);
        var job = args.Submission(
            key is null ? JobIds.NewBesideOthers((await grid.InfoAsync()).Partitions, time) : JobIds.FromKey(await grid.IdSecretAsync(), caller.Id, key), ActionReach.TagsOf(!caller.IsLimited ? [] : order.Filter is { Queue: { } queue } ? [queue] : caller.Queues));
        if (key is not null) job = job with { Fingerprint = SubmissionFingerprint.Of(job) };
        var receipt = await audit.ActionAsync(context, args, () => client.SubmitAsync(job, CancellationToken.None));
        if (SubmitProblem.Of(receipt, key is not null) is { } refused) throw new ProblemException(refused);
        if (receipt.Outcome == SubmitOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        await submits.AnswerAsync(context, receipt.Status!);
    }

    private async Task<JobActionOrder> ReadAsync(HttpContext context, Caller caller)
    {
        using var body = await bodies.ReadAsync(context, MaxBytes);
        return ActReader.Read(body.Span, caller);
    }
}
