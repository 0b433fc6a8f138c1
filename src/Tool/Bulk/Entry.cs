using System.Text.Json;
using System.Text.Unicode;

namespace OrleansJobs.Tool.Bulk;

/// <summary>A line with a submit, or what is wrong with it that needs no gateway to be seen.</summary>
/// <param name="HasId">It has an id of its own, by which it may be sent again. It goes without a key: the gateway takes one of them.</param>
internal readonly record struct Entry(long Line, ReadOnlyMemory<byte> Bytes, bool HasId, string? Mistake)
{
    public const int LongestLine = 1024 * 1024;

    // How deep it may be the gateway knows better.
    private static readonly JsonDocumentOptions Lax = new() { MaxDepth = 1000 };

    public static Entry Of(Line line)
    {
        if (line.IsTooLong) return Wrong(line, $"It is longer than {LongestLine / 1024} KiB.");
        // For one that is not, the gateway would refuse all that come with it.
        if (!Utf8.IsValid(line.Bytes.Span)) return Wrong(line, "It is not UTF-8.");
        try
        {
            using var json = JsonDocument.Parse(line.Bytes, Lax);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? new(line.Number, line.Bytes, json.RootElement.TryGetProperty("id"u8, out _), null)
                : Wrong(line, "It is no object with the members of a submit.");
        }
        catch (InvalidOperationException)
        {
            return Wrong(line, "It has half of a surrogate pair in the name of a member.");
        }
        catch (JsonException exception)
        {
            // The number of the line that it speaks of is 0: it knows this one alone.
            return Wrong(line, $"It is not JSON: {exception.Message.Split(" LineNumber:")[0]}{(exception.BytePositionInLine is { } place ? $" (byte {place + 1})" : "")}");
        }
    }

    private static Entry Wrong(Line line, string mistake) => new(line.Number, default, false, mistake);
}
