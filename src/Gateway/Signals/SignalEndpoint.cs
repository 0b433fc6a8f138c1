using Microsoft.AspNetCore.Http.Features;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Signals;

/// <summary><c>POST /jobs/{id}/signals/{name}</c>: something that a job waits for, or will. It is in the store before it is answered.</summary>
internal sealed class SignalEndpoint(JobGrid grid, BodyReader bodies, Audit audit)
{
    private static readonly byte[] Nothing = "null"u8.ToArray();
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(1);

    public async Task SendAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var name = NameOf(context);
        if (!SubmissionRules.IsSignalName(name))
            throw new ProblemException(new(ProblemTypes.NotFound, $"A signal's name is 1 to {JobLimits.MaxSignalNameLength} characters, none of them a control character."));
        if (IdempotencyKey.Read(context.Request, out var key) is { } wrong) throw new ProblemException(wrong);
        var signal = new JobSignal(name, await ReadAsync(context), key is null ? null : JobIds.FromKey(await grid.IdSecretAsync(), Caller.Of(context).Id, key));
        var partition = await grid.PartitionAsync(id);
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await partition.Get(id), context);

        var receipt = await audit.SignalAsync(context, id, name, () => partition.Signal(id, signal));
        if (Refusal(receipt) is { } refusal) throw new ProblemException(refusal);
        if (receipt.Outcome == SignalOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        await AnswerAsync(context, id, name);
    }

    /// <summary>The name as it was sent: in what the server has decoded, a slash that belongs to it is still encoded, and looks like one that is meant so.</summary>
    private static string NameOf(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        return Uri.UnescapeDataString(target[(target.LastIndexOf('/') + 1)..]);
    }

    private static Task AnswerAsync(HttpContext context, string id, string name)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        json.Writer.WriteStartObject();
        json.Writer.WriteString("job"u8, id);
        json.Writer.WriteString("signal"u8, name);
        json.Writer.WriteEndObject();
        return json.SendAsync(context.Response);
    }

    /// <summary>The body as it is; none counts as null.</summary>
    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        var limits = (await grid.InfoAsync()).Limits;
        using var body = await bodies.ReadAsync(context, limits.MaxArgsBytes);
        if (body.Length == 0) return Nothing;
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        return Value(body.Span);
    }

    private static byte[] Value(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        try
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var value = body[start..(int)reader.BytesConsumed].ToArray();
            StrictJson.ExpectEnd(ref reader);
            return value;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static Problem? Refusal(SignalReceipt receipt) => receipt.Outcome switch
    {
        SignalOutcome.Accepted or SignalOutcome.Replayed => null,
        SignalOutcome.NotFound => Problem.NoSuchJob,
        SignalOutcome.Ended => new(ProblemTypes.WrongState, receipt.Reason ?? "The job has ended: nobody would take the signal."),
        SignalOutcome.Full => new(ProblemTypes.SignalsFull, receipt.Reason ?? "The job has to take some of its signals first.") { RetryAfter = ShortWait },
        _ => new(ProblemTypes.Unavailable, "The store did not answer in time; the signal may or may not have been kept. Send it again, with the same Idempotency-Key if it had one.")
        {
            RetryAfter = ShortWait,
        },
    };
}
