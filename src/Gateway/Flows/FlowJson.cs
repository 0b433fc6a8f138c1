using System.Text.Json;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Flows;

/// <summary>The JSON of a flow and its jobs.</summary>
internal static class FlowJson
{
    public static void Write(Utf8JsonWriter writer, FlowView view)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, view.Flow.Id);
        writer.WriteString("type"u8, view.Flow.Type);
        WriteStanding(writer, view.Flow);
        if (view.Graph is { } graph) writer.WriteString("onFailure"u8, graph.OnFailure == GraphFailure.Continue ? "continue"u8 : "cancel"u8);
        writer.WriteStartArray("jobs"u8);
        foreach (var job in view.Jobs) WriteJob(writer, job);
        writer.WriteEndArray();
        if (view.Graph is null) WriteGroups(writer, view.Groups);
        if (view.HasMore) writer.WriteBoolean("more"u8, true);
        writer.WriteEndObject();
    }

    private static void WriteJob(Utf8JsonWriter writer, FlowJobView job)
    {
        writer.WriteStartObject();
        if (job.Name is not null) writer.WriteString("name"u8, job.Name);
        writer.WriteString("type"u8, job.Type);
        writer.WriteString("queue"u8, job.Queue);
        if (job.Name is not null) GraphWriter.WriteAfter(writer, job.After);
        if (job.IsEach) writer.WriteBoolean("each"u8, true);
        if (job.Job is { } status)
        {
            writer.WriteString("id"u8, status.Id);
            if (status.IsFlow) writer.WriteBoolean("flow"u8, true);
            WriteStanding(writer, status);
        }
        else
        {
            writer.WriteString("state"u8, job.State);
            if (job.Awaited.Length > 0) WriteAwaited(writer, job.Awaited);
        }

        if (job.Group is { } group)
        {
            writer.WriteStartObject("children"u8);
            WriteCounts(writer, group);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>Jobs of the graph, by name: some of them may have no id yet.</summary>
    private static void WriteAwaited(Utf8JsonWriter writer, string[] names)
    {
        writer.WriteStartArray("waitingFor"u8);
        foreach (var name in names)
        {
            writer.WriteStartObject();
            writer.WriteString("what"u8, WaitReasons.Job);
            writer.WriteString("name"u8, name);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteStanding(Utf8JsonWriter writer, JobStatus job)
    {
        writer.WriteString("state"u8, job.State.Name);
        if (job.Phase.Name is { } phase) writer.WriteString("phase"u8, phase);
        writer.WriteNumber("current"u8, job.Current);
        writer.WriteNumber("total"u8, Math.Max(1, job.Total));
        writer.WriteNumber("attempt"u8, job.Attempt);
        writer.WriteNumber("version"u8, job.Version);
        StatusJson.WriteInstant(writer, "submittedAt"u8, job.SubmittedAt);
        StatusJson.WriteInstant(writer, "startedAt"u8, job.StartedAt);
        StatusJson.WriteInstant(writer, "finishedAt"u8, job.FinishedAt);
        if (job.WaitingFor.Length > 0) WaitJson.Write(writer, job.WaitingFor);
        if (job is { State: JobState.Failure, Error: { } error })
        {
            writer.WritePropertyName("error"u8);
            StatusJson.WriteError(writer, error);
        }
    }

    private static void WriteGroups(Utf8JsonWriter writer, FlowGroupCount[] groups)
    {
        writer.WriteStartArray("groups"u8);
        foreach (var group in groups)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, group.Name);
            WriteCounts(writer, group);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCounts(Utf8JsonWriter writer, FlowGroupCount group)
    {
        if (group.Total >= 0) writer.WriteNumber("total"u8, group.Total);
        writer.WriteNumber("started"u8, group.Started);
        writer.WriteNumber("succeeded"u8, group.Succeeded);
        writer.WriteNumber("failed"u8, group.Failed);
    }
}
