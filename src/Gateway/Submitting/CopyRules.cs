namespace OrleansJobs.Gateway.Submitting;

/// <summary>What a copy has of its job, where the request says nothing else.</summary>
internal static class CopyRules
{
    /// <param name="hasKeyByType">Its key is made of its arguments, which may be others now.</param>
    public static void Fill(SubmitRequest request, string id, JobSubmission original, bool hasKeyByType)
    {
        request.Type = original.Type;
        request.Queue ??= original.Queue;
        request.Priority ??= original.Priority;
        if (original.Retry is null) request.Attempts ??= original.Attempts;
        request.Timeout ??= original.Timeout;
        request.Retention ??= original.Retention;
        if (request.Notify.Length == 0) request.Notify = original.Notify;
        // With an id of one's own it is refused, as a submit is: without its key it would run beside those that the key is to hold back.
        if (request.Key is null && !hasKeyByType) (request.Key, request.Weight) = (original.Key, request.Weight ?? original.Weight);
        request.Tags = JobCopy.TagsOf(request.Tags.Length > 0 ? request.Tags : null, original.Tags, id);
    }
}
