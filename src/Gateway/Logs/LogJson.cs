using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Logs;

/// <summary>The JSON of what jobs have logged.</summary>
internal static class LogJson
{
    public static void Write(Utf8JsonWriter writer, JobLogPage page)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("lines"u8);
        foreach (var line in page.Lines) Write(writer, line);
        writer.WriteEndArray();
        writer.WriteNumber("next"u8, page.Next);
        writer.WriteBoolean("over"u8, page.IsOver);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, JobLogLine line)
    {
        writer.WriteStartObject();
        writer.WriteNumber("number"u8, line.Number);
        StatusJson.WriteInstant(writer, "at"u8, line.At);
        writer.WriteString("level"u8, line.Level.Word);
        writer.WriteNumber("attempt"u8, line.Attempt);
        writer.WriteString("text"u8, line.Text);
        if (line.ErrorType is not null || line.ErrorMessage is not null)
        {
            writer.WriteStartObject("error"u8);
            if (line.ErrorType is not null) writer.WriteString("type"u8, line.ErrorType);
            writer.WriteString("message"u8, line.ErrorMessage ?? "");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
