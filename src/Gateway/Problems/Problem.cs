using System.Globalization;
using System.Text.Json;
using OrleansJobs.Gateway.Json;

namespace OrleansJobs.Gateway.Problems;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Pointer">JSON Pointer into the body; null where it is not about the body.</param>
/// <param name="Parameter">The name of a query parameter or header; null where it is about the body.</param>
internal readonly record struct ProblemError(string? Pointer, string Detail, string? Parameter = null);

/// <summary>An answer that says why not, as <c>application/problem+json</c>.</summary>
internal sealed record Problem(ProblemType Type, string Detail)
{
    public const string ContentType = "application/problem+json";

    /// <summary>Mistakes that one answer lists; the rest shows once these are mended.</summary>
    public const int MaxErrors = 20;

    public IReadOnlyList<ProblemError> Errors { get; init; } = [];
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>For a failed job: its error code.</summary>
    public string? Code { get; init; }

    public static Problem OfMembers(ProblemType type, IReadOnlyList<ProblemError> errors) => new(type, Sentence(errors)) { Errors = errors };

    public static Problem OfMember(ProblemType type, string pointer, string detail) => OfMembers(type, [new(pointer, detail)]);

    public static Problem OfQuery(string parameter, string detail) =>
        new(ProblemTypes.InvalidQuery, detail) { Errors = [new(null, detail, parameter)] };

    public static Problem OfHeader(string header, string detail) =>
        new(ProblemTypes.InvalidHeader, detail) { Errors = [new(null, detail, header)] };

    public static Problem NoSuchSchedule { get; } = new(ProblemTypes.ScheduleNotFound, "There is none of this id, or no longer.");

    public static Problem NoSuchJob { get; } =
        new(ProblemTypes.JobNotFound, "It was never accepted, was deleted, or its retention is over.");

    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted) return Task.CompletedTask;
        response.StatusCode = Type.Status;
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var json = JsonBuffer.Rent();
        Write(json.Writer);
        return json.SendAsync(response, ContentType);
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, Type.Uri);
        writer.WriteString("title"u8, Type.Title);
        writer.WriteNumber("status"u8, Type.Status);
        writer.WriteString("detail"u8, Detail);
        if (Code is not null) writer.WriteString("code"u8, Code);
        if (Errors.Count > 0)
        {
            writer.WriteStartArray("errors"u8);
            foreach (var error in Errors)
            {
                writer.WriteStartObject();
                if (error.Pointer is not null) writer.WriteString("pointer"u8, error.Pointer);
                if (error.Parameter is not null) writer.WriteString("parameter"u8, error.Parameter);
                writer.WriteString("detail"u8, error.Detail);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static string Sentence(IReadOnlyList<ProblemError> errors) => errors.Count switch
    {
        0 => "",
        1 => errors[0].Pointer is { Length: > 0 } pointer ? $"{pointer}: {errors[0].Detail}" : errors[0].Detail,
        _ => $"{errors.Count} members are wrong; see errors.",
    };
}

/// <summary>Carries a problem out of the middle of a request; for paths where a return value would have to pass many hands.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}
