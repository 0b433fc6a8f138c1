using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Keys;

/// <summary>Reads <c>unique</c>: <c>true</c>, or what it is unique by, until when, and what becomes of a second one.</summary>
internal static class UniqueReader
{
    private const double MaxMilliseconds = long.MaxValue / 2;

    /// <returns>Without a value where the submit gives none.</returns>
    public static JobUnique? Read(ref Utf8JsonReader reader, SubmitRequest request)
    {
        if (reader.TokenType == JsonTokenType.True) return new();
        if (reader.TokenType == JsonTokenType.False) return null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            request.Wrong("/unique", "It must be true, or an object with value, until, seconds, on and longest.");
            reader.Skip();
            return null;
        }

        var unique = new JobUnique();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!seen.Add(name)) request.Wrong("/unique" + StrictJson.Segment(name), "It is given twice.");
            unique = ReadMember(ref reader, name, unique, request);
        }

        return unique;
    }

    private static JobUnique ReadMember(ref Utf8JsonReader reader, string name, JobUnique unique, SubmitRequest request)
    {
        switch (name)
        {
            case "value": return unique with { Value = Text(ref reader, name, request) };
            case "until": return unique with { Until = (UniqueUntil)Choice(ref reader, name, UniqueWords.Until, request) };
            case "on": return unique with { On = (UniqueOn)Choice(ref reader, name, UniqueWords.On, request) };
            case "seconds": return unique with { For = Seconds(ref reader, name, request) };
            case "longest": return unique with { Longest = Seconds(ref reader, name, request) };
            default:
                request.Wrong("/unique" + StrictJson.Segment(name), "There is no such member.");
                reader.Skip();
                return unique;
        }
    }

    private static string? Text(ref Utf8JsonReader reader, string name, SubmitRequest request)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        request.Wrong("/unique/" + name, "It must be a string.");
        reader.Skip();
        return null;
    }

    private static int Choice(ref Utf8JsonReader reader, string name, string[] words, SubmitRequest request)
    {
        var index = reader.TokenType == JsonTokenType.String ? Array.IndexOf(words, reader.GetString()) : -1;
        if (index >= 0) return index;
        request.Wrong("/unique/" + name, $"It must be {string.Join(", ", words[..^1])} or {words[^1]}.");
        reader.Skip();
        return 0;
    }

    private static long? Seconds(ref Utf8JsonReader reader, string name, SubmitRequest request)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var seconds) && Math.Abs(seconds * 1000) <= MaxMilliseconds)
            return (long)(seconds < 0 ? Math.Floor(seconds * 1000) : Math.Ceiling(seconds * 1000));
        request.Wrong("/unique/" + name, reader.TokenType == JsonTokenType.Number ? "The number is out of range." : "It must be a number of seconds.");
        reader.Skip();
        return null;
    }
}
