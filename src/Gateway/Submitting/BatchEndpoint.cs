using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Submitting;

/// <summary><c>POST /jobs:batch</c>: many submits in one request, each with its own answer.</summary>
internal sealed class BatchEndpoint(
    JobGrid grid, IJobClient client, BodyReader bodies, SubmissionBuilder builder, WatchTokens tokens, RateLimits rates, IOptions<JobGatewayOptions> options)
{
    public async Task SubmitAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json, ContentRules.NdJson) is { } problem) throw new ProblemException(problem);
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var info = await grid.InfoAsync();
        var answers = await SubmitAsync(context, key, info.Limits);
        var json = JsonBuffer.Rent();
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteNumber("accepted"u8, answers.Count(answer => answer.Problem is null));
        writer.WriteStartArray("items"u8);
        foreach (var (job, refused, coalesced) in answers)
        {
            writer.WriteStartObject();
            writer.WriteNumber("status"u8, refused?.Type.Status ?? StatusCodes.Status202Accepted);
            if (refused is null)
            {
                if (coalesced) writer.WriteBoolean("coalesced"u8, true);
                writer.WritePropertyName("job"u8);
                // A repeated batch may find as many results as it has jobs.
                StatusJson.WriteListed(writer, job!, tokens.Of(job!));
            }
            else
            {
                writer.WritePropertyName("problem"u8);
                refused.Write(writer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    private async Task<(JobStatus? Job, Problem? Problem, bool Coalesced)[]> SubmitAsync(HttpContext context, string? key, JobLimits limits)
    {
        using var body = await bodies.ReadAsync(context, options.Value.MaxBatchBytes);
        var items = ContentRules.IsNdJson(context.Request) ? BatchReader.ReadLines(body.Span, limits.MaxBatch) : BatchReader.ReadArray(body.Span, limits.MaxBatch);
        // The request itself has paid for one.
        rates.Take(context, items.Count - 1);

        var caller = Caller.Of(context);
        var budget = builder.BudgetFor(body.Span.Length);
        var answers = new (JobStatus? Job, Problem? Problem, bool Coalesced)[items.Count];
        var (jobs, places) = (new List<JobSubmission>(items.Count), new List<int>(items.Count));
        for (var i = 0; i < items.Count; i++)
        {
            var (request, problem) = items[i];
            JobSubmission? job = null;
            // One key for the batch is one for each of its places.
            if (problem is null) (job, problem) = await builder.BuildAsync(request!, body.Memory, "/args", caller, key, limits, budget, i);
            answers[i] = (null, problem, false);
            if (job is null) continue;
            jobs.Add(job);
            places.Add(i);
        }

        if (jobs.Count == 0) return answers;
        var receipts = await client.SubmitManyAsync(jobs, CancellationToken.None);
        for (var i = 0; i < places.Count; i++) answers[places[i]] = (receipts[i].Status, SubmitProblem.Of(receipts[i], key is not null), receipts[i].Outcome == SubmitOutcome.Coalesced);
        return answers;
    }
}
