using System.Text.Json;

namespace OrleansJobs;

/// <summary>What a copy of a job is to have otherwise; what is null is as it was.</summary>
public sealed record JobCopy
{
    public JsonElement? Args { get; init; }
    public string? Queue { get; init; }
    public int? Priority { get; init; }

    /// <summary>Start so long after acceptance.</summary>
    public TimeSpan? Countdown { get; init; }

    /// <param name="original">Without an id.</param>
    internal JobSubmission Of(JobSubmission original, TypeDefaults defaults, int partitions, TimeProvider time)
    {
        var job = original with
        {
            Id = JobIds.NewBesideOthers(partitions, time), Args = Args is { } args ? JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options) : original.Args, Queue = Queue ?? original.Queue,
            Priority = Priority ?? original.Priority, Countdown = (long?)Countdown?.TotalMilliseconds,
        };
        // A key that is made of the arguments is made anew of these.
        if (defaults.Key is not null) job = defaults.Keyed(job with { Key = null, Weight = null }, hasOwnId: false);
        return job.Key is null ? job : JobKeys.Placed(job, partitions, time);
    }
}
