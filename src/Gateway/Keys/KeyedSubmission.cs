using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Keys;

/// <summary>A submit with a key, or a unique one, has an id that belongs where its key does. An idempotency key holds within one key.</summary>
internal static class KeyedSubmission
{
    public static JobSubmission Of(JobSubmission job, SubmitRequest request, GridInfo info, (byte[] Secret, string Scope, string Key, int? Place)? idempotency, TimeProvider time)
    {
        job = job with
        {
            Key = request.Key, Weight = request.Weight,
            Unique = request.Unique is { Value: null } unique ? unique with { Value = JobKeys.UniqueOf(job.Type, job.Args) } : request.Unique,
        };
        if (JobKeys.PlaceOf(job.Key, job.Unique) is not { } place) return job;
        if (idempotency is not { } given) return JobKeys.Placed(job, info.Partitions, time);
        var head = JobIds.FromKey(given.Secret, given.Scope, $"{place.Length}:{place}:{given.Key}", given.Place);
        job = job with { Id = JobIds.EndedIn(head, JobIds.PartitionOf(place, info.Partitions), info.Partitions) };
        return job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }
}
