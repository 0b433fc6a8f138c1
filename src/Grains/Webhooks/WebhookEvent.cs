using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Webhooks;

/// <summary>What a call says. Of an end it is made when the job ends: how it stood then is said, whatever becomes of it.</summary>
internal static class WebhookEvent
{
    /// <summary>A longer result is left out: the receiver can fetch it.</summary>
    public const int MaxResultBytes = 64 << 10;

    /// <summary>The arguments of the job that calls.</summary>
    public static byte[] ArgsOf(string url, LiveJob job)
    {
        var (spec, track, outcome) = (job.Spec!, job.Track, job.Outcome!);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("url"u8, url);
            json.WriteStartObject("event"u8);
            json.WriteString("type"u8, outcome.State switch { JobState.Success => "job.succeeded", JobState.Failure => "job.failed", _ => "job.cancelled" });
            WriteInstant(json, "timestamp"u8, outcome.FinishedAt);
            json.WriteStartObject("data"u8);
            json.WriteString("id"u8, job.Id);
            json.WriteString("type"u8, spec.Type);
            json.WriteString("queue"u8, track.QueueOf(spec));
            json.WriteString("state"u8, outcome.State.Name);
            json.WriteNumber("attempt"u8, track.Attempt);
            WriteInstant(json, "submittedAt"u8, spec.SubmittedAt);
            WriteInstant(json, "finishedAt"u8, outcome.FinishedAt);
            WriteTags(json, spec.Tags);
            if (outcome.Error is { } error)
            {
                json.WriteStartObject("error"u8);
                json.WriteString("code"u8, error.Code);
                if (error.Type is not null) json.WriteString("type"u8, error.Type);
                json.WriteString("message"u8, error.Message);
                json.WriteEndObject();
            }

            if (outcome.Result is { Length: > MaxResultBytes }) json.WriteBoolean("resultOmitted"u8, true);
            else if (outcome.Result is { } result)
            {
                json.WritePropertyName("result"u8);
                json.WriteRawValue(result, skipInputValidation: true);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Of one value of one attempt, for one receiver: the same however often it is tried.</summary>
    public static string IdOfProgress(Lease lease, Progress progress, string url)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{lease.Id}\n{lease.Token}\n{progress.Epoch}\n{progress.Sequence}\n{url}");
        return $"{JobIds.DerivedPrefix}progress-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12))}";
    }

    /// <summary>What is said of a job that goes on.</summary>
    public static byte[] OfProgress(Lease lease, Progress progress, DateTimeOffset at)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "job.progress"u8);
            WriteInstant(json, "timestamp"u8, at.ToUnixTimeMilliseconds());
            json.WriteStartObject("data"u8);
            json.WriteString("id"u8, lease.Id);
            json.WriteString("type"u8, lease.Type);
            json.WriteString("queue"u8, lease.Queue);
            json.WriteString("state"u8, JobState.Progress.Name);
            json.WriteNumber("attempt"u8, lease.Attempt);
            WriteInstant(json, "submittedAt"u8, lease.SubmittedAt.ToUnixTimeMilliseconds());
            json.WriteNumber("current"u8, progress.Current);
            json.WriteNumber("total"u8, progress.Total);
            json.WriteString("status"u8, progress.Message ?? "");
            if (progress.Data is { } data)
            {
                json.WritePropertyName("data"u8);
                json.WriteRawValue(data, skipInputValidation: true);
            }

            WriteTags(json, lease.Tags);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTags(Utf8JsonWriter json, JobTag[] tags)
    {
        if (tags.Length == 0) return;
        json.WriteStartObject("tags"u8);
        foreach (var tag in tags) json.WriteString(tag.Name, tag.Value);
        json.WriteEndObject();
    }

    private static void WriteInstant(Utf8JsonWriter json, ReadOnlySpan<byte> name, long milliseconds) =>
        json.WriteString(name, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime);
}
