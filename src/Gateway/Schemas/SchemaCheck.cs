using System.Globalization;
using System.Text.Json;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>
/// Walks JSON and its schema side by side. The reader is a value: where several schemas apply to one place, each walks a copy of it.
/// Members given twice are refused whatever the schema says. Where a branch is decided, its walk ends where it stands: nobody reads its copy on.
/// </summary>
internal static class SchemaCheck
{
    /// <summary>Checks the value that <paramref name="reader"/> stands on, and leaves it at the value's last token.</summary>
    public static void Check(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        budget.Enter();
        var others = reader;
        var kind = KindOf(ref reader);
        if (kind == JsonKinds.Object && budget.IsTemplate && IsPlaceholder(ref reader, schema, mistakes, budget))
        {
            budget.Leave();
            return;
        }

        if ((schema.Kinds & kind) == 0)
        {
            mistakes.Add(schema.Kinds == JsonKinds.None ? "Nothing is allowed here." : $"It must be {Words(schema.Kinds)}.");
            Skip(ref reader, mistakes, budget);
            budget.Leave();
            return;
        }

        if (schema.Values is not null && !(budget.IsTemplate && kind is JsonKinds.Object or JsonKinds.Array)) CheckValues(others, schema.Values, mistakes, budget);
        if (!mistakes.IsDecided)
        {
            switch (kind)
            {
                case JsonKinds.Object: CheckObject(ref reader, schema, mistakes, budget); break;
                case JsonKinds.Array: CheckArray(ref reader, schema, mistakes, budget); break;
                case JsonKinds.String: CheckString(ref reader, schema, mistakes, budget); break;
                case JsonKinds.Number or JsonKinds.Integer: CheckNumber(ref reader, schema, mistakes); break;
            }
        }

        if (!mistakes.IsDecided) CheckCombined(others, schema, mistakes, budget);
        budget.Leave();
    }

    /// <summary>Whether a reference stands here, or a literal, which is checked; leaves the reader at its end.</summary>
    private static bool IsPlaceholder(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        var inside = reader;
        if (!inside.Read() || inside.TokenType != JsonTokenType.PropertyName) return false;
        if (inside.ValueTextEquals(GraphRef.Member))
        {
            Skip(ref reader, mistakes, budget);
            return true;
        }

        if (!inside.ValueTextEquals(GraphRef.Literal)) return false;
        inside.Read();
        // Within a literal nothing is filled in.
        budget.IsTemplate = false;
        Check(ref inside, schema, mistakes, budget);
        budget.IsTemplate = true;
        Skip(ref reader, mistakes, budget);
        return true;
    }

    private static void CheckObject(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        var names = new NameSet();
        while (!mistakes.IsDecided && reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            // A name is copied for each walk, however long it is.
            budget.Spend(reader.ValueSpan.Length);
            var name = reader.GetString()!;
            mistakes.Enter(name);
            if (!names.Add(name)) mistakes.Add("It is given twice.");
            var declared = schema.Properties?.GetValueOrDefault(name);
            reader.Read();
            if (declared is null && schema.AdditionalProperties == SchemaNode.Nothing)
            {
                mistakes.Add("There is no such member.");
                Skip(ref reader, mistakes, budget);
            }
            else
            {
                Check(ref reader, declared ?? schema.AdditionalProperties ?? SchemaNode.Anything, mistakes, budget);
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

    private static void CheckArray(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        var count = 0;
        while (!mistakes.IsDecided && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            mistakes.Enter(count++);
            Check(ref reader, schema.Items ?? SchemaNode.Anything, mistakes, budget);
            mistakes.Leave();
        }

        if (count < schema.MinItems) mistakes.Add($"It must have at least {schema.MinItems} items.");
        if (count > schema.MaxItems) mistakes.Add($"It must have at most {schema.MaxItems} items.");
    }

    private static void CheckString(ref Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        if (schema is { Pattern: null, Format: null, MinLength: 0, MaxLength: int.MaxValue }) return;
        budget.Spend(reader.ValueSpan.Length);
        var text = reader.GetString()!;
        if (schema.MinLength > 0 || schema.MaxLength < int.MaxValue)
        {
            var length = text.EnumerateRunes().Count();
            if (length < schema.MinLength) mistakes.Add($"It must have at least {schema.MinLength} characters.");
            if (length > schema.MaxLength) mistakes.Add($"It must have at most {schema.MaxLength} characters.");
        }

        if (schema.Pattern is { } pattern && !budget.Matches(pattern, text)) mistakes.Add($"It must match {pattern}.");
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

    private static void CheckValues(Utf8JsonReader reader, HashSet<string> values, SchemaMistakes mistakes, SchemaBudget budget)
    {
        var start = reader.TokenStartIndex;
        using var value = JsonDocument.ParseValue(ref reader);
        budget.Spend(reader.BytesConsumed - start);
        if (!values.Contains(JsonSerializer.Serialize(value.RootElement))) mistakes.Add($"It must be one of {string.Join(", ", values.Take(20))}.");
    }

    private static void CheckCombined(Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget)
    {
        if (schema.Ref is { } target) CheckCopy(reader, target, mistakes, budget);
        foreach (var part in schema.AllOf) CheckCopy(reader, part, mistakes, budget);
        if (mistakes.IsDecided) return;
        if (schema.AnyOf.Length > 0 && CountFitting(reader, schema.AnyOf, 1, budget) == 0) mistakes.Add("It fits none of the alternatives.");
        if (budget.IsTemplate)
        {
            // What is filled in may fit more than one, or what it must not: that is seen then.
            if (schema.OneOf.Length > 0 && CountFitting(reader, schema.OneOf, 1, budget) == 0) mistakes.Add("It fits none of the alternatives.");
            return;
        }

        if (schema.OneOf.Length > 0 && CountFitting(reader, schema.OneOf, 2, budget) != 1) mistakes.Add("It must fit exactly one of the alternatives.");
        if (schema.Not is { } not && CountFitting(reader, [not], 1, budget) == 1) mistakes.Add("It must not have this form.");
    }

    private static void CheckCopy(Utf8JsonReader reader, SchemaNode schema, SchemaMistakes mistakes, SchemaBudget budget) => Check(ref reader, schema, mistakes, budget);

    /// <summary>How many of the schemas fit; more than <paramref name="enough"/> are not looked for.</summary>
    private static int CountFitting(Utf8JsonReader reader, SchemaNode[] schemas, int enough, SchemaBudget budget)
    {
        var fitting = 0;
        foreach (var schema in schemas)
        {
            var mistakes = SchemaMistakes.Untold();
            CheckCopy(reader, schema, mistakes, budget);
            if (mistakes.Count == 0 && ++fitting == enough) break;
        }

        return fitting;
    }

    /// <summary>Leaves out the value that the reader stands on.</summary>
    private static void Skip(ref Utf8JsonReader reader, SchemaMistakes mistakes, SchemaBudget budget)
    {
        if (mistakes.IsDecided) return;
        var start = reader.BytesConsumed;
        reader.Skip();
        budget.Spend(reader.BytesConsumed - start);
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
