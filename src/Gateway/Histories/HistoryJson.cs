using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Histories;

/// <summary>The JSON of history.</summary>
internal static class HistoryJson
{
    public static void Write(Utf8JsonWriter writer, JobHistory history, Func<HistoryEvent, bool> maySee)
    {
        writer.WriteStartObject();
        writer.WriteString("step"u8, history.Step == HistoryStep.Minute ? "minute"u8 : "hour"u8);
        StatusJson.WriteInstant(writer, "from"u8, history.From);
        StatusJson.WriteInstant(writer, "to"u8, history.To);
        StatusJson.WriteInstant(writer, "at"u8, history.At);
        writer.WriteNumber("partitions"u8, history.Partitions);
        writer.WriteNumber("silent"u8, history.Silent);
        writer.WriteStartArray("points"u8);
        foreach (var point in history.Points)
        {
            writer.WriteStartObject();
            StatusJson.WriteInstant(writer, "at"u8, point.At);
            writer.WriteNumber("waiting"u8, point.Figures.Waiting);
            WriteFigures(writer, point.Figures);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("total"u8);
        WriteFigures(writer, history.Total);
        writer.WriteEndObject();
        WriteTotals(writer, "types"u8, history.Types.Where(type => !SubmissionRules.IsReserved(type.Name)));
        WriteTotals(writer, "queues"u8, history.Queues.Where(queue => !SubmissionRules.IsReserved(queue.Name)));
        writer.WriteStartArray("events"u8);
        foreach (var happening in history.Events.Where(maySee)) Write(writer, happening);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTotals(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<HistoryTotal> totals)
    {
        writer.WriteStartArray(name);
        foreach (var total in totals)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, total.Name);
            WriteFigures(writer, total.Figures);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteFigures(Utf8JsonWriter writer, HistoryFigures figures)
    {
        writer.WriteNumber("submitted"u8, figures.Submitted);
        writer.WriteNumber("succeeded"u8, figures.Succeeded);
        writer.WriteNumber("failed"u8, figures.Failed);
        writer.WriteNumber("cancelled"u8, figures.Cancelled);
        writer.WriteNumber("retried"u8, figures.Retried);
        writer.WriteNumber("lost"u8, figures.Lost);
        Write(writer, "runSeconds"u8, figures.RunTime);
        Write(writer, "waitSeconds"u8, figures.WaitTime);
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, HistoryDurations durations)
    {
        if (durations.Count == 0) return;
        writer.WriteStartObject(name);
        writer.WriteNumber("count"u8, durations.Count);
        writer.WriteNumber("p50"u8, Math.Round(durations.P50.TotalSeconds, 4));
        writer.WriteNumber("p95"u8, Math.Round(durations.P95.TotalSeconds, 4));
        writer.WriteNumber("p99"u8, Math.Round(durations.P99.TotalSeconds, 4));
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, HistoryEvent happening)
    {
        writer.WriteStartObject();
        StatusJson.WriteInstant(writer, "at"u8, happening.At);
        writer.WriteString("what"u8, happening.What);
        writer.WriteString("name"u8, happening.Name);
        if (happening.By is not null) writer.WriteString("by"u8, happening.By);
        if (happening.Text is not null) writer.WriteString("text"u8, happening.Text);
        writer.WriteEndObject();
    }
}
