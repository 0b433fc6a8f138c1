using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Which bodies are taken: JSON in UTF-8, as it is. Compressed ones are not, so there is nothing to blow up.</summary>
internal static class ContentRules
{
    public const string Json = "application/json";
    public const string NdJson = "application/x-ndjson";

    /// <summary>Null where the content type is one of <paramref name="accepted"/> and nothing is encoded.</summary>
    public static Problem? Check(HttpRequest request, params ReadOnlySpan<string> accepted)
    {
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count > 0 && !IsIdentity(encoding)) return Unsupported("Content-Encoding is not supported; send the body as it is.");
        // The one that nearly everybody sends, without parsing it.
        if (request.ContentType == Json) return null;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return Unsupported($"Content-Type must be {string.Join(" or ", accepted!)}.");
        if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Unsupported("The charset must be utf-8.");
        foreach (var media in accepted)
        {
            if (type.MediaType.Equals(media, StringComparison.OrdinalIgnoreCase)) return null;
        }

        return Unsupported($"Content-Type must be {string.Join(" or ", accepted!)}.");
    }

    public static bool IsNdJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(NdJson, StringComparison.OrdinalIgnoreCase);

    private static bool IsIdentity(StringValues encoding) => encoding is [{ } one] && one.Equals("identity", StringComparison.OrdinalIgnoreCase);

    private static Problem Unsupported(string detail) => new(ProblemTypes.UnsupportedContent, detail);
}
