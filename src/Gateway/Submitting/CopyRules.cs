namespace OrleansJobs.Gateway.Submitting;

/// <summary>What a copy has of its job, where the request says nothing else.</summary>
internal static class CopyRules
{
    /// <summary>The tag by which copies are found: <c>GET /jobs?tag.copy-of=ID</c>.</summary>
    public const string Tag = "copy-of";

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
        if (request.Key is null && !hasKeyByType && request.Id is null) (request.Key, request.Weight) = (original.Key, request.Weight ?? original.Weight);
        JobTag[] tags = request.Tags.Length > 0 ? request.Tags : [.. original.Tags.Where(tag => tag.Name != Tag)];
        request.Tags = tags.Length < JobLimits.MaxTags && id.Length <= JobLimits.MaxTagLength && !tags.Any(tag => tag.Name == Tag) ? [.. tags, new(Tag, id)] : tags;
    }
}
