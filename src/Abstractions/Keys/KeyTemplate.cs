using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>
/// A key that is made of a job's arguments, such as <c>tenant/{tenantId}</c> or <c>bucket/{target.region}.{target.name}</c>. A prefix stands as it is, since rules
/// are put for it. One without members is the same key for all.
/// </summary>
internal sealed class KeyTemplate
{
    public const int MaxLength = 256;

    private readonly Part[] _parts;

    private KeyTemplate(string text, Part[] parts) => (Text, _parts) = (text, parts);

    public string Text { get; }

    /// <summary>It is the same key whatever the arguments are.</summary>
    public bool IsConstant => Array.TrueForAll(_parts, static part => part.Path is null);

    /// <summary>The members of the arguments that it is made of, each from the outermost in.</summary>
    public IEnumerable<string[]> Paths => _parts.Where(static part => part.Path is not null).Select(static part => part.Path!);

    /// <param name="mistake">What is wrong with it.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out KeyTemplate? template, [NotNullWhen(false)] out string? mistake)
    {
        (template, mistake) = (null, null);
        if (text is null or { Length: 0 or > MaxLength })
        {
            mistake = $"A key of arguments is 1 to {MaxLength} characters.";
            return false;
        }

        var parts = new List<Part>();
        var sample = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var literal = open < 0 ? text[at..] : text[at..open];
            if (literal.Length > 0) parts.Add(new(literal, null));
            sample.Append(literal);
            if (open < 0) break;
            var close = text.IndexOf('}', open);
            var path = close < 0 ? [""] : text[(open + 1)..close].Split('.');
            if (Array.Exists(path, static name => name.Length == 0 || name.Contains('{')))
            {
                mistake = $"'{text}' has a brace that names no member of the arguments; one is written {{name}}, or {{outer.inner}}.";
                return false;
            }

            if (!sample.ToString().Contains('/'))
            {
                mistake = $"The prefix of '{text}' must stand as it is: rules are put for it. Write tenant/{{tenantId}}.";
                return false;
            }

            parts.Add(new(text[open..(close + 1)], path));
            sample.Append('x');
            at = close + 1;
        }

        if (!JobKeys.IsKey(sample.ToString()))
        {
            mistake = $"'{text}' makes no key: {KeyRules.Form}";
            return false;
        }

        template = new(text, [.. parts]);
        return true;
    }

    /// <summary>The key of a job with these arguments.</summary>
    /// <param name="pointer">Where the arguments stand, such as <c>/args</c>.</param>
    /// <param name="problem">Which argument is missing, or makes no key.</param>
    public bool TryFill(ReadOnlyMemory<byte> args, string pointer, [NotNullWhen(true)] out string? key, [NotNullWhen(false)] out SubmissionProblem? problem)
    {
        if (IsConstant)
        {
            (key, problem) = (Text, null);
            return true;
        }

        try
        {
            using var json = JsonDocument.Parse(args, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth });
            return TryFill(json.RootElement, pointer, out key, out problem);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            (key, problem) = (null, new(pointer, $"They are no JSON in whole letters, of which the key '{Text}' could be made."));
            return false;
        }
    }

    /// <inheritdoc cref="TryFill(ReadOnlyMemory{byte}, string, out string?, out SubmissionProblem?)"/>
    public bool TryFill(JsonElement args, string pointer, [NotNullWhen(true)] out string? key, [NotNullWhen(false)] out SubmissionProblem? problem)
    {
        (key, problem) = (null, null);
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            if (part.Path is not { } path)
            {
                text.Append(part.Text);
                continue;
            }

            var at = pointer + string.Concat(path.Select(static name => GraphPointer.Of("", name)));
            if (!TryFind(args, path, out var value) || TextOf(value) is not { } said)
            {
                problem = new(at, $"The key '{Text}' is made of it: it must be there, and be a string, an integer or a boolean.");
                return false;
            }

            if (!JobKeys.IsName(said))
            {
                problem = new(at, $"The key '{Text}' is made of it: it must be 1 to {JobKeys.MaxNameLength} of the characters A-Z a-z 0-9 . _ - : @ + ~.");
                return false;
            }

            text.Append(said);
        }

        key = text.ToString();
        if (JobKeys.IsKey(key)) return true;
        (key, problem) = (null, new(pointer, $"The key '{Text}' that is made of them is none: {KeyRules.Form}"));
        return false;
    }

    /// <summary>What is wrong with it for arguments of a schema; null where nothing is, as far as the schema tells.</summary>
    public string? MistakeFor(string schema)
    {
        using var json = JsonDocument.Parse(schema);
        foreach (var path in Paths)
        {
            var (at, isKnown) = (json.RootElement, true);
            foreach (var name in path)
            {
                if (at.ValueKind != JsonValueKind.Object || at.TryGetProperty("$ref"u8, out _) || !at.TryGetProperty("properties"u8, out var members))
                {
                    isKnown = false;
                    break;
                }

                if (!members.TryGetProperty(name, out at)) return $"'{Text}' is made of '{string.Join('.', path)}', which the arguments do not have.";
            }

            if (isKnown && !MayBeText(at)) return $"'{Text}' is made of '{string.Join('.', path)}', which is not a string, an integer or a boolean.";
        }

        return null;
    }

    public static bool TryFind(JsonElement args, string[] path, out JsonElement value)
    {
        value = args;
        foreach (var name in path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value)) return false;
        }

        return true;
    }

    public override string ToString() => Text;

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number when value.TryGetInt64(out var number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    private static bool MayBeText(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type"u8, out var type)) return true;
        string?[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(static one => one.GetString())] : [type.GetString()];
        return Array.Exists(types, static one => one != "null") && Array.TrueForAll(types, static one => one is "string" or "integer" or "boolean" or "null");
    }

    /// <param name="Path">Null: it stands as it is.</param>
    private readonly record struct Part(string Text, string[]? Path);
}
