using System.Text.Json;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>The JSON of a job's status, written member by member: it is what the gateway answers most.</summary>
internal static class StatusJson
{
    private static readonly JsonEncodedText[] States = [.. Enum.GetValues<JobState>().Select(state => JsonEncodedText.Encode(state.Name))];

    /// <param name="watchToken">For the submitter only.</param>
    public static void Write(Utf8JsonWriter writer, JobStatus job, string? watchToken = null) => Write(writer, job, watchToken, withResult: true);

    private static void Write(Utf8JsonWriter writer, JobStatus job, string? watchToken, bool withResult)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, job.Id);
        writer.WriteString("type"u8, job.Type);
        writer.WriteString("queue"u8, job.Queue);
        writer.WriteNumber("priority"u8, job.Priority);
        writer.WriteString("state"u8, States[(int)job.State]);
        if (job.Phase.Name is { } phase) writer.WriteString("phase"u8, phase);
        writer.WriteNumber("current"u8, job.Current);
        // Pages divide by it.
        writer.WriteNumber("total"u8, Math.Max(1, job.Total));
        writer.WriteString("status"u8, job.Message);
        if (job.Data is not null)
        {
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(job.Data, skipInputValidation: true);
        }

        writer.WriteNumber("attempt"u8, job.Attempt);
        writer.WriteNumber("maxAttempts"u8, job.MaxAttempts);
        writer.WriteNumber("version"u8, job.Version);
        WriteInstant(writer, "submittedAt"u8, job.SubmittedAt);
        WriteInstant(writer, "dueAt"u8, job.DueAt);
        WriteInstant(writer, "startedAt"u8, job.StartedAt);
        WriteInstant(writer, "finishedAt"u8, job.FinishedAt);
        WriteInstant(writer, "expiresAt"u8, job.ExpiresAt);
        WriteInstant(writer, "deadlineAt"u8, job.DeadlineAt);
        if (job.StalledFor is { } silence) writer.WriteNumber("stalledFor"u8, (long)silence.TotalSeconds);
        if (job.WaitingFor.Length > 0) WaitJson.Write(writer, job.WaitingFor);
        if (job.After.Length > 0) WriteAfter(writer, job.After);
        if (job.Parent is not null) writer.WriteString("parent"u8, job.Parent);
        if (job.IsFlow) writer.WriteBoolean("flow"u8, true);
        if (job.HasLogs) writer.WriteBoolean("logs"u8, true);
        if (job.Key is not null) writer.WriteString("key"u8, job.Key);
        if (job.Schedule is not null) writer.WriteString("schedule"u8, job.Schedule);
        WriteInstant(writer, "scheduledAt"u8, job.ScheduledAt);
        if (job.Silo is not null) writer.WriteString("silo"u8, WorkSession.Display(job.Silo));
        WriteTags(writer, job.Tags);
        WriteAttempts(writer, job.Attempts);
        if (job.Changes.Length > 0) WriteChanges(writer, job.Changes);
        WriteOutcome(writer, job, withResult);
        if (watchToken is not null) writer.WriteString("watchToken"u8, watchToken);
        writer.WriteEndObject();
    }

    /// <summary>The same without the result, which lists do not carry.</summary>
    /// <param name="watchToken">For the submitter only.</param>
    public static void WriteListed(Utf8JsonWriter writer, JobStatus job, string? watchToken = null) => Write(writer, job, watchToken, withResult: false);

    public static void WriteError(Utf8JsonWriter writer, JobError error)
    {
        writer.WriteStartObject();
        writer.WriteString("code"u8, error.Code);
        if (error.Type is not null) writer.WriteString("type"u8, error.Type);
        writer.WriteString("message"u8, error.Message);
        if (error.Trace is { } trace)
        {
            writer.WriteString("place"u8, trace.Place);
            if (trace.Release is not null) writer.WriteString("release"u8, trace.Release);
            if (trace.Text is not null) writer.WriteString("trace"u8, trace.Text);
        }

        writer.WriteEndObject();
    }

    public static void WriteInstant(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? instant)
    {
        if (instant is { } value) writer.WriteString(name, value.UtcDateTime);
    }

    // Pages ask whether there is a "result" or an "error", so each stands in one state only.
    private static void WriteOutcome(Utf8JsonWriter writer, JobStatus job, bool withResult)
    {
        if (job.State == JobState.Success)
        {
            if (!withResult) return;
            writer.WritePropertyName("result"u8);
            WriteResult(writer, job.Result);
        }
        else if (job is { State: JobState.Failure, Error: { } error })
        {
            writer.WritePropertyName("error"u8);
            WriteError(writer, error);
        }
    }

    // It is JSON already: the worker wrote it.
    private static void WriteResult(Utf8JsonWriter writer, byte[]? result)
    {
        if (result is { Length: > 0 }) writer.WriteRawValue(result, skipInputValidation: true);
        else writer.WriteNullValue();
    }

    private static void WriteAfter(Utf8JsonWriter writer, JobDependency[] after)
    {
        writer.WriteStartArray("after"u8);
        foreach (var (job, on) in after)
        {
            writer.WriteStartObject();
            writer.WriteString("job"u8, job);
            writer.WriteString("on"u8, on.Word);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTags(Utf8JsonWriter writer, JobTag[] tags)
    {
        writer.WriteStartObject("tags"u8);
        foreach (var (name, value) in tags) writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    private static void WriteChanges(Utf8JsonWriter writer, JobChangeEntry[] changes)
    {
        writer.WriteStartArray("changes"u8);
        foreach (var change in changes)
        {
            writer.WriteStartObject();
            writer.WriteString("what"u8, change.What);
            writer.WriteString("by"u8, change.By);
            WriteInstant(writer, "at"u8, change.At);
            if (change.Queue is not null) writer.WriteString("queue"u8, change.Queue);
            if (change.Reason is not null) writer.WriteString("reason"u8, change.Reason);
            if (change.Action is not null) writer.WriteString("action"u8, change.Action);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteAttempts(Utf8JsonWriter writer, JobAttempt[] attempts)
    {
        writer.WriteStartArray("attempts"u8);
        foreach (var attempt in attempts)
        {
            writer.WriteStartObject();
            writer.WriteNumber("number"u8, attempt.Number);
            if (attempt.Silo is not null) writer.WriteString("silo"u8, WorkSession.Display(attempt.Silo));
            WriteInstant(writer, "startedAt"u8, attempt.StartedAt);
            WriteInstant(writer, "endedAt"u8, attempt.EndedAt);
            writer.WriteString("outcome"u8, attempt.Outcome);
            if (attempt.Error is { } error)
            {
                writer.WritePropertyName("error"u8);
                WriteError(writer, error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
