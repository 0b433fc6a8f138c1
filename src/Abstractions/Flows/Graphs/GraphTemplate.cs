using System.Text.Json;

namespace OrleansJobs;

/// <summary>JSON with references in it.</summary>
internal static class GraphTemplate
{
    /// <summary>The references, each with the pointer to where it stands, and what is wrong with the form of some.</summary>
    public static IEnumerable<(string Pointer, GraphRef? Ref, string? Mistake)> Refs(JsonElement json, string pointer)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in json.EnumerateArray())
            {
                foreach (var found in Refs(item, $"{pointer}/{index}")) yield return found;
                index++;
            }
        }

        if (json.ValueKind != JsonValueKind.Object) yield break;
        if (Special(json) is { } special)
        {
            if (json.GetPropertyCount() > 1) yield return (pointer, null, $"{special.Name} stands alone in its object; what only looks like one is written {{\"{GraphRef.Literal}\": ...}}.");
            else if (special.Name == GraphRef.Member)
            {
                var reference = special.Value.ValueKind == JsonValueKind.String ? GraphRef.Parse(special.Value.GetString()) : null;
                yield return (pointer + "/" + GraphRef.Member, reference, reference is null ? "A reference is such as name.result/items/0, name.error, name.state, each.value or each.index." : null);
            }

            yield break;
        }

        foreach (var member in json.EnumerateObject())
        {
            foreach (var found in Refs(member.Value, GraphPointer.Of(pointer, member.Name))) yield return found;
        }
    }

    /// <summary>Whether there is anything to be filled in.</summary>
    public static bool IsTemplate(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().Any(IsTemplate),
        JsonValueKind.Object => Special(json) is not null || json.EnumerateObject().Any(member => IsTemplate(member.Value)),
        _ => false,
    };

    /// <summary>Writes it with all references filled in.</summary>
    public static void Fill(Utf8JsonWriter writer, JsonElement json, Func<GraphRef, JsonElement> value)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray()) Fill(writer, item, value);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Object when Special(json) is { } special:
                if (special.Name == GraphRef.Literal) special.Value.WriteTo(writer);
                else value(GraphRef.Parse(special.Value.GetString())!.Value).WriteTo(writer);
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in json.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Fill(writer, member.Value, value);
                }

                writer.WriteEndObject();
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }

    private static JsonProperty? Special(JsonElement json)
    {
        foreach (var member in json.EnumerateObject())
        {
            if (member.NameEquals(GraphRef.Member) || member.NameEquals(GraphRef.Literal)) return member;
        }

        return null;
    }
}
