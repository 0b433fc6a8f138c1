using System.Text.Json;

namespace OrleansJobs;

/// <summary>Keys of a graph's jobs that are made of their arguments.</summary>
internal static class GraphKeys
{
    /// <summary>The graph with a key for those of its jobs that name none.</summary>
    public static FlowGraph With(FlowGraph graph, string? key, int? weight) => key is null
        ? graph
        : graph with { Jobs = [.. graph.Jobs.Select(job => job.Key is null ? job with { Key = key, KeyWeight = job.KeyWeight ?? weight } : job)] };

    /// <summary>Whether what a key is made of comes from other jobs, an element or an instant, and so is not there yet.</summary>
    public static bool DependsOnOthers(KeyTemplate template, JsonElement args) => template.Paths.Any(path => DependsOnOthers(path, args));

    /// <summary>The key of a job of a graph where its arguments say it by themselves; null: it has none, or that is not known yet.</summary>
    public static string? Of(GraphJob job)
    {
        if (job.Key is null || !KeyTemplate.TryParse(job.Key, out var template, out _)) return null;
        if (template.IsConstant) return job.Key;
        return job.Args is { } args && !DependsOnOthers(template, args) && template.TryFill(args, "", out var key, out _) ? key : null;
    }

    private static bool DependsOnOthers(string[] path, JsonElement value)
    {
        foreach (var name in path)
        {
            if (IsSpecial(value)) return true;
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value)) return false;
        }

        return IsSpecial(value);
    }

    private static bool IsSpecial(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && (value.TryGetProperty(GraphRef.Member, out _) || value.TryGetProperty(GraphRef.Literal, out _) || value.TryGetProperty("$at", out _));
}
