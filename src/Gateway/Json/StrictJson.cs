using System.Text.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Json;

/// <summary>JSON as this gateway takes it: RFC 8259, no comments, no trailing commas, nothing after the value, a bounded depth.</summary>
internal static class StrictJson
{
    /// <summary>Arguments may be as deep whether they come alone or inside of a submit.</summary>
    public const int EnvelopeDepth = 1;

    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json, int envelope = 0) =>
        new(json, new JsonReaderOptions { MaxDepth = JobJson.MaxDepth + envelope });

    /// <summary>Whether this is what reading broken JSON throws. Half of a surrogate pair, escaped, is found only where a string is read.</summary>
    public static bool IsMalformed(Exception exception) => exception is JsonException
        || (exception is InvalidOperationException && exception.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true);

    /// <summary>Where it is broken, without a word of the body: it comes from outside.</summary>
    public static Problem Malformed(Exception exception, string where = "The body") => new(ProblemTypes.MalformedJson, exception is JsonException json
        ? $"{where} is not JSON, or deeper than {JobJson.MaxDepth} levels: line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}."
        : $"{where} has a string that is no Unicode text.");

    /// <summary>Refuses whatever follows the value that has been read.</summary>
    public static void ExpectEnd(ref Utf8JsonReader reader)
    {
        // Throws where anything but white space follows.
        while (reader.Read())
        {
        }
    }

    /// <summary>A name as a segment of a JSON Pointer (RFC 6901), clipped, since it may come from outside.</summary>
    public static string Segment(string name)
    {
        const int MaxLength = 128;
        if (name.Length > MaxLength) name = name[..MaxLength] + "...";
        return "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }
}
