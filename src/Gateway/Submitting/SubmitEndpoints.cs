using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Submitting;

/// <summary><c>POST /jobs</c> and its short form <c>POST /jobs/{type}</c>.</summary>
internal sealed class SubmitEndpoints(
    JobGrid grid, IJobClient client, BodyReader bodies, SubmissionBuilder builder, JobWaits waits, WatchTokens tokens, OwnAddress address, TimeProvider time)
{
    /// <summary>Another job has the unique value of the one that was submitted, and is the answer.</summary>
    public const string CoalescedHeader = "Coalesced";

    /// <summary>What a submit may have around its arguments.</summary>
    public const int EnvelopeBytes = 16 << 10;

    public async Task SubmitAsync(HttpContext context) => await AnswerAsync(context, await SubmitEnvelopeAsync(context));

    /// <summary>The body is the arguments; an empty one is an empty object.</summary>
    public async Task SubmitShortAsync(HttpContext context) =>
        await AnswerAsync(context, await SubmitArgsAsync(context, (string)context.Request.RouteValues["type"]!));

    /// <summary>Submits a job whose arguments are the body, and leaves the answer to the caller.</summary>
    /// <exception cref="ProblemException">It was not accepted.</exception>
    public async Task<JobStatus> SubmitArgsAsync(HttpContext context, string type)
    {
        var (declared, headers) = (context.Request.ContentLength, context.Request.Headers);
        var mayHaveBody = declared is > 0 || headers.TransferEncoding.Count > 0 || headers.ContentEncoding.Count > 0;
        if (mayHaveBody && ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var info = await grid.InfoAsync();
        using var body = await bodies.ReadAsync(context, info.Limits.MaxArgsBytes);
        // Over HTTP/2 a body needs no header that announces it.
        if (!mayHaveBody && body.Length > 0 && ContentRules.Check(context.Request, ContentRules.Json) is { } unannounced) throw new ProblemException(unannounced);
        var request = ReadArgs(body.Span);
        request.Type = type;
        return await SubmitAsync(context, request, body.Memory, "", info.Limits);
    }

    private async Task<JobStatus> SubmitEnvelopeAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var info = await grid.InfoAsync();
        using var body = await bodies.ReadAsync(context, info.Limits.MaxArgsBytes + EnvelopeBytes);
        return await SubmitAsync(context, ReadRequest(body.Span), body.Memory, "/args", info.Limits);
    }

    private async Task<JobStatus> SubmitAsync(HttpContext context, SubmitRequest request, ReadOnlyMemory<byte> body, string argsPointer, JobLimits limits)
    {
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var (job, problem) = await builder.BuildAsync(request, body, argsPointer, Caller.Of(context), key, limits, builder.BudgetFor(body.Length));
        if (problem is not null) throw new ProblemException(problem);

        // Not cancelled when the client hangs up: what was asked for goes on, and the same question again finds it.
        var receipt = await client.SubmitAsync(job!, CancellationToken.None);
        if (SubmitProblem.Of(receipt, key is not null) is { } refused) throw new ProblemException(refused);
        if (receipt.Outcome == SubmitOutcome.Coalesced) context.Response.Headers[CoalescedHeader] = "true";
        if (receipt.Outcome == SubmitOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        return receipt.Status!;
    }

    /// <summary>202 and where the job stands; 200 where it has ended while the client waited.</summary>
    public async Task AnswerAsync(HttpContext context, JobStatus accepted)
    {
        var status = await waits.AfterSubmitAsync(context, accepted);
        context.Response.Headers.Location = address.Of(context, $"/jobs/{status.Id}");
        var finishedInTime = status.IsFinished && waits.WasAskedFor(context);
        await StatusAnswer.SendAsync(context, status, time.GetUtcNow(),
            finishedInTime ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, tokens.Of(status));
    }

    private static SubmitRequest ReadRequest(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body, StrictJson.EnvelopeDepth);
        try
        {
            reader.Read();
            var request = SubmitRequestReader.Read(ref reader);
            StrictJson.ExpectEnd(ref reader);
            return request;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static SubmitRequest ReadArgs(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return new();
        var reader = StrictJson.Reader(body);
        try
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var args = start..(int)reader.BytesConsumed;
            StrictJson.ExpectEnd(ref reader);
            return new() { Args = args };
        }
        catch (JsonException exception)
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }
}
