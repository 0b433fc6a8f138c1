using System.Net;
using System.Net.Http.Headers;

namespace OrleansJobs.HttpCalls;

/// <summary>What came of a call.</summary>
/// <param name="IsCut">The answer was longer than what is read of it.</param>
/// <param name="RetryAfter">When to call again, where the answer says so.</param>
internal sealed record HttpAnswer(HttpStatusCode Status, Dictionary<string, string> Headers, string? MediaType, byte[] Body, bool IsCut, TimeSpan? RetryAfter)
{
    private const int MaxHeader = 1024;

    /// <summary>What is between the two ends of a connection, or between a server and a browser.</summary>
    private static readonly HashSet<string> Unsaid = new(StringComparer.OrdinalIgnoreCase)
    {
        "connection", "keep-alive", "transfer-encoding", "trailer", "upgrade", "set-cookie", "alt-svc", "strict-transport-security", "server", "date", "via",
    };

    public static HttpAnswer Of(HttpResponseMessage answer, byte[] body, bool isCut, DateTimeOffset now) => new(
        answer.StatusCode,
        answer.Headers.Concat(answer.Content.Headers).Where(header => !Unsaid.Contains(header.Key)).Select(header => (Name: header.Key.ToLowerInvariant(), Value: string.Join(", ", header.Value)))
            .Where(header => header.Value.Length <= MaxHeader).ToDictionary(header => header.Name, header => header.Value, StringComparer.Ordinal),
        answer.Content.Headers.ContentType?.MediaType, body, isCut, DelayOf(answer.Headers.RetryAfter, now));

    /// <summary>Whoever asks for longer is asked again then.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private static TimeSpan? DelayOf(RetryConditionHeaderValue? said, DateTimeOffset now) =>
        (said?.Delta ?? (said?.Date is { } date ? date > now ? date - now : TimeSpan.Zero : null)) is { } delay ? delay < LongestDelay ? delay : LongestDelay : null;
}
