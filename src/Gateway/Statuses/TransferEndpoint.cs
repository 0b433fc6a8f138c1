using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary><c>POST /jobs/{id}/queue</c>: a waiting job goes into another queue. It is in the store before it is answered.</summary>
internal sealed class TransferEndpoint(JobGrid grid, BodyReader bodies, Audit audit, IOptions<JobGatewayOptions> options, TimeProvider time)
{
    private const int MaxBytes = 4096;

    public async Task TransferAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } wrong) throw new ProblemException(wrong);
        var (queue, reason) = await ReadAsync(context);
        var partition = await grid.PartitionAsync(id);
        // Whoever does not see the job is not told either which queues there are.
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await partition.Get(id), context);
        if (RefusalOf(queue, Caller.Of(context)) is { } refused) throw new ProblemException(refused);

        var change = await audit.JobAsync(context, $"transfer to {queue}", id, reason, order => partition.Transfer(id, queue, order));
        if (ProblemOf(change) is { } problem) throw new ProblemException(problem);
        var status = change.Status ?? await partition.Get(id) ?? throw new ProblemException(Problem.NoSuchJob);
        await StatusAnswer.SendAsync(context, status, time.GetUtcNow(), StatusCodes.Status200OK);
    }

    /// <summary>As of a submit.</summary>
    private Problem? RefusalOf(string queue, Caller caller) =>
        SubmissionRules.CheckOwnNames(null, queue) is { } own ? Problem.OfMember(ProblemTypes.InvalidMember, own.Pointer, own.Detail)
        : options.Value.Queues is { Count: > 0 } served && !served.Contains(queue) ? Problem.OfMember(ProblemTypes.UnknownQueue, "/queue", $"The queue '{queue}' is not one of those served.")
        : !caller.MayUse(queue) ? Problem.OfMember(ProblemTypes.Forbidden, "/queue", $"This key is not good for the queue '{queue}'.")
        : null;

    private async Task<(string Queue, string? Reason)> ReadAsync(HttpContext context)
    {
        using var body = await bodies.ReadAsync(context, MaxBytes);
        try
        {
            return Read(body.Span);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static (string Queue, string? Reason) Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with a queue.");
        string? queue = null;
        string? reason = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            if (name is not ("queue" or "reason")) throw Wrong(StrictJson.Segment(name), "There is no such member.");
            if (name == "queue" ? queue is not null : reason is not null) throw Wrong("/" + name, "It is given twice.");
            reader.Read();
            if (name == "queue") queue = reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && SubmissionRules.IsName(text) ? text : throw Wrong("/queue", $"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
            else reason = reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: <= ReasonReader.MaxLength } why ? why : throw Wrong("/reason", $"It must be a string of at most {ReasonReader.MaxLength} characters.");
        }

        StrictJson.ExpectEnd(ref reader);
        return (queue ?? throw Wrong("/queue", "It must be given."), reason);
    }

    private static Problem? ProblemOf(JobChange change) => change.Outcome switch
    {
        JobChangeOutcome.Done => null,
        JobChangeOutcome.NotFound => Problem.NoSuchJob,
        JobChangeOutcome.WrongState => new(ProblemTypes.WrongState, $"The job has its queue for good. {change.Reason}".TrimEnd()),
        _ => new(ProblemTypes.Unavailable, "The store did not answer in time; it may or may not have happened. Ask again.") { RetryAfter = TimeSpan.FromSeconds(1) },
    };

    private static ProblemException Wrong(string pointer, string detail) => new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
