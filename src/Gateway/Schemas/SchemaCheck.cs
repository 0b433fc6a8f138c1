using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>
/// Walks JSON and its schema side by side. The reader is a value: where several schemas apply to one place, each walks a copy of it.
/// Members given twice are refused whatever the schema says.
/// </summary>
internal static class SchemaCheck
{
    /// <summary>Checks the value that <paramref name="reader"/> stands on, and leaves it at the value's last token.</summary>
    public static void Check(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        var others = reader;
        var kind = KindOf(ref reader);
        if ((schema.Kinds & kind) == 0)
        {
            mistakes.Add(schema.Kinds == JsonKinds.None ? "Nothing is allowed here." : $"It must be {Words(schema.Kinds)}.");
            reader.Skip();
            return;
        }

        if (schema.Values is not null) CheckValues(others, schema.Values, mistakes);
        switch (kind)
        {
            case JsonKinds.Object: CheckObject(ref reader, schema, mistakes); break;
            case JsonKinds.Array: CheckArray(ref reader, schema, mistakes); break;
            case JsonKinds.String: CheckString(ref reader, schema, mistakes); break;
            case JsonKinds.Number or JsonKinds.Integer: CheckNumber(ref reader, schema, mistakes); break;
        }

        CheckCombined(others, schema, mistakes);
    }

    private static void CheckObject(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        var names = new NameSet();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            mistakes.Enter(name);
            if (!names.Add(name)) mistakes.Add("It is given twice.");
            var declared = schema.Properties?.GetValueOrDefault(name);
            reader.Read();
            if (declared is null && schema.AdditionalProperties == SchemaNode.Nothing)
            {
                mistakes.Add("There is no such member.");
                reader.Skip();
            }
            else
            {
                Check(ref reader, declared ?? schema.AdditionalProperties ?? SchemaNode.Anything, mistakes);
            }

            mistakes.Leave();
        }

        foreach (var required in schema.Required)
        {
            if (names.Contains(required)) continue;
            mistakes.Enter(required);
            mistakes.Add("It is missing.");
            mistakes.Leave();
        }

