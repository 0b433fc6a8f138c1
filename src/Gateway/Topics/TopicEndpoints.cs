using System.Diagnostics;
using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Topics;

/// <summary><c>POST /topics/{key}</c>: a job for each binding that fits.</summary>
internal sealed class TopicEndpoints(JobGrid grid, IJobClient client, BodyReader bodies, TimeProvider time)
{
    public const string EventIdHeader = "Event-Id";

    /// <summary>What CloudEvents calls it where an event's members are headers.</summary>
    private const string CloudEventIdHeader = "ce-id";

    /// <summary>An event of CloudEvents 1.0, whose id is a member of it.</summary>
    private const string CloudEvent = "application/cloudevents+json";

    public async Task PublishAsync(HttpContext context)
    {
        BindingEndpoints.RefuseLimited(context);
        var key = (string?)context.Request.RouteValues["key"];
        if (!TopicPatterns.IsKey(key)) throw new ProblemException(new(ProblemTypes.NotFound, TopicPatterns.KeyForm));
        if (ContentRules.Check(context.Request, ContentRules.Json, CloudEvent) is { } unfit) throw new ProblemException(unfit);
        var info = await grid.InfoAsync();
        var (given, caller) = (IdOf(context.Request), Caller.Of(context));
        TopicEvent told;
        using (var body = await bodies.ReadAsync(context, TopicArgs.MostData(info.Limits)))
        {
            EnsureJson(body.Span);
            if (given is null && context.Request.ContentType?.StartsWith(CloudEvent, StringComparison.OrdinalIgnoreCase) == true) given = MemberOf(body.Memory);
            told = new()
            {
                Id = "", EventId = given ?? JobIds.New(time), Key = key!, Data = body.Span.ToArray(), IsFresh = given is null, TraceParent = Activity.Current?.Id,
                Owner = ReferenceEquals(caller, Caller.Anonymous) ? null : caller.Id,
            };
        }

        // Not cancelled when the client hangs up: what was asked for goes on, and the same id again finds it.
        var answer = await ((TopicClient)client.Topics).PublishAsync(caller.Id, told, CancellationToken.None);
        if (ProblemOf(answer, told) is { } problem) throw new ProblemException(problem);
        if (answer.Outcome == PublishOutcome.Replayed) context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        json.Writer.WriteStartObject();
        json.Writer.WriteString("event"u8, told.EventId);
        json.Writer.WriteString("key"u8, told.Key);
        json.Writer.WriteStartArray("jobs"u8);
        foreach (var job in answer.Jobs)
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteString("binding"u8, job.Binding);
            json.Writer.WriteString("id"u8, job.Id);
            json.Writer.WriteEndObject();
        }

        json.Writer.WriteEndArray();
        json.Writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    private static Problem? ProblemOf(PublishAnswer answer, TopicEvent told) => answer.Outcome switch
    {
        PublishOutcome.Accepted or PublishOutcome.Replayed => null,
        PublishOutcome.Conflict => new(ProblemTypes.EventIdTaken, $"Something else was published with the id '{told.EventId}'."),
        PublishOutcome.Rejected => SubmissionBuilder.OfRules(answer.Problems),
        PublishOutcome.Overloaded => new(ProblemTypes.Overloaded, answer.Reason ?? "The grid is full.") { RetryAfter = answer.RetryAfter ?? TimeSpan.FromSeconds(1) },
        _ => new(ProblemTypes.Unavailable, "The grid did not answer in time. Publish it again, with the same id if it had one.") { RetryAfter = TimeSpan.FromSeconds(1) },
    };

    private static string? IdOf(HttpRequest request)
    {
        foreach (var name in (string[])[EventIdHeader, CloudEventIdHeader])
        {
            if (!request.Headers.TryGetValue(name, out var values) || values.Count == 0) continue;
            if (values.Count == 1 && TopicEvent.IsEventId(values[0])) return values[0];
            throw new ProblemException(Problem.OfHeader(name, $"It must be given once: 1 to {TopicEvent.MaxIdLength} visible ASCII characters."));
        }

        return null;
    }

    private static string MemberOf(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth });
        if (document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String && TopicEvent.IsEventId(id.GetString()))
            return id.GetString()!;
        throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/id", $"An event of CloudEvents has an id: here 1 to {TopicEvent.MaxIdLength} visible ASCII characters."));
    }

    private static void EnsureJson(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        try
        {
            // Escapes too: half a surrogate pair could be stored, and written to nobody who listens.
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) _ = reader.GetString();
            StrictJson.ExpectEnd(ref reader);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }
}
