using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs;

/// <summary>
/// What two submits under one id must share to be the same: everything that the submitter said, and nothing that the clock or the
/// transport added.
/// </summary>
public static class SubmissionFingerprint
{
    public const int Length = 16;

    public static byte[] Of(JobSubmission job)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, job.Type);
        Add(hash, job.Queue);
        hash.AppendData(BitConverter.GetBytes(job.Args.Length));
        hash.AppendData(job.Args);
        ReadOnlySpan<long?> numbers = [job.Priority, job.Countdown, job.Eta, job.ExpiresAfter, job.ExpiresAt, job.DeadlineAfter, job.DeadlineAt, job.Timeout, job.Retention, job.Attempts ?? job.Retry?.Attempts,
            job.Retry?.FirstDelay.Ticks, job.Retry?.Ceiling.Ticks, Bits(job.Retry?.Factor), Bits(job.Retry?.Jitter)];
        foreach (var number in numbers)
        {
            hash.AppendData([number is null ? (byte)0 : (byte)1]);
            hash.AppendData(BitConverter.GetBytes(number ?? 0));
        }

        foreach (var tag in job.Tags.OrderBy(tag => tag.Name, StringComparer.Ordinal))
        {
            Add(hash, tag.Name);
            Add(hash, tag.Value);
        }

        foreach (var after in job.After.OrderBy(after => after.Job, StringComparer.Ordinal))
        {
            Add(hash, after.Job);
            hash.AppendData([(byte)after.On]);
        }

        foreach (var notice in job.Notify)
        {
            Add(hash, notice.Url);
            hash.AppendData([(byte)notice.On]);
        }

        if (job.CancelIfUnmet) hash.AppendData([1]);
        if (job.Key is not null || job.Unique is not null) AddKey(hash, job);
        return hash.GetHashAndReset().AsSpan(0, Length).ToArray();
    }

    private static void AddKey(IncrementalHash hash, JobSubmission job)
    {
        Add(hash, job.Key ?? "");
        hash.AppendData(BitConverter.GetBytes(job.Weight ?? 0));
        if (job.Unique is not { } unique) return;
        Add(hash, unique.Value ?? "");
        hash.AppendData([(byte)unique.Until, (byte)unique.On]);
        hash.AppendData(BitConverter.GetBytes(unique.For ?? 0));
        hash.AppendData(BitConverter.GetBytes(unique.Longest ?? 0));
    }

    private static long? Bits(double? number) => number is { } value ? BitConverter.DoubleToInt64Bits(value) : null;

    private static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
