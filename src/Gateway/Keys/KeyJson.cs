using System.Text.Json;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Keys;

/// <summary>The JSON of keys: the rule that holds, and how they stand.</summary>
internal static class KeyJson
{
    /// <param name="jobs">Where they are asked for.</param>
    public static void Write(Utf8JsonWriter writer, KeyInfo key, KeyJobs? jobs = null)
    {
        writer.WriteStartObject();
        writer.WriteString("key"u8, key.Key);
        if (key.Rule is { } rule)
        {
            writer.WritePropertyName("rule"u8);
            Write(writer, rule);
        }

        if (key.From is not null) writer.WriteString("from"u8, key.From);
        if (key.Paused is { } pause)
        {
            writer.WriteStartObject("paused"u8);
            writer.WriteString("by"u8, pause.By);
            StatusJson.WriteInstant(writer, "since"u8, pause.Since);
            if (pause.Reason is not null) writer.WriteString("reason"u8, pause.Reason);
            writer.WriteEndObject();
        }

        if (key.Keys is { } keys) writer.WriteNumber("keys"u8, keys);
        writer.WriteNumber("waiting"u8, key.Waiting);
        writer.WriteNumber("running"u8, key.Running);
        if (key.Stuck > 0) writer.WriteNumber("stuck"u8, key.Stuck);
        if (key.Left is { } left) writer.WriteNumber("left"u8, left);
        StatusJson.WriteInstant(writer, "next"u8, key.Next);
        if (key.Held is not null) writer.WriteString("held"u8, key.Held);
        if (jobs is not null) WriteJobs(writer, jobs);
        writer.WriteEndObject();
    }

    private static void WriteJobs(Utf8JsonWriter writer, KeyJobs jobs)
    {
        writer.WriteStartObject("jobs"u8);
        writer.WriteStartArray("running"u8);
        foreach (var job in jobs.Running) StatusJson.WriteListed(writer, job);
        writer.WriteEndArray();
        writer.WriteStartArray("waiting"u8);
        foreach (var job in jobs.Waiting) StatusJson.WriteListed(writer, job);
        writer.WriteEndArray();
        if (jobs.HasMore) writer.WriteBoolean("more"u8, true);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, KeyRule rule)
    {
        writer.WriteStartObject();
        if (rule.Concurrency is { } concurrency) writer.WriteNumber("concurrency"u8, concurrency);
        if (rule.Rate is { } rate)
        {
            WriteRate(writer, rate);
            writer.WriteString("on"u8, KeyWords.RateOn[rate.Rejects ? 1 : 0]);
            writer.WriteEndObject();
        }

        writer.WriteString("order"u8, KeyWords.Orders[(int)rule.Order]);
        if (rule.Weight is { } weight) writer.WriteNumber("weight"u8, weight);
        writer.WriteEndObject();
    }

    private static void WriteRate(Utf8JsonWriter writer, KeyRate rate)
    {
        writer.WriteStartObject("rate"u8);
        writer.WriteNumber("limit"u8, rate.Limit);
        writer.WriteNumber("per"u8, rate.Per / 1000.0);
        writer.WriteNumber("burst"u8, rate.Burst);
    }

    /// <summary>A queue with its limits.</summary>
    public static void Write(Utf8JsonWriter writer, QueueLimitInfo queue)
    {
        writer.WriteStartObject();
        writer.WriteString("queue"u8, queue.Queue);
        if (queue.Limits is { } limits)
        {
            if (limits.Concurrency is { } concurrency) writer.WriteNumber("concurrency"u8, concurrency);
            if (limits.Rate is { } rate)
            {
                WriteRate(writer, rate);
                writer.WriteEndObject();
            }

            if (queue.IsConfigured) writer.WriteString("from"u8, "configuration"u8);
        }

        writer.WriteNumber("waiting"u8, queue.Waiting);
        writer.WriteNumber("running"u8, queue.Running);
        if (queue.Stuck > 0) writer.WriteNumber("stuck"u8, queue.Stuck);
        StatusJson.WriteInstant(writer, "next"u8, queue.Next);
        writer.WriteEndObject();
    }
}
