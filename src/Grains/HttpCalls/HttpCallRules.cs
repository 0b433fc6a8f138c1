using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using OrleansJobs.Hosting;

namespace OrleansJobs.HttpCalls;

/// <summary>What a call is to be, and what its answer means for the job. Pure.</summary>
internal static class HttpCallRules
{
    public const int MaxHeaders = 64;
    private const int MaxHeaderLength = 8192;
    private const int MaxSaid = 500;

    /// <summary>Bytes of a result that are neither headers nor body.</summary>
    private const int RoomForNames = 128;

    /// <summary>Bytes that one character takes at most, as an escape.</summary>
    private const int MostGrowth = 6;

    /// <summary>The connection's own, or what decides whom the call reaches.</summary>
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive", "proxy-authorization", "proxy-connection",
        ReportToken.AddressHeader, ReportToken.TokenHeader,
    };

    /// <exception cref="GiveUpException">It cannot be called like that.</exception>
    public static HttpRequestMessage RequestOf(HttpCall call, HostList hosts, HttpCallOptions options)
    {
        if (HostList.Read(call.Url, out var wrong) is null) throw Bad($"'url': {wrong}");
        if (hosts.Check(call.Url, out var refused) is not { } uri) throw new GiveUpException(refused!, null, HttpCallErrors.HostNotAllowed);
        var method = call.Method?.ToUpperInvariant() ?? (call.Body is null ? "GET" : "POST");
        if (method is not ("GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS")) throw Bad("'method' is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.");
        if (call.Timeout is { } timeout && !(timeout > 0 && timeout <= options.MaxTimeout.TotalSeconds)) throw Bad($"'timeout' is more than 0 and at most {options.MaxTimeout.TotalSeconds:0} seconds.");
        if (call.Headers?.Count > MaxHeaders) throw Bad($"'headers' are at most {MaxHeaders}.");
        var request = new HttpRequestMessage(new HttpMethod(method), uri);
        if (call.Body is { } body) request.Content = new ByteArrayContent(BytesOf(body, call.Headers) ?? throw Bad("'body' is no text that could be sent."));
        foreach (var (name, value) in call.Headers ?? [])
        {
            if (OwnHeaders.Contains(name)) throw Bad($"The header '{name}' is not a caller's to set.");
            if (value is null || value.Length > MaxHeaderLength || value.AsSpan().ContainsAnyExceptInRange(' ', '~')) throw Bad($"The header '{name}' has no value that could be sent.");
            if (!(IsOfContent(name) ? request.Content?.Headers.TryAddWithoutValidation(name, value) ?? true : request.Headers.TryAddWithoutValidation(name, value)))
                throw Bad($"'{name}' is no name of a header.");
        }

        if (request.Content is { Headers.ContentType: null } content) content.Headers.TryAddWithoutValidation("content-type", "application/json");
        return request;
    }

    /// <summary>How the job goes on.</summary>
    public static HttpVerdict VerdictOf(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => HttpVerdict.Done,
        408 or 425 or 429 or >= 500 => HttpVerdict.Again,
        _ => HttpVerdict.Refused,
    };

    /// <summary>What the job is told. The call was made: what came of it does not fail the job, however it is written.</summary>
    /// <param name="mostBytes">Of the result as it is written. Text grows by escapes: of what is longer than that the beginning is kept.</param>
    public static HttpResult ResultOf(HttpAnswer answer, int mostBytes)
    {
        // Half of it is the body's.
        var (headers, wereCut) = HeadersThatFit(answer.Headers, (mostBytes - RoomForNames) / 2);
        var room = mostBytes - BytesOf(headers) - RoomForNames;
        if (answer.Body.Length == 0) return Of(null, answer.IsCut);
        if (JsonOf(answer, room) is { } json) return Of(json, answer.IsCut);
        var text = Encoding.UTF8.GetString(answer.Body);
        var fits = LengthThatFits(text, room);
        return Of(JsonSerializer.SerializeToElement(text[..fits]), answer.IsCut || fits < text.Length);

        HttpResult Of(JsonElement? body, bool isCut) => new() { Status = (int)answer.Status, Headers = headers, Body = body, Truncated = isCut || wereCut ? true : null };
    }

    /// <summary>Without the largest, where they are too many.</summary>
    private static (Dictionary<string, string> Headers, bool WereCut) HeadersThatFit(Dictionary<string, string> headers, int room)
    {
        if (BytesOf(headers) <= room) return (headers, false);
        var kept = new Dictionary<string, string>(headers);
        foreach (var (name, _) in headers.OrderByDescending(header => header.Key.Length + header.Value.Length))
        {
            kept.Remove(name);
            if (BytesOf(kept) <= room) break;
        }

        return (kept, true);
    }

    private static int BytesOf(Dictionary<string, string> headers) => JsonSerializer.SerializeToUtf8Bytes(headers, JobJson.Options).Length;

    public static string TextOf(HttpAnswer answer)
    {
        var said = Plain(Encoding.UTF8.GetString(answer.Body.AsSpan(0, Math.Min(answer.Body.Length, MaxSaid)))).Trim();
        return $"The answer was {(int)answer.Status}{(answer.Headers.TryGetValue("location", out var location) ? $" to {PlaceOf(location)}, which is not followed" : "")}{(said.Length > 0 ? $": {said}" : ".")}";
    }

    /// <summary>What stands in logs: the other side ends no line there, and begins none.</summary>
    private static string Plain(string text) => string.Create(text.Length, text, static (plain, text) =>
    {
        for (var i = 0; i < text.Length; i++) plain[i] = char.IsControl(text[i]) || char.GetUnicodeCategory(text[i]) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format ? ' ' : text[i];
    });

    /// <summary>Without its query and fragment, which may hold what lets somebody in.</summary>
    private static string PlaceOf(string location) => Plain(location.IndexOfAny(['?', '#']) is >= 0 and var end ? location[..end] : location);

    private static GiveUpException Bad(string message) => new(message, null, JobErrorCodes.BadArgs);

    private static bool IsOfContent(string name) => name.StartsWith("content-", StringComparison.OrdinalIgnoreCase) || name.Equals("expires", StringComparison.OrdinalIgnoreCase) ||
        name.Equals("last-modified", StringComparison.OrdinalIgnoreCase) || name.Equals("allow", StringComparison.OrdinalIgnoreCase);

    /// <summary>A text goes as it is where its type is said to be something other than JSON.</summary>
    /// <returns>Null: it holds half a character.</returns>
    private static byte[]? BytesOf(JsonElement body, Dictionary<string, string>? headers)
    {
        var type = headers?.FirstOrDefault(header => header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase)).Value;
        if (body.ValueKind is not JsonValueKind.String || type is null || IsJson(type.Split(';')[0].Trim())) return Encoding.UTF8.GetBytes(body.GetRawText());
        try
        {
            return Encoding.UTF8.GetBytes(body.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsJson(string? mediaType) =>
        mediaType is not null && (mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>JSON as such; null where it is none, or none that could be written again.</summary>
    private static JsonElement? JsonOf(HttpAnswer answer, int room)
    {
        if (!IsJson(answer.MediaType) || answer.IsCut) return null;
        try
        {
            var reader = new Utf8JsonReader(answer.Body, new JsonReaderOptions { MaxDepth = JobJson.MaxDepth - 1 });
            var body = JsonElement.ParseValue(ref reader);
            if (reader.BytesConsumed != answer.Body.Length && reader.Read()) return null;
            // Half a character, as an escape can say it, is found out here and not where the result is written.
            return JsonSerializer.SerializeToUtf8Bytes(body, JobJson.Options).Length <= room ? body : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // What it is, then.
            return null;
        }
    }

    /// <summary>How much of a text can be written as JSON in so many bytes.</summary>
    private static int LengthThatFits(string text, int room)
    {
        if (text.Length * (long)MostGrowth <= room) return text.Length;
        var (fits, written) = (0, 2);
        while (fits < text.Length)
        {
            var length = Math.Min(text.Length - fits, 1024);
            // No pair is torn.
            if (length > 1 && char.IsHighSurrogate(text[fits + length - 1])) length--;
            written += JsonEncodedText.Encode(text.AsSpan(fits, length), JobJson.Options.Encoder).EncodedUtf8Bytes.Length;
            if (written > room) break;
            fits += length;
        }

        return fits;
    }
}

internal enum HttpVerdict
{
    Done,

    /// <summary>It may be answered otherwise later.</summary>
    Again,

    /// <summary>It will be answered like that tomorrow too.</summary>
    Refused,
}
