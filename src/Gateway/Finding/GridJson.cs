using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Finding;

/// <summary>The JSON of what is known of the grid as a whole.</summary>
internal static class GridJson
{
    public static void Write(Utf8JsonWriter writer, GridStats stats)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("counts"u8);
        foreach (var (state, queue, type, jobs) in stats.Counts)
        {
            writer.WriteStartObject();
            writer.WriteString("state"u8, state.Name);
            writer.WriteString("queue"u8, queue);
            writer.WriteString("type"u8, type);
            writer.WriteNumber("jobs"u8, jobs);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("backlog"u8, stats.Backlog);
        writer.WriteNumber("running"u8, stats.Running);
        WriteSeconds(writer, "oldestWaitingSeconds"u8, stats.OldestWaiting);
        writer.WriteNumber("finishedPerSecond"u8, Math.Round(stats.FinishedPerSecond, 3));
        writer.WriteNumber("submittedPerSecond"u8, Math.Round(stats.SubmittedPerSecond, 3));
        writer.WriteNumber("slots"u8, stats.Slots);
        writer.WriteNumber("stuckSlots"u8, stats.StuckSlots);
        writer.WriteNumber("orphans"u8, stats.Orphans);
        writer.WriteNumber("letters"u8, stats.Letters);
        WriteSeconds(writer, "letterAgeSeconds"u8, stats.LetterAge);
        writer.WriteStartArray("silos"u8);
        foreach (var silo in stats.Silos) Write(writer, silo);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void WriteScaling(Utf8JsonWriter writer, GridStats stats)
    {
        writer.WriteStartObject();
        // What waits for its queue to be resumed, or for a silo that knows its type, is not helped by more slots.
        writer.WriteNumber("load"u8, stats.Runnable + stats.Running);
        writer.WriteNumber("backlog"u8, stats.Backlog);
        writer.WriteNumber("runnable"u8, stats.Runnable);
        writer.WriteNumber("running"u8, stats.Running);
        writer.WriteNumber("slots"u8, stats.Slots);
        WriteSeconds(writer, "oldestWaitingSeconds"u8, stats.OldestWaiting);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, JobTypeInfo type)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, type.Name);
        writer.WriteString("queue"u8, type.Queue);
        if (type.Description is not null) writer.WriteString("description"u8, type.Description);
        if (type.Release is not null) writer.WriteString("release"u8, type.Release);
        if (type.Attempts is { } attempts) writer.WriteNumber("attempts"u8, attempts);
        if (type.Timeout is { } timeout) writer.WriteNumber("timeoutSeconds"u8, timeout.TotalSeconds);
        if (type.StalledAfter is { } stalled) writer.WriteNumber("stalledAfterSeconds"u8, stalled.TotalSeconds);
        if (type.Key is not null) writer.WriteString("key"u8, type.Key);
        if (type.Weight is { } weight) writer.WriteNumber("weight"u8, weight);
        writer.WriteNumber("silos"u8, type.Silos);
        WriteSchema(writer, "argsSchema"u8, type.ArgsSchema);
        WriteSchema(writer, "resultSchema"u8, type.ResultSchema);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, QueueInfo queue)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, queue.Name);
        writer.WriteBoolean("paused"u8, queue.Paused);
        if (queue.Reason is not null) writer.WriteString("reason"u8, queue.Reason);
        StatusJson.WriteInstant(writer, "since"u8, queue.Since);
        if (queue.By is not null) writer.WriteString("by"u8, queue.By);
        writer.WriteNumber("pending"u8, queue.Pending);
        writer.WriteNumber("running"u8, queue.Running);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SiloInfo silo)
    {
        writer.WriteStartObject();
        writer.WriteString("address"u8, silo.Address);
        writer.WriteString("name"u8, silo.Name);
        writer.WriteNumber("slots"u8, silo.Slots);
        writer.WriteNumber("busy"u8, silo.Busy);
        writer.WriteNumber("stuck"u8, silo.Stuck);
        writer.WriteBoolean("draining"u8, silo.Draining);
        writer.WriteNumber("partitions"u8, silo.Partitions);
        writer.WriteStartArray("types"u8);
        foreach (var type in silo.Types.Where(type => !SubmissionRules.IsReserved(type))) writer.WriteStringValue(type);
        writer.WriteEndArray();
        writer.WriteStartArray("jobs"u8);
        foreach (var job in silo.Jobs)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, job.Id);
            writer.WriteString("type"u8, job.Type);
            writer.WriteString("queue"u8, job.Queue);
            WriteSeconds(writer, "runningSeconds"u8, job.RunningFor);
            writer.WriteBoolean("stuck"u8, job.Stuck);
            if (job.StalledFor is { } silence) writer.WriteNumber("stalledSeconds"u8, (long)silence.TotalSeconds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteSeconds(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TimeSpan span) =>
        writer.WriteNumber(name, Math.Round(span.TotalSeconds, 3));

    // A schema comes as text; one that is none means that anything goes.
    private static void WriteSchema(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string schema)
    {
        writer.WritePropertyName(name);
        try
        {
            using var document = JsonDocument.Parse(schema);
            document.RootElement.WriteTo(writer);
        }
        catch (JsonException)
        {
            writer.WriteBooleanValue(true);
        }
    }
}
