using System.Net;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tool.Gateway;

/// <summary>The gateway did not do what it was asked.</summary>
internal sealed class GatewayException : Exception
{
    private GatewayException(string message, int exitCode, bool isTransient, Exception? inner = null) : base(message, inner)
    {
        ExitCode = exitCode;
        IsTransient = isTransient;
    }

    public int ExitCode { get; }

    /// <summary>The same request may be answered otherwise later.</summary>
    public bool IsTransient { get; }

    /// <summary>The gateway's own words, where they are problem+json.</summary>
    public JsonElement? Problem { get; private init; }

    /// <summary>Too much was asked for within a time: nothing was done.</summary>
    public bool IsRate { get; private init; }

    /// <summary>What answered is no gateway: what a gateway behind it did is not known.</summary>
    public bool IsForeign { get; private init; }

    /// <summary>The gateway takes less at a time.</summary>
    public bool IsTooLarge => Problem?.Text("type") == "urn:orleansjobs:problem:too-large";

    /// <summary>How long the gateway asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public static GatewayException Unreachable(Uri url, Exception exception) =>
        new($"The gateway at {url} cannot be reached: {exception.Message}", ExitCodes.Unavailable, isTransient: true, exception);

    public static GatewayException Silent(Uri url, TimeSpan after) =>
        new($"The gateway at {url} did not answer within {after.TotalSeconds:0} s.", ExitCodes.Unavailable, isTransient: true);

    /// <summary>What answers is no gateway.</summary>
    public static GatewayException Foreign(Uri url, string what) =>
        new($"What answers at {url} does not speak as a gateway does: {what}", ExitCodes.Unavailable, isTransient: false) { IsForeign = true };

    public static async Task<GatewayException> OfAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var problem = await ReadProblemAsync(response, cancellation);
        var transient = status is 408 or 429 or >= 500;
        return new GatewayException(Describe(status, response.ReasonPhrase, problem), ExitCodeOf(status), transient)
        {
            Problem = problem,
            IsRate = status == 429,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    public static int ExitCodeOf(int status) => status switch
    {
        (int)HttpStatusCode.Unauthorized or (int)HttpStatusCode.Forbidden => ExitCodes.NotAllowed,
        (int)HttpStatusCode.NotFound or (int)HttpStatusCode.Gone => ExitCodes.NotFound,
        408 or 429 or >= 500 => ExitCodes.Unavailable,
        _ => ExitCodes.Refused,
    };

    public static string Describe(int status, string? reason, JsonElement? problem)
    {
        if (problem is not { } said) return $"The gateway answered {status} {reason}.";
        var text = new StringBuilder($"{said.Text("title") ?? reason} ({status})");
        var errors = said.Items("errors").ToList();
        if (errors.Count == 0 && said.Text("detail") is { } detail) text.Append('\n').Append(detail);
        foreach (var error in errors) text.Append('\n').Append(error.Text("pointer") ?? error.Text("parameter")).Append(": ").Append(error.Text("detail"));
        return text.ToString();
    }

    private static async Task<JsonElement?> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType is not ("application/problem+json" or "application/json")) return null;
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(await response.Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
            return body.ValueKind == JsonValueKind.Object ? body : null;
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
        {
            return null;
        }
    }
}
