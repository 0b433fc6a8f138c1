using Microsoft.AspNetCore.Authorization;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Acting;

/// <summary><c>POST /jobs:act</c>: retries, cancels, removes or runs now many jobs. What is answered is the job that does it.</summary>
internal sealed class ActEndpoint(JobGrid grid, IJobClient client, BodyReader bodies, SubmitEndpoints submits, Audit audit, IAuthorizationService authorization, TimeProvider time)
{
    /// <summary>As many ids as may come, of the greatest length, and what is around them.</summary>
    public const int MaxBytes = 192 << 10;

    public async Task ActAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var caller = Caller.Of(context);
        var order = await ReadAsync(context, caller);
        if (order.Filter is { } filter && (filter.Args ?? filter.Error) is not null && !(await authorization.AuthorizeAsync(context.User, context, Policies.Read)).Succeeded)
            throw new ProblemException(Problem.OfMember(ProblemTypes.Forbidden, filter.Args is null ? "/filter/error" : "/filter/args", "How many jobs have a text tells what is in them: the key needs the scope 'read'."));
        var info = await grid.InfoAsync();
        var asked = ActionArgs.Of(order, Audit.Order(context, null).By, caller.IsLimited ? [.. caller.Queues] : null);
        var id = key is null ? JobIds.NewBesideOthers(info.Partitions, time) : JobIds.FromKey(await grid.IdSecretAsync(), caller.Id, key);
        var queues = caller.IsLimited ? await ReachAsync(order, caller, info) : null;
        var args = asked with { Queues = queues };
        var job = args.Submission(id, ActionReach.TagsOf(queues ?? []));
        if (job.Args.Length > info.Limits.MaxArgsBytes)
            throw new ProblemException(Problem.OfMember(ProblemTypes.TooLarge, order.Ids is null ? "/filter" : "/ids", $"An action is a job, whose arguments may have at most {info.Limits.MaxArgsBytes} bytes: name fewer ids."));
        // By what was asked for: jobs that it removes are gone when it is sent again, and their queues are not known any more.
        if (key is not null) job = job with { Fingerprint = SubmissionFingerprint.Of(asked.Submission(id, [])) };
        var receipt = await audit.ActionAsync(context, args, () => client.SubmitAsync(job, CancellationToken.None));
        if (SubmitProblem.Of(receipt, key is not null) is { } refused) throw new ProblemException(refused);
        if (receipt.Outcome == SubmitOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        await submits.AnswerAsync(context, receipt.Status!);
    }

    /// <summary>The queues that it acts on, of those that the caller is good for, and for which one must be good to see it: no more than a job can have tags.</summary>
    private async Task<string[]> ReachAsync(JobActionOrder order, Caller caller, GridInfo info)
    {
        if (order.Filter is { Queue: { } queue }) return [queue];
        if (caller.Queues.Count <= JobLimits.MaxTags) return [.. caller.Queues];
        var jobs = await Task.WhenAll(order.Ids!.Distinct(StringComparer.Ordinal).GroupBy(id => JobIds.PartitionOf(id, info.Partitions)).Select(here => grid.Partition(here.First(), info).GetListed([.. here])));
        string[] queues = [.. jobs.SelectMany(job => job).OfType<JobStatus>().Where(caller.MaySee).SelectMany(ActionReach.QueuesOf).Distinct(StringComparer.Ordinal)];
        if (queues.Length > JobLimits.MaxTags)
            throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/ids", $"The jobs are of {queues.Length} queues; a key of more than {JobLimits.MaxTags} names jobs of at most {JobLimits.MaxTags} queues at a time."));
        // Of none that there is: whoever asked is to see that, all the same.
        return queues.Length > 0 ? queues : [caller.Queues[0]];
    }

    private async Task<JobActionOrder> ReadAsync(HttpContext context, Caller caller)
    {
        using var body = await bodies.ReadAsync(context, MaxBytes);
        return ActReader.Read(body.Span, caller);
    }
}
