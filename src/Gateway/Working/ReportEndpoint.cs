using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary><c>POST /work/jobs/{id}/report</c>: somebody whom a job has called says what came of it.</summary>
internal sealed class ReportEndpoint(JobGrid grid, BodyReader bodies)
{
    public async Task ReportAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var id = (string?)context.Request.RouteValues["id"];
        if (!JobIds.IsValid(id)) throw new ProblemException(Problem.NoSuchJob);
        var info = await grid.InfoAsync();
        HeldReport said;
        using (var body = await bodies.ReadAsync(context, info.Limits.MaxResultBytes + WorkLimits.MaxReportEnvelope)) said = ReportReader.Read(body.Memory, info.Limits);
        if (ReportToken.Read(await grid.IdSecretAsync(), id!, context.Request.Headers[ReportToken.TokenHeader]) is not { } token)
            throw Stale($"The header {ReportToken.TokenHeader} is to hold the token of the call, which is good for this job alone.");
        var name = new WorkLeaseName(id!, token);
        var partition = grid.Reports(id!, info);
        var outcome = said.Progress is { } progress ? await partition.TellHeld(progress with { Lease = name }) : await partition.EndHeld(said.End! with { Lease = name });
        if (outcome is JobChangeOutcome.Unavailable)
            throw new ProblemException(new(ProblemTypes.Unavailable, "The store did not answer in time; the report may or may not have been kept. Send it again.") { RetryAfter = TimeSpan.FromSeconds(1) });
        if (outcome is not JobChangeOutcome.Done) throw Stale("Stop: the job goes on without this call, or has ended.");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static ProblemException Stale(string detail) => new(new(ProblemTypes.StaleLease, detail));
}
