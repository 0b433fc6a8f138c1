using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary>
/// <c>POST /work/jobs/{id}/children</c>: a worker starts jobs that its job waits for. They are checked as those of any submit are, and where its key names types,
/// they are of these.
/// </summary>
internal sealed class ChildrenEndpoint(JobGrid grid, BodyReader bodies, SubmissionBuilder builder, RateLimits rates, IOptions<JobGatewayOptions> options)
{
    public async Task StartAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var id = (string?)context.Request.RouteValues["id"];
        if (!JobIds.IsValid(id)) throw new ProblemException(Problem.NoSuchJob);
        var info = await grid.InfoAsync();
        ChildrenRequest request;
        long bytes;
        using (var body = await bodies.ReadAsync(context, options.Value.MaxWorkBytes)) (request, bytes) = (ChildrenReader.Read(body.Memory), body.Length);
        // The request itself has paid for one.
        rates.Take(context, request.Children.Length - 1);
        var caller = Caller.Of(context);
        var session = WorkEndpoints.SessionOf(request.Session, caller);
        var children = await BuildAsync(request.Children, caller, info.Limits, bytes);
        var memory = await grid.WorkSession(session).StartChildren(new(id!, request.Token), children);
        MemoryEndpoint.Refuse(memory, "/children");
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        json.Writer.WriteStartObject();
        json.Writer.WriteStartArray("children"u8);
        for (var i = 0; i < children.Length; i++)
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteString("name"u8, children[i].Name);
            json.Writer.WriteString("id"u8, memory.Ids[i]);
            json.Writer.WriteEndObject();
        }

        json.Writer.WriteEndArray();
        json.Writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    private async Task<WorkChild[]> BuildAsync(ChildRequest[] requests, Caller caller, JobLimits limits, long bytes)
    {
        var budget = builder.BudgetFor(bytes);
        var children = new WorkChild[requests.Length];
        for (var i = 0; i < requests.Length; i++)
        {
            var (name, weight, request, body) = requests[i];
            var (job, problem) = await builder.BuildAsync(request, body, "/args", caller, null, limits, budget);
            if (problem is null && !caller.MayRun(job!.Type)) problem = Problem.OfMember(ProblemTypes.Forbidden, "/type", $"This key is not good for the type '{job.Type}'.");
            if (problem is not null) throw new ProblemException(problem with { Errors = [.. problem.Errors.Select(error => error with { Pointer = $"/children/{i}/job{error.Pointer}" })] });
            children[i] = new WorkChild(name, job!, weight);
        }

        return children;
    }
}
