using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Waiting;

/// <summary>The JSON of what a job waits for.</summary>
internal static class WaitJson
{
    public static void Write(Utf8JsonWriter writer, WaitReason[] reasons)
    {
        writer.WriteStartArray("waitingFor"u8);
        foreach (var reason in reasons)
        {
            writer.WriteStartObject();
            writer.WriteString("what"u8, reason.What);
            if (reason.What == WaitReasons.Queue) writer.WriteBoolean("paused"u8, true);
            else if (reason.Name is { } name) writer.WriteString(NameOf(reason.What), name);
            if (reason.Queue is { } queue) writer.WriteString("queue"u8, queue);
            if (reason.Done is { } done) writer.WriteNumber("done"u8, done);
            if (reason.Of is { } of) writer.WriteNumber("of"u8, of);
            if (reason.Limit is { } limit) writer.WriteString("limit"u8, limit);
            if (reason.Position is { } position) writer.WriteNumber("position"u8, position);
            if (reason.Stuck is { } stuck) writer.WriteNumber("stuck"u8, stuck);
            StatusJson.WriteInstant(writer, "since"u8, reason.Since);
            StatusJson.WriteInstant(writer, "until"u8, reason.Until);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string NameOf(string what) => what switch
    {
        WaitReasons.Job => "id",
        WaitReasons.Handler => "type",
        WaitReasons.Limit => "key",
        _ => "name",
    };
}
