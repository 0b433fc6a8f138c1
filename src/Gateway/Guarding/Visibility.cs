namespace OrleansJobs.Gateway.Guarding;

/// <summary>Which jobs a request may see: by a watch token the one that it was made for, otherwise those of the caller's queues.</summary>
internal static class Visibility
{
    /// <summary>Null: all. To be asked for each status, since another job may have come under the same id.</summary>
    public static Func<JobStatus, bool>? Of(HttpContext context)
    {
        if (WatchTokens.Of(context) is { } granted) return job => granted.TryGetValue(job.Id, out var incarnation) && incarnation == WatchTokens.IncarnationOf(job);
        var caller = Caller.Of(context);
        return caller.IsLimited ? caller.MaySee : null;
    }

    public static bool MaySee(HttpContext context, JobStatus job) => Of(context) is not { } sees || sees(job);
}
