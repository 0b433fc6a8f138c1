using System.Globalization;
using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Working;

/// <summary>The JSON of what a worker is answered.</summary>
internal static class WorkJson
{
    private const string Stale = "The lease had been given up; what the report says is refused.";

    public static void Write(Utf8JsonWriter writer, string session, WorkCall call, WorkAnswer answer, IReadOnlyCollection<string> warnings)
    {
        writer.WriteStartObject();
        writer.WriteString("session"u8, session);
        writer.WriteNumber("heartbeat"u8, answer.Heartbeat.TotalSeconds);
        writer.WriteStartArray("leases"u8);
        foreach (var lease in answer.Leases) Write(writer, lease);
        writer.WriteEndArray();
        writer.WriteStartArray("reports"u8);
        for (var i = 0; i < answer.Taken.Length; i++)
        {
            writer.WriteStartObject();
            WriteName(writer, call.Reports[i].Lease);
            writer.WriteNumber("status"u8, answer.Taken[i] ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
            if (!answer.Taken[i]) writer.WriteString("detail"u8, Stale);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("cancel"u8);
        foreach (var cancel in answer.Cancel)
        {
            writer.WriteStartObject();
            WriteName(writer, cancel.Lease);
            writer.WriteString("why"u8, cancel.Why switch { WorkCancelReason.Cancelled => "cancelled", WorkCancelReason.Timeout => "timeout", WorkCancelReason.Stalled => "stalled", _ => "lost" });
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteWarnings(writer, warnings);
        writer.WriteEndObject();
    }

    public static void WriteWarnings(Utf8JsonWriter writer, IReadOnlyCollection<string> warnings)
    {
        if (warnings.Count == 0) return;
        writer.WriteStartArray("warnings"u8);
        foreach (var warning in warnings) writer.WriteStringValue(warning);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, WorkLease lease)
    {
        writer.WriteStartObject();
        WriteName(writer, lease.Name);
        writer.WriteString("type"u8, lease.Type);
        writer.WriteString("queue"u8, lease.Queue);
        writer.WriteNumber("attempt"u8, lease.Attempt);
        writer.WriteNumber("attempts"u8, lease.Attempts);
        if (lease.Timeout is { } timeout) writer.WriteNumber("timeout"u8, timeout.TotalSeconds);
        if (lease.TraceParent is not null) writer.WriteString("traceparent"u8, lease.TraceParent);
        if (lease.Tags.Length > 0)
        {
            writer.WriteStartObject("tags"u8);
            foreach (var (name, value) in lease.Tags) writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        StatusJson.WriteInstant(writer, "submitted"u8, lease.SubmittedAt);
        StatusJson.WriteInstant(writer, "due"u8, lease.DueAt);
        writer.WritePropertyName("args"u8);
        writer.WriteRawValue(lease.Args, skipInputValidation: true);
        if (lease.HasMemory) writer.WriteBoolean("memory"u8, true);
        if (lease.Checkpoint is { Length: > 0 } checkpoint)
        {
            writer.WritePropertyName("checkpoint"u8);
            writer.WriteRawValue(checkpoint, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter writer, WorkLeaseName lease)
    {
        writer.WriteString("id"u8, lease.Id);
        // Longer than the 53 bits to which numbers of JavaScript are exact.
        writer.WriteString("token"u8, lease.Token.ToString(CultureInfo.InvariantCulture));
    }
}
