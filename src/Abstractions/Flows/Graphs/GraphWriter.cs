using System.Text.Json;

namespace OrleansJobs;

/// <summary>Writes a graph as JSON, without what goes without saying.</summary>
internal static class GraphWriter
{
    public static void Write(Utf8JsonWriter writer, FlowGraph graph)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("jobs"u8);
        foreach (var job in graph.Jobs) WriteJob(writer, job);
        writer.WriteEndArray();
        WriteElement(writer, "result"u8, graph.Result);
        if (graph.OnFailure == GraphFailure.Continue) writer.WriteString("onFailure"u8, "continue"u8);
        writer.WriteEndObject();
    }

    public static void WriteAfter(Utf8JsonWriter writer, IReadOnlyList<GraphEdge> after)
    {
        writer.WriteStartArray("after"u8);
        foreach (var edge in after)
        {
            if (edge.On == DependencyOn.Success)
            {
                writer.WriteStringValue(edge.Job);
                continue;
            }

            writer.WriteStartObject();
            writer.WriteString("job"u8, edge.Job);
            writer.WriteString("on"u8, edge.On.Word);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteJob(Utf8JsonWriter writer, GraphJob job)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, job.Name);
        writer.WriteString("type"u8, job.Type);
        WriteElement(writer, "args"u8, job.Args);
        if (job.After.Count > 0) WriteAfter(writer, job.After);
        WriteElement(writer, "each"u8, job.Each);
        if (job.Queue is not null) writer.WriteString("queue"u8, job.Queue);
        if (job.Priority is { } priority) writer.WriteNumber("priority"u8, priority);
        if (job.Attempts is { } attempts) writer.WriteNumber("attempts"u8, attempts);
        if (job.Timeout is { } timeout) writer.WriteNumber("timeout"u8, timeout.TotalSeconds);
        if (job.Countdown is { } countdown) writer.WriteNumber("countdown"u8, countdown.TotalSeconds);
        if (job.Tags.Count > 0)
        {
            writer.WriteStartObject("tags"u8);
            foreach (var (name, value) in job.Tags) writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        if (job.Weight != 1) writer.WriteNumber("weight"u8, job.Weight);
        if (job.Key is not null) writer.WriteString("key"u8, job.Key);
        if (job.KeyWeight is { } turns) writer.WriteNumber("keyWeight"u8, turns);
        writer.WriteEndObject();
    }

    private static void WriteElement(Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement? element)
    {
        if (element is not { ValueKind: not JsonValueKind.Undefined } value) return;
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
