using System.Text;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>What is asked of a job's records for a list, beyond its status.</summary>
internal static class JobListing
{
    /// <param name="text">Null: anything goes.</param>
    public static bool HasArgs(StoredJob record, string? text) => text is null || Has(RecordFields.Of(record.Spec, RecordFields.SpecArgs), text);

    public static bool Has(ReadOnlySpan<byte> args, string text) => Encoding.UTF8.GetString(args).Contains(text, StringComparison.OrdinalIgnoreCase);

    /// <summary>It belongs to those that are listed by when they are due.</summary>
    public static bool WaitsForTime(JobStatus status) =>
        status is { State: JobState.Pending, Phase: JobPhase.Scheduled or JobPhase.Retrying } && status.WaitingFor.All(reason => reason.What is WaitReasons.Time or WaitReasons.Retry);
}
