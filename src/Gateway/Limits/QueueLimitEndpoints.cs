using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Keys;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Limits;

/// <summary>Limits of queues, over all keys and silos. A change holds in all of the grid when it is answered.</summary>
internal sealed class QueueLimitEndpoints(JobGrid grid, BodyReader bodies, Audit audit)
{
    private const int LimitsBytes = 4096;

    public Task GetAsync(HttpContext context) => AnswerAsync(context, NameOf(context));

    public async Task PutAsync(HttpContext context)
    {
        var queue = NameOf(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } unfit) throw new ProblemException(unfit);
        QueueLimits limits;
        using (var body = await bodies.ReadAsync(context, LimitsBytes)) limits = KeyRuleReader.ReadLimits(body.Span);
        var answer = await ChangeAsync(context, "put", queue, null, limits);
        await AnswerAsync(context, queue, answer.Outcome == KeyOutcome.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var queue = NameOf(context);
        var answer = await ChangeAsync(context, "delete", queue, ReasonReader.OfQuery(context.Request), null);
        if (answer.Outcome == KeyOutcome.NotFound) throw new ProblemException(new(ProblemTypes.QueueLimitsNotFound, $"No limits were put of '{queue}'."));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<KeyAnswer> ChangeAsync(HttpContext context, string what, string queue, string? reason, QueueLimits? limits)
    {
        var info = await grid.InfoAsync();
        var home = grid.QueueLimits(QueueLimitQuestions.HomeOf(queue, info.Partitions));
        var answer = await audit.QueueLimitsAsync(context, what, queue, reason, () => home.ChangeQueueLimits(queue, limits));
        return answer.Outcome switch
        {
            KeyOutcome.Rejected => throw new ProblemException(SubmissionBuilder.OfRules(answer.Problems)),
            KeyOutcome.Full => throw new ProblemException(new(ProblemTypes.Overloaded, answer.Reason ?? "The grid is full.") { RetryAfter = TimeSpan.FromSeconds(10) }),
            KeyOutcome.Unavailable => throw new ProblemException(new(ProblemTypes.Unavailable, answer.Reason ?? "Not every partition has answered.") { RetryAfter = TimeSpan.FromSeconds(1) }),
            _ => answer,
        };
    }

    private async Task AnswerAsync(HttpContext context, string queue, int status = StatusCodes.Status200OK)
    {
        var info = await grid.InfoAsync();
        var limits = await QueueLimitQuestions.GetAsync(grid.QueueLimits, queue, info.Partitions);
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        KeyJson.Write(json.Writer, limits);
        await json.SendAsync(context.Response);
    }

    private static string NameOf(HttpContext context)
    {
        var queue = (string)context.Request.RouteValues["name"]!;
        if (!SubmissionRules.IsName(queue)) throw new ProblemException(new(ProblemTypes.NotFound, $"A queue's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (SubmissionRules.IsReserved(queue)) throw new ProblemException(new(ProblemTypes.Forbidden, $"The queue '{queue}' is the grid's own, which nobody limits."));
        if (!Caller.Of(context).MayUse(queue)) throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the queue '{queue}'."));
        return queue;
    }
}
