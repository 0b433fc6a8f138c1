using System.Globalization;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>Arguments that refer to the instant: <c>{"$at":"scheduled"}</c>.</summary>
internal static class ArgsTemplate
{
    /// <summary>The arguments of one occurrence.</summary>
    public static byte[] Fill(byte[] args, long instant)
    {
        if (args.AsSpan().IndexOf("\"$at\""u8) < 0) return args;
        using var document = JsonDocument.Parse(args);
        var buffer = new MemoryStream(args.Length + 32);
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(writer, document.RootElement, Text(instant));
        return buffer.ToArray();
    }

    /// <summary>What is wrong with references in arguments; null where nothing is.</summary>
    public static string? MistakeOf(byte[] args)
    {
        if (args.AsSpan().IndexOf("\"$at\""u8) < 0) return null;
        try
        {
            using var document = JsonDocument.Parse(args);
            if (HasMistake(document.RootElement)) return "'$at' stands alone in its object and says 'scheduled': {\"$at\":\"scheduled\"}.";
            // As at each instant: names are read for it, and half a letter in one cannot be.
            Fill(args, 0);
            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "Arguments are JSON in whole letters.";
        }
    }

    /// <summary>An instant as RFC 3339 has it, in UTC.</summary>
    public static string Text(long instant) => DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime
        .ToString(instant % 1000 == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter writer, JsonElement element, string instant)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.TryGetProperty("$at"u8, out _):
                writer.WriteStringValue(instant);
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, instant);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) Write(writer, item, instant);
                writer.WriteEndArray();
                break;
            default:
                // As it was written: a number keeps its digits.
                writer.WriteRawValue(element.GetRawText(), skipInputValidation: true);
                break;
        }
    }

    private static bool HasMistake(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object when element.TryGetProperty("$at"u8, out var at) =>
            element.EnumerateObject().Count() != 1 || at.ValueKind != JsonValueKind.String || !at.ValueEquals("scheduled"u8),
        JsonValueKind.Object => element.EnumerateObject().Any(member => HasMistake(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(HasMistake),
        _ => false,
    };
}