        if (names.Count < schema.MinProperties) mistakes.Add($"It must have at least {schema.MinProperties} members.");
        if (names.Count > schema.MaxProperties) mistakes.Add($"It must have at most {schema.MaxProperties} members.");
    }

    private static void CheckArray(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            mistakes.Enter(count++);
            Check(ref reader, schema.Items ?? SchemaNode.Anything, mistakes);
            mistakes.Leave();
        }

        if (count < schema.MinItems) mistakes.Add($"It must have at least {schema.MinItems} items.");
        if (count > schema.MaxItems) mistakes.Add($"It must have at most {schema.MaxItems} items.");
    }

    private static void CheckString(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        if (schema is { Pattern: null, Format: null, MinLength: 0, MaxLength: int.MaxValue }) return;
        var text = reader.GetString()!;
        if (schema.MinLength > 0 || schema.MaxLength < int.MaxValue)
        {
            var length = text.EnumerateRunes().Count();
            if (length < schema.MinLength) mistakes.Add($"It must have at least {schema.MinLength} characters.");
            if (length > schema.MaxLength) mistakes.Add($"It must have at most {schema.MaxLength} characters.");
        }

        if (schema.Pattern is { } pattern && !Matches(pattern, text)) mistakes.Add($"It must match {pattern}.");
        if (!HasFormat(ref reader, schema.Format)) mistakes.Add($"It must be a {schema.Format}.");
    }

    private static void CheckNumber(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        if (schema is { Minimum: null, Maximum: null, ExclusiveMinimum: null, ExclusiveMaximum: null }) return;
        // Beyond what a decimal holds only the sign matters, for bounds that are decimals themselves.
        if (!reader.TryGetDecimal(out var number)) number = reader.GetDouble() < 0 ? decimal.MinValue : decimal.MaxValue;
        if (number < schema.Minimum) mistakes.Add($"It must be at least {Text(schema.Minimum)}.");
        if (number > schema.Maximum) mistakes.Add($"It must be at most {Text(schema.Maximum)}.");
        if (number <= schema.ExclusiveMinimum) mistakes.Add($"It must be more than {Text(schema.ExclusiveMinimum)}.");
        if (number >= schema.ExclusiveMaximum) mistakes.Add($"It must be less than {Text(schema.ExclusiveMaximum)}.");
    }

    private static void CheckValues(Utf8JsonReader reader, HashSet<string> values, SchemaMistakes mistakes)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        if (!values.Contains(JsonSerializer.Serialize(value.RootElement))) mistakes.Add($"It must be one of {string.Join(", ", values.Take(20))}.");
    }

    private static void CheckCombined(Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes)
    {
        if (schema.Ref is { } target) CheckCopy(reader, target, mistakes);
        foreach (var part in schema.AllOf) CheckCopy(reader, part, mistakes);
        if (schema.AnyOf.Length > 0 && CountFitting(reader, schema.AnyOf) == 0) mistakes.Add("It fits none of the alternatives.");
        if (schema.OneOf.Length > 0 && CountFitting(reader, schema.OneOf) != 1) mistakes.Add("It must fit exactly one of the alternatives.");
        if (schema.Not is { } not && CountFitting(reader, [not]) == 1) mistakes.Add("It must not have this form.");
    }

    private static void CheckCopy(Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes) => Check(ref reader, schema, mistakes);

    private static int CountFitting(Utf8JsonReader reader, SchemaNode[] schemas)
    {
        var fitting = 0;
        foreach (var schema in schemas)
        {
            var mistakes = SchemaMistakes.Uncounted();
            CheckCopy(reader, schema, mistakes);
            if (mistakes.Count == 0) fitting++;
        }

        return fitting;
    }

    private static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool HasFormat(ref Utf8JsonReader reader, string? format) => format switch
    {
        "date-time" => reader.TryGetDateTimeOffset(out _),
        "uuid" => reader.TryGetGuid(out _),
        "date" => DateOnly.TryParseExact(reader.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        _ => true,
    };

    private static JsonKinds KindOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => JsonKinds.Object,
        JsonTokenType.StartArray => JsonKinds.Array,
        JsonTokenType.String => JsonKinds.String,
        JsonTokenType.True or JsonTokenType.False => JsonKinds.Boolean,
        JsonTokenType.Null => JsonKinds.Null,
        // 1.0 is an integer to JSON Schema, but not to .NET, which will read it.
        _ => reader.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E') ? JsonKinds.Number : JsonKinds.Integer,
    };

    private static string Words(JsonKinds kinds)
    {
        if ((kinds & JsonKinds.Number) != 0) kinds &= ~JsonKinds.Integer;
        return string.Join(" or ", Enum.GetValues<JsonKinds>().Where(kind => kind is not (JsonKinds.None or JsonKinds.All) && (kinds & kind) != 0)
            .Select(kind => kind switch
            {
                JsonKinds.Null => "null",
                JsonKinds.Boolean => "true or false",
                JsonKinds.Number => "a number",
                JsonKinds.Integer => "an integer",
                JsonKinds.String => "a string",
                JsonKinds.Array => "an array",
                _ => "an object",
            }));
    }

    private static string Text(decimal? number) => number.GetValueOrDefault().ToString(CultureInfo.InvariantCulture);

    /// <summary>The names of one object: a short list first, a set once it gets long.</summary>
    private struct NameSet
    {
        private const int Short = 8;
        private List<string>? _few;
        private HashSet<string>? _many;

        public readonly int Count => _many?.Count ?? _few?.Count ?? 0;

        public readonly bool Contains(string name) => _many?.Contains(name) ?? _few?.Contains(name) ?? false;

        public bool Add(string name)
        {
            if (_many is not null) return _many.Add(name);
            _few ??= [];
            if (_few.Contains(name)) return false;
            _few.Add(name);
            if (_few.Count > Short) _many = new HashSet<string>(_few, StringComparer.Ordinal);
            return true;
        }
    }
}
