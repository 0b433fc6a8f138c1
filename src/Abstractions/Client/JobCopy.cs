using System.Text.Json;

namespace OrleansJobs;

/// <summary>What a copy of a job is to have otherwise; what is null is as it was.</summary>
public sealed record JobCopy
{
    /// <summary>The tag by which copies of a job are found: it has the job's id, where that is <see cref="JobLimits.MaxTagLength"/> characters at most and there is room for a tag.</summary>
    public const string Tag = "copy-of";

    public JsonElement? Args { get; init; }
    public string? Queue { get; init; }
    public int? Priority { get; init; }

    /// <summary>Start so long after acceptance.</summary>
    public TimeSpan? Countdown { get; init; }

    /// <param name="id">Of the job that is copied.</param>
    /// <param name="original">Without an id.</param>
    internal JobSubmission Of(string id, JobSubmission original, TypeDefaults defaults, int partitions, TimeProvider time)
    {
        var job = original with
        {
            Id = JobIds.NewBesideOthers(partitions, time), Args = Args is { } args ? JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options) : original.Args, Queue = Queue ?? original.Queue,
            Priority = Priority ?? original.Priority, Countdown = (long?)Countdown?.TotalMilliseconds,
            Tags = TagsOf(null, original.Tags, id),
        };
        // A key that is made of the arguments is made anew of these.
        if (defaults.Key is not null) job = defaults.Keyed(job with { Key = null, Weight = null }, hasOwnId: false);
        return job.Key is null ? job : JobKeys.Placed(job, partitions, time);
    }

    /// <param name="given">Null: those of the job.</param>
    internal static JobTag[] TagsOf(JobTag[]? given, JobTag[] ofJob, string id)
    {
        // A copy of a copy is one of that.
        var tags = given ?? [.. ofJob.Where(tag => tag.Name != Tag)];
        return tags.Length < JobLimits.MaxTags && id.Length <= JobLimits.MaxTagLength && !tags.Any(tag => tag.Name == Tag) ? [.. tags, new(Tag, id)] : tags;
    }
}
