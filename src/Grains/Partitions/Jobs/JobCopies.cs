using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>What of a job another one like it has.</summary>
internal static class JobCopies
{
    /// <summary>
    /// All that says what it is and how it runs. Not its instants, which have passed; not what it followed, which has ended; not its flow or schedule, which made it and no
    /// other; and not that it was the only one of its value.
    /// </summary>
    /// <param name="track">What has become of it, of which its queue and its priority count; null: nothing has been stored.</param>
    public static JobSubmission Of(JobSpec spec, JobTrack? track) => new()
    {
        Id = "", Type = spec.Type, Queue = track?.QueueOf(spec) ?? spec.Queue, Priority = track?.Priority ?? spec.Priority, Args = spec.Args, Retry = spec.Retry, Attempts = spec.Attempts, Timeout = spec.Timeout,
        Retention = spec.Retention, Tags = [.. spec.Tags.Where(tag => !SubmissionRules.IsReserved(tag.Name))], Notify = spec.Notify, Key = spec.Key, Weight = spec.Weight,
    };
}
