using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Tool.Commands;

/// <summary>A job's arguments as the command line gives them.</summary>
internal static class JobArgs
{
    /// <param name="text">JSON; <c>@file</c> and <c>-</c> (the standard input) are read.</param>
    /// <param name="pairs">Members as <c>name=value</c>: a value that is JSON counts as such, any other as a string.</param>
    /// <returns>Null where nothing was given.</returns>
    /// <exception cref="UsageException"/>
    public static async Task<JsonElement?> ReadAsync(string? text, string[] pairs, TextReader input, CancellationToken cancellation)
    {
        if (text is not null && pairs.Length > 0) throw new UsageException("Give the arguments as JSON or by --arg, not both.");
        if (pairs.Length > 0) return OfPairs(pairs);
        if (text is null) return null;
        var json = text switch
        {
            "-" => await input.ReadToEndAsync(cancellation),
            ['@', .. var path] => await ReadFileAsync(path, cancellation),
            _ => text,
        };
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(json);
        }
        catch (JsonException exception)
        {
            throw new UsageException($"The arguments are not JSON: {exception.Message}");
        }
    }

    private static JsonElement OfPairs(string[] pairs)
    {
        var members = new JsonObject();
        foreach (var pair in pairs)
        {
            var (name, value) = Inputs.Pair("--arg", pair);
            if (!members.TryAdd(name, OfValue(value))) throw new UsageException($"--arg {name} is given twice.");
        }

        return JsonSerializer.SerializeToElement(members);
    }

    private static JsonNode? OfValue(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static async Task<string> ReadFileAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"The file '{path}' cannot be read: {exception.Message}");
        }
    }
}
