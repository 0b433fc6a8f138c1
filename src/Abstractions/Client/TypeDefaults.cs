using System.Collections.Concurrent;

namespace OrleansJobs;

/// <summary>What a job type says of its jobs where their submits do not.</summary>
/// <param name="Key">What their key is made of; null: they have none.</param>
/// <param name="Weight">How many turns a key of theirs has.</param>
internal sealed record TypeDefaults(string Queue, KeyTemplate? Key = null, int? Weight = null)
{
    /// <summary>Of a type that nobody knows.</summary>
    public static readonly TypeDefaults None = new(JobLimits.DefaultQueue);

    private static readonly ConcurrentDictionary<string, KeyTemplate?> Templates = new(StringComparer.Ordinal);

    public static TypeDefaults Of(JobTypeInfo type) => Of(type.Queue, type.Key, type.Weight);

    public static TypeDefaults Of(JobAttribute job) => Of(job.Queue, job.Key, job.Weight == 0 ? null : job.Weight);

    /// <summary>A submission with the key that its type makes of its arguments, unless it names one.</summary>
    /// <param name="hasOwnId">Its id is its submitter's.</param>
    /// <exception cref="JobRejectedException">The arguments make no key, or there would be one beside an id of the submitter's own.</exception>
    public JobSubmission Keyed(JobSubmission job, bool hasOwnId)
    {
        if (job.Key is null)
        {
            if (Key is null) return job;
            if (hasOwnId) throw new JobRejectedException([new("/id", KeyRules.OwnIdOfType(job.Type, Key.Text))]);
            job = job with { Key = Key.TryFill(job.Args, "/args", out var key, out var problem) ? key : throw new JobRejectedException([problem]) };
        }

        return job.Weight is null && Weight is not null ? job with { Weight = Weight } : job;
    }

    private static TypeDefaults Of(string queue, string? key, int? weight) => new(queue, key is null ? null : Templates.GetOrAdd(key, Parse), weight);

    private static KeyTemplate? Parse(string key) => KeyTemplate.TryParse(key, out var template, out _) ? template : null;
}
