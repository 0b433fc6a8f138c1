using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>Reads a JSON Schema into <see cref="SchemaNode"/>s. Unknown keywords, and those with values that make no sense, are left out.</summary>
internal sealed class SchemaCompiler
{
    private readonly JsonElement _root;

    // By pointer, so that a schema that refers to itself is compiled once and the reference closes the loop.
    private readonly Dictionary<string, SchemaNode> _referred = [];

    private SchemaCompiler(JsonElement root) => _root = root;

    public static SchemaNode Compile(JsonElement schema) => new SchemaCompiler(schema).Read(schema, "#");

    private SchemaNode Read(JsonElement schema, string pointer)
    {
        if (schema.ValueKind == JsonValueKind.True) return SchemaNode.Anything;
        if (schema.ValueKind == JsonValueKind.False) return SchemaNode.Nothing;
        if (schema.ValueKind != JsonValueKind.Object) return SchemaNode.Anything;
        if (_referred.TryGetValue(pointer, out var known)) return known;
        var node = _referred[pointer] = new SchemaNode();
        foreach (var keyword in schema.EnumerateObject()) ReadKeyword(node, keyword.Name, keyword.Value, pointer);
        return node;
    }

    private void ReadKeyword(SchemaNode node, string name, JsonElement value, string pointer)
    {
        switch (name)
        {
            case "type": node.Kinds = ReadKinds(value); break;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                node.Properties = value.EnumerateObject().ToDictionary(
                    property => property.Name,
                    property => Read(property.Value, $"{pointer}/properties/{Escape(property.Name)}"),
                    StringComparer.Ordinal);
                break;
            case "required" when value.ValueKind == JsonValueKind.Array:
                node.Required = [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)];
                break;
            case "additionalProperties": node.AdditionalProperties = Read(value, $"{pointer}/additionalProperties"); break;
            case "items": node.Items = Read(value, $"{pointer}/items"); break;
            case "minItems": node.MinItems = Count(value, node.MinItems); break;
            case "maxItems": node.MaxItems = Count(value, node.MaxItems); break;
            case "minProperties": node.MinProperties = Count(value, node.MinProperties); break;
            case "maxProperties": node.MaxProperties = Count(value, node.MaxProperties); break;
            case "minLength": node.MinLength = Count(value, node.MinLength); break;
            case "maxLength": node.MaxLength = Count(value, node.MaxLength); break;
            case "pattern" when value.ValueKind == JsonValueKind.String: node.Pattern = ReadPattern(value.GetString()!); break;
            case "format" when value.ValueKind == JsonValueKind.String: node.Format = value.GetString(); break;
            case "minimum": node.Minimum = Number(value); break;
            case "maximum": node.Maximum = Number(value); break;
            case "exclusiveMinimum": node.ExclusiveMinimum = Number(value); break;
            case "exclusiveMaximum": node.ExclusiveMaximum = Number(value); break;
            case "enum" when value.ValueKind == JsonValueKind.Array:
                node.Values = [.. value.EnumerateArray().Select(Compact)];
                break;
            case "const": node.Values = [Compact(value)]; break;
            case "anyOf": node.AnyOf = ReadAll(value, $"{pointer}/anyOf"); break;
            case "oneOf": node.OneOf = ReadAll(value, $"{pointer}/oneOf"); break;
            case "allOf": node.AllOf = ReadAll(value, $"{pointer}/allOf"); break;
            case "not": node.Not = Read(value, $"{pointer}/not"); break;
            case "$ref" when value.ValueKind == JsonValueKind.String && Refer(value.GetString()!) is { } target && target != node: node.Ref = target; break;
        }
    }

    private SchemaNode[] ReadAll(JsonElement value, string pointer) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select((item, index) => Read(item, $"{pointer}/{index}"))]
        : [];

    private SchemaNode? Refer(string reference)
    {
        if (!reference.StartsWith('#')) return null;
        var target = _root;
        foreach (var segment in reference.Split('/').Skip(1))
        {
            var name = Unescape(Uri.UnescapeDataString(segment));
            var found = target.ValueKind switch
            {
                JsonValueKind.Object => target.TryGetProperty(name, out target),
                JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < target.GetArrayLength() => Step(ref target, index),
                _ => false,
            };
            if (!found) return null;
        }

        return Read(target, Uri.UnescapeDataString(reference));
    }

    private static bool Step(ref JsonElement target, int index)
    {
        target = target[index];
        return true;
    }

    private static JsonKinds ReadKinds(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => KindOf(value.GetString()),
        JsonValueKind.Array => value.EnumerateArray().Aggregate(JsonKinds.None, (kinds, item) => kinds | KindOf(item.ToString())),
        _ => JsonKinds.All,
    };

    private static JsonKinds KindOf(string? name) => name switch
    {
        "null" => JsonKinds.Null,
        "boolean" => JsonKinds.Boolean,
        "number" => JsonKinds.Number | JsonKinds.Integer,
        "integer" => JsonKinds.Integer,
        "string" => JsonKinds.String,
        "array" => JsonKinds.Array,
        "object" => JsonKinds.Object,
        _ => JsonKinds.All,
    };

    private static Regex? ReadPattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.ECMAScript, SchemaBudget.PatternTime);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static int Count(JsonElement value, int otherwise) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0 ? count : otherwise;

    private static decimal? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : null;

    private static string Compact(JsonElement value) => JsonSerializer.Serialize(value);

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Unescape(string segment) => segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
