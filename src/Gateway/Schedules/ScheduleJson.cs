using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Schedules;

/// <summary>The JSON of schedules: what was put, as it was put, and how it stands.</summary>
internal static class ScheduleJson
{
    public static void Write(Utf8JsonWriter writer, ScheduleInfo schedule)
    {
        var spec = schedule.Spec;
        writer.WriteStartObject();
        writer.WriteString("id"u8, schedule.Id);
        WriteJob(writer, spec);
        if (spec.Cron is not null) writer.WriteString("cron"u8, spec.Cron);
        Seconds(writer, "every"u8, spec.Every);
        if (spec.Every is not null) StatusJson.WriteInstant(writer, "anchor"u8, schedule.Anchor);
        if (spec.Zone is not null) writer.WriteString("zone"u8, spec.Zone);
        StatusJson.WriteInstant(writer, "start"u8, Instant(spec.Start));
        StatusJson.WriteInstant(writer, "end"u8, Instant(spec.End));
        if (spec.Count is { } count)
        {
            writer.WriteNumber("count"u8, count);
            writer.WriteNumber("come"u8, schedule.Come);
        }

        if (spec.Jitter > 0) Seconds(writer, "jitter"u8, spec.Jitter);
        writer.WriteString("overlap"u8, Name(spec.Overlap));
        writer.WriteString("missed"u8, Name(spec.Missed));
        Seconds(writer, "missedAfter"u8, spec.MissedAfter);
        Seconds(writer, "missedWithin"u8, spec.MissedWithin);
        writer.WriteString("version"u8, schedule.Version);
        StatusJson.WriteInstant(writer, "createdAt"u8, schedule.CreatedAt);
        StatusJson.WriteInstant(writer, "changedAt"u8, schedule.ChangedAt);
        StatusJson.WriteInstant(writer, "nextAt"u8, schedule.NextAt);
        StatusJson.WriteInstant(writer, "dueAt"u8, schedule.DueAt);
        if (schedule.Paused is { } pause) WritePause(writer, pause);
        if (schedule.Application is not null) writer.WriteString("application"u8, schedule.Application);
        if (schedule.Release is not null) writer.WriteString("release"u8, schedule.Release);
        WriteRuns(writer, schedule.Runs);
        writer.WriteEndObject();
    }

    /// <summary>Newest first.</summary>
    public static void WriteRuns(Utf8JsonWriter writer, ScheduleRun[] runs)
    {
        writer.WriteStartArray("runs"u8);
        foreach (var run in runs)
        {
            writer.WriteStartObject();
            StatusJson.WriteInstant(writer, "scheduledAt"u8, run.ScheduledAt);
            writer.WriteString("outcome"u8, Name(run.Outcome));
            writer.WriteString("cause"u8, Name(run.Cause));
            if (run.Job is not null) writer.WriteString("job"u8, run.Job);
            if (run.State is { } state) writer.WriteString("state"u8, state.Name);
            StatusJson.WriteInstant(writer, "submittedAt"u8, run.SubmittedAt);
            StatusJson.WriteInstant(writer, "startedAt"u8, run.StartedAt);
            StatusJson.WriteInstant(writer, "finishedAt"u8, run.FinishedAt);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void WriteNext(Utf8JsonWriter writer, long[] next)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("next"u8);
        foreach (var instant in next) writer.WriteStringValue(ArgsTemplate.Text(instant));
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteJob(Utf8JsonWriter writer, ScheduleSpec spec)
    {
        if (spec.IsFlow) writer.WritePropertyName("flow"u8);
        else
        {
            writer.WriteString("type"u8, spec.Type);
            writer.WriteString("queue"u8, spec.Queue);
            writer.WriteNumber("priority"u8, spec.Priority);
            writer.WritePropertyName("args"u8);
        }

        writer.WriteRawValue(spec.Args, skipInputValidation: true);
        writer.WriteStartObject("tags"u8);
        // What the grid has added to a flow's is not what was put.
        foreach (var (name, value) in spec.Tags.Where(tag => !spec.IsFlow || !SubmissionRules.IsReserved(tag.Name))) writer.WriteString(name, value);
        writer.WriteEndObject();
        if (spec.Key is not null) writer.WriteString("key"u8, spec.Key);
        if (spec.Weight is { } weight) writer.WriteNumber("weight"u8, weight);
        if (spec.Attempts is { } attempts) writer.WriteNumber("attempts"u8, attempts);
        Seconds(writer, "timeout"u8, spec.Timeout);
        Seconds(writer, "deadline"u8, spec.Deadline);
        Seconds(writer, "retention"u8, spec.Retention);
        WriteNotify(writer, spec.Notify);
    }

    /// <summary>As it can be put again.</summary>
    private static void WriteNotify(Utf8JsonWriter writer, JobNotice[] notices)
    {
        if (notices.Length == 0) return;
        writer.WriteStartArray("notify"u8);
        foreach (var notice in notices)
        {
            writer.WriteStartObject();
            writer.WriteString("url"u8, notice.Url);
            writer.WriteStartArray("on"u8);
            foreach (var word in NoticeWords.Of(notice.On)) writer.WriteStringValue(word);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePause(Utf8JsonWriter writer, SchedulePause pause)
    {
        writer.WriteStartObject("paused"u8);
        writer.WriteString("by"u8, pause.By);
        StatusJson.WriteInstant(writer, "at"u8, pause.At);
        if (pause.Reason is not null) writer.WriteString("reason"u8, pause.Reason);
        writer.WriteEndObject();
    }

    private static void Seconds(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? milliseconds)
    {
        if (milliseconds is { } value) writer.WriteNumber(name, value / 1000m);
    }

    private static DateTimeOffset? Instant(long? milliseconds) => milliseconds is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
