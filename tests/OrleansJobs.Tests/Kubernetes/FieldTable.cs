using System.Text.Json.Nodes;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>
/// The fields of the kinds that are rendered here, as <c>k8s/check/fields.mjs</c> took them from the published types of Kubernetes, KEDA and
/// the Gateway API. Refuses fields that a type does not have, misses those that it needs, and knows text from numbers.
/// </summary>
internal sealed class FieldTable
{
    private readonly JsonObject _kinds;
    private readonly JsonObject _types;

    private FieldTable(JsonObject json) => (_kinds, _types) = ((JsonObject)json["kinds"]!, (JsonObject)json["types"]!);

    public static FieldTable Load()
    {
        using var stream = typeof(FieldTable).Assembly.GetManifestResourceStream("kubernetes-fields.json")!;
        return new FieldTable((JsonObject)JsonNode.Parse(stream)!);
    }

    public IReadOnlyList<string> Check(KubeObject subject)
    {
        var errors = new List<string>();
        var kind = $"{subject.ApiVersion}/{subject.Kind}";
        if (_kinds[kind] is { } type) Check(subject.Json, type.ToString(), subject.ToString(), errors);
        else errors.Add($"{subject}: no types of {kind}; run k8s/check/fields.mjs");
        return errors;
    }

    private void Check(JsonNode? value, string type, string path, List<string> errors)
    {
        var choices = type.Split('|');
        if (choices.Length > 1)
        {
            if (choices.All(choice => Misfits(value, choice))) errors.Add($"{path}: {Show(value)} is none of {type}");
            return;
        }

        switch (type)
        {
            case "any":
                return;
            case "string" or "number" or "boolean":
                if (KindOf(value) != type) errors.Add($"{path}: {Show(value)} is no {type}");
                return;
            case ['\'', .., '\'']:
                if (value?.ToString() != type.Trim('\'')) errors.Add($"{path}: {Show(value)} is not {type}");
                return;
            case ['[', ']', .. var element]:
                if (value is not JsonArray list) errors.Add($"{path}: {Show(value)} is no list");
                else for (var i = 0; i < list.Count; i++) Check(list[i], element, $"{path}[{i}]", errors);
                return;
            case ['{', '}', .. var member]:
                if (value is not JsonObject map) errors.Add($"{path}: {Show(value)} is no map");
                else foreach (var (key, item) in map) Check(item, member, $"{path}.{key}", errors);
                return;
            default:
                CheckFields(value, (JsonObject)_types[type]!, path, errors);
                return;
        }
    }

    private void CheckFields(JsonNode? value, JsonObject fields, string path, List<string> errors)
    {
        if (value is not JsonObject map)
        {
            errors.Add($"{path}: {Show(value)} is no object");
            return;
        }

        foreach (var (key, item) in map)
        {
            if ((fields[key] ?? fields[$"{key}?"]) is { } type) Check(item, type.ToString(), $"{path}.{key}", errors);
            else errors.Add($"{path}.{key}: no such field");
        }

        foreach (var (field, _) in fields)
        {
            if (!field.EndsWith('?') && !map.ContainsKey(field)) errors.Add($"{path}.{field}: missing");
        }
    }

    private bool Misfits(JsonNode? value, string type)
    {
        var errors = new List<string>();
        Check(value, type, "", errors);
        return errors.Count > 0;
    }

    private static string KindOf(JsonNode? value) => value?.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Number => "number",
        System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "boolean",
        _ => "",
    };

    private static string Show(JsonNode? value) => value?.ToJsonString() ?? "null";
}
