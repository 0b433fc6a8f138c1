using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Commands;

internal static class Lists
{
    /// <summary>The items of an answer that is a list, or has one under a name.</summary>
    public static IEnumerable<JsonElement> Of(JsonElement json, string name) => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : json.Items(name);
}
