using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>The <c>Idempotency-Key</c> header: a quoted string as the IETF draft has it, or the bare text that most clients send.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotent-Replayed";
    public const int MaxLength = 255;

    /// <summary>The key, or null where none is given.</summary>
    /// <returns>A problem where it is given and is none.</returns>
    public static Problem? Read(HttpRequest request, out string? key)
    {
        key = null;
        if (!request.Headers.TryGetValue(Header, out var values) || values.Count == 0) return null;
        if (values.Count > 1) return Problem.OfHeader(Header, "It must be given once.");
        var text = values[0]!.Trim();
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"') text = text[1..^1];
        if (text.Length is 0 or > MaxLength || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('"'))
            return Problem.OfHeader(Header, $"It must be 1 to {MaxLength} visible ASCII characters, in quotes or without.");
        key = text;
        return null;
    }
}
