using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>Cancelling, retrying and deleting one job. Each is in the store before it is answered.</summary>
internal sealed class ChangeEndpoints(JobGrid grid, ReasonReader reasons, Audit audit, OwnAddress address, TimeProvider time)
{
    /// <summary>Ends a waiting job (200), asks a running one to stop (202). One that has ended stays as it is (200).</summary>
    public async Task CancelAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var reason = await reasons.ReadAsync(context);
        await GuardAsync(context, id);
        var change = await audit.JobAsync(context, "cancel", id, reason, order => grid.Job(id).Cancel(order));
        // Asking twice, or too late, is no mistake: the answer says how the job ended.
        if (change.Outcome != JobChangeOutcome.WrongState) Expect(change, "cancelled");
        var status = change.Status ?? await grid.Job(id).GetStatus() ?? throw new ProblemException(Problem.NoSuchJob);
        await StatusAnswer.SendAsync(context, status, time.GetUtcNow(), status.IsFinished ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    /// <summary>Runs a failed or cancelled job again: 202.</summary>
    public async Task RetryAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var reason = await reasons.ReadAsync(context);
        await GuardAsync(context, id);
        var partition = await grid.PartitionAsync(id);
        var change = await audit.JobAsync(context, "retry", id, reason, order => partition.Retry(id, order));
        Expect(change, "retried: only failed and cancelled jobs are");
        var status = change.Status ?? await partition.Get(id) ?? throw new ProblemException(Problem.NoSuchJob);
        context.Response.Headers.Location = address.Of(context, $"/jobs/{id}");
        await StatusAnswer.SendAsync(context, status, time.GetUtcNow(), StatusCodes.Status202Accepted);
    }

    /// <summary>Removes a finished job: 204.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var reason = ReasonReader.OfQuery(context.Request);
        await GuardAsync(context, id);
        var partition = await grid.PartitionAsync(id);
        Expect(await audit.JobAsync(context, "delete", id, reason, _ => partition.Delete(id)), "deleted: cancel it first");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Whose key is limited to queues must not touch what lies in others.</summary>
    private async Task GuardAsync(HttpContext context, string id)
    {
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await (await grid.PartitionAsync(id)).Get(id), context);
    }

    private static void Expect(JobChange change, string what) =>
        ChangeAnswer.Expect(change, refused => refused.Reason ?? $"A job that is {refused.Status?.State.Name} cannot be {what}.");
}
