using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>All that is stored of one job.</summary>
/// <param name="Spec">What was submitted; never changes.</param>
/// <param name="Track">What happened to it so far, where it waits again.</param>
/// <param name="Lease">Who runs it, where it runs.</param>
/// <param name="Outcome">How it ended, where it has.</param>
internal sealed record StoredJob(byte[] Spec, byte[]? Track, byte[]? Lease, byte[]? Outcome)
{
    public long Size => Spec.Length + (Track?.Length ?? 0) + (Lease?.Length ?? 0) + (Outcome?.Length ?? 0);

    /// <summary>Its retention is not over.</summary>
    public bool IsKeptAt(long now) => Outcome is not { } outcome || JobOutcome.DecodeEnd(outcome).RetainUntil > now;

    public static StoredJob? Of(StoredRows rows) => rows.Exist ? new(rows[0]!, rows[1], rows[2], rows[3]) : null;
}
