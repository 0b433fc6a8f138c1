using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>Reads the small body <c>{"reason": "..."}</c> that changes take, or none at all.</summary>
internal sealed class ReasonReader(BodyReader bodies)
{
    public const int MaxLength = 256;
    private const int MaxBytes = 4096;

    /// <summary>The reason of a request that has no body, from the parameter <c>reason</c>.</summary>
    /// <exception cref="ProblemException">400: it is too long, or given twice.</exception>
    public static string? OfQuery(HttpRequest request)
    {
        if (!request.Query.TryGetValue("reason", out var reason)) return null;
        if (reason.Count > 1) throw new ProblemException(Problem.OfQuery("reason", "It must be given once."));
        return reason.ToString() is { Length: <= MaxLength } text ? text : throw new ProblemException(Problem.OfQuery("reason", $"It may have at most {MaxLength} characters."));
    }

    public async Task<string?> ReadAsync(HttpContext context)
    {
        // Over HTTP/2 a body needs no header that announces it, so whether there is one is seen by reading at the latest.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return null;
        using var body = await bodies.ReadAsync(context, MaxBytes);
        if (body.Length == 0) return null;
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        return Read(body.Span);
    }

    private static string? Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with a reason.");
            string? reason = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (!reader.ValueTextEquals("reason"u8)) throw Wrong(StrictJson.Segment(reader.GetString()!), "There is no such member.");
                if (reason is not null) throw Wrong("/reason", "It is given twice.");
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) throw Wrong("/reason", "It must be a string.");
                reason = reader.GetString()!;
                if (reason.Length > MaxLength) throw Wrong("/reason", $"It may have at most {MaxLength} characters.");
            }

            StrictJson.ExpectEnd(ref reader);
            return reason;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static ProblemException Wrong(string pointer, string detail) =>
        new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
