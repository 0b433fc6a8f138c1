using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>Keys in files, one in each <c>*.json</c> of a folder: an object with the members of <see cref="ApiKeyOptions"/>.</summary>
internal static class KeyFiles
{
    public const int MaxFiles = 1000;
    public const int MaxBytes = 16 << 10;

    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true };

    /// <summary>The texts of the files by name, in the order of names; null for one that is there and cannot be read, which says nothing of the others.</summary>
    /// <exception cref="IOException">The folder is not there, cannot be read, or has more files than <see cref="MaxFiles"/>.</exception>
    /// <exception cref="UnauthorizedAccessException"/>
    public static SortedDictionary<string, string?> Read(string folder)
    {
        var texts = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*.json"))
        {
            if (texts.Count == MaxFiles) throw new IOException($"{folder} has more than {MaxFiles} keys.");
            var name = Path.GetFileName(path);
            try
            {
                texts[name] = new FileInfo(path) is var file && (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length > MaxBytes
                    ? "" : File.ReadAllText(path);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                // Withdrawn in between.
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                texts[name] = null;
            }
        }

        return texts;
    }

    /// <returns>The key; null where there are errors.</returns>
    public static ApiKeyOptions? Parse(string file, string? text, List<string> errors)
    {
        if (text is null)
        {
            errors.Add($"{file} cannot be read.");
            return null;
        }

        try
        {
            if (text.Length is > 0 and <= MaxBytes && JsonSerializer.Deserialize<ApiKeyOptions>(text, Strict) is { } key)
            {
                var before = errors.Count;
                ApiKeyRules.Check(key, file, errors);
                return errors.Count == before ? key : null;
            }

            errors.Add($"{file} must be a JSON object of at most {MaxBytes} bytes.");
        }
        catch (JsonException malformed)
        {
            errors.Add($"{file} is no key: {malformed.Message}");
        }

        return null;
    }
}
