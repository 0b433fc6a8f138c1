using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary><c>POST /jobs/{id}/due</c>: a waiting job runs now, or at another time. It is in the store before it is answered.</summary>
internal sealed class MoveEndpoint(JobGrid grid, BodyReader bodies, Audit audit, TimeProvider time)
{
    private const int MaxBytes = 4096;

    /// <param name="Due">Null: now.</param>
    private readonly record struct Move(DateTimeOffset? Due, string Member, string? Reason);

    public async Task MoveAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var move = await ReadAsync(context);
        var limits = (await grid.InfoAsync()).Limits;
        if (move.Due > time.GetUtcNow() + limits.MaxDelay) throw Wrong("/" + move.Member, $"A job is due at most {limits.MaxDelay.TotalDays:0} days ahead.");
        var partition = await grid.PartitionAsync(id);
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await partition.Get(id), context);

        var change = await audit.JobAsync(context, "move", id, move.Reason, order => partition.Move(id, move.Due, order));
        await ChangeAnswer.SendAsync(context, change, partition, id, time, "The job cannot be moved.");
    }

    private async Task<Move> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return default;
        using var body = await bodies.ReadAsync(context, MaxBytes);
        if (body.Length == 0) return default;
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        try
        {
            return Read(body.Span);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private Move Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with eta or countdown, or nothing: now.");
        var move = new Move(null, "", null);
        var seen = new HashSet<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            if (name is not ("eta" or "countdown" or "reason")) throw Wrong(StrictJson.Segment(name), "There is no such member.");
            if (!seen.Add(name)) throw Wrong("/" + name, "It is given twice.");
            reader.Read();
            move = name switch
            {
                "eta" => move with { Due = Eta(ref reader), Member = name },
                "countdown" => move with { Due = Countdown(ref reader), Member = name },
                _ => move with { Reason = Reason(ref reader) },
            };
        }

        StrictJson.ExpectEnd(ref reader);
        return seen.Contains("eta") && seen.Contains("countdown") ? throw Wrong("/eta", "Give countdown or eta, not both.") : move;
    }

    private static DateTimeOffset Eta(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && Instants.TryParse(reader.GetString()!, out var instant)
        ? instant
        : throw Wrong("/eta", "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");

    private DateTimeOffset Countdown(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var seconds)) throw Wrong("/countdown", "It must be a number of seconds.");
        // What is further ahead than any limit is told so by the limit.
        return seconds >= 0 ? time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(seconds, 1e9)) : throw Wrong("/countdown", "A countdown is not negative.");
    }

    private static string Reason(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: <= ReasonReader.MaxLength } reason
        ? reason
        : throw Wrong("/reason", $"It must be a string of at most {ReasonReader.MaxLength} characters.");

    private static ProblemException Wrong(string pointer, string detail) => new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
