using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>Reading one job: its status, its result, its arguments.</summary>
internal sealed class StatusEndpoints(JobGrid grid, JobWaits waits, TimeProvider time)
{
    /// <summary>The id in the address; one that cannot name a job names none.</summary>
    /// <exception cref="ProblemException">404</exception>
    public static string IdOf(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && JobIds.IsValid(id) ? id : throw new ProblemException(Problem.NoSuchJob);

    public async Task GetAsync(HttpContext context)
    {
        var status = await waits.StatusAsync(context, IdOf(context));
        Show(status, context);
        await StatusAnswer.SendAsync(context, status!, time.GetUtcNow());
    }

    /// <summary>The handler's JSON as it is, once there is one.</summary>
    public async Task GetResultAsync(HttpContext context)
    {
        var id = IdOf(context);
        var job = await waits.StatusAsync(context, id);
        if (job is null && WasOurs(id)) throw new ProblemException(new(ProblemTypes.Gone, "The job was deleted, or its retention is over."));
        Show(job, context);
        switch (job!.State)
        {
            case JobState.Success:
                StatusAnswer.SetHeaders(context.Response, job, time.GetUtcNow());
                context.Response.ContentType = "application/json";
                var result = job.Result is { Length: > 0 } json ? json : "null"u8.ToArray();
                context.Response.ContentLength = result.Length;
                await context.Response.BodyWriter.WriteAsync(result, context.RequestAborted);
                break;
            case JobState.Failure:
                throw new ProblemException(new(ProblemTypes.JobFailed, job.Error?.Message ?? "") { Code = job.Error?.Code ?? JobErrorCodes.Error });
            case JobState.Revoked:
                throw new ProblemException(new(ProblemTypes.JobCancelled, job.Message) { Code = "cancelled" });
            default:
                await StatusAnswer.SendAsync(context, job, time.GetUtcNow(), StatusCodes.Status202Accepted);
                break;
        }
    }

    /// <summary>The arguments as they were submitted.</summary>
    public async Task GetArgsAsync(HttpContext context)
    {
        var id = IdOf(context);
        var partition = await grid.PartitionAsync(id);
        if (Caller.Of(context).IsLimited) Show(await partition.Get(id), context);
        var args = await partition.GetArgs(id) ?? throw new ProblemException(Problem.NoSuchJob);
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = args.Length;
        await context.Response.BodyWriter.WriteAsync(args, context.RequestAborted);
    }

    /// <summary>Jobs of queues that a key is not good for do not exist for it, nor do others than its own for a watch token.</summary>
    public static void Show(JobStatus? job, HttpContext context)
    {
        if (job is null || !Visibility.MaySee(context, job)) throw new ProblemException(Problem.NoSuchJob);
    }

    // Ids of ours are made only for jobs that are then accepted, so one that is not there has been there.
    private static bool WasOurs(string id) => Guid.TryParseExact(id, "D", out var guid) && guid.Version == 7;
}
