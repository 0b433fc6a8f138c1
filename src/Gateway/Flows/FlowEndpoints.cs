using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Flows;

/// <summary><c>POST /flows</c>, and <c>GET /flows/{id}</c>.</summary>
internal sealed class FlowEndpoints(
    JobGrid grid, IJobClient client, BodyReader bodies, FlowBuilder builder, FlowReader reader, SubmitEndpoints submits, RateLimits rates)
{
    public async Task SubmitAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var info = await grid.InfoAsync();
        var job = await BuildAsync(context, key, info.Limits);
        var receipt = await client.SubmitAsync(job, CancellationToken.None);
        if (SubmitProblem.Of(receipt, key is not null) is { } refused) throw new ProblemException(refused);
        if (receipt.Outcome == SubmitOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        await submits.AnswerAsync(context, receipt.Status!);
    }

    /// <summary>The flow's jobs, with where each stands.</summary>
    public async Task GetAsync(HttpContext context)
    {
        var status = await grid.Job(StatusEndpoints.IdOf(context)).GetStatus();
        StatusEndpoints.Show(status, context);
        var view = await reader.ReadAsync(status!, Caller.Of(context));
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        FlowJson.Write(json.Writer, view);
        await json.SendAsync(context.Response);
    }

    private async Task<JobSubmission> BuildAsync(HttpContext context, string? key, JobLimits limits)
    {
        using var body = await bodies.ReadAsync(context, limits.MaxArgsBytes + SubmitEndpoints.EnvelopeBytes);
        using var json = Parse(body.Memory);
        try
        {
            var (job, problem) = await builder.BuildAsync(json.RootElement, body.Length, Caller.Of(context), key, limits);
            if (problem is not null) throw new ProblemException(problem);
            // The request itself has paid for one.
            rates.Take(context, json.RootElement.GetProperty("jobs").GetArrayLength() - 1);
            return job!;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth });
        }
        catch (JsonException exception)
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }
}
