using System.Buffers;

namespace OrleansJobs;

/// <summary>The rules of a submission, as a pure function: the same ones at the client, the gateway and the partition.</summary>
public static class SubmissionRules
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether it may name a job type or a queue: 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= JobLimits.MaxNameLength } && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>What is wrong with an id that a submitter gives, beside what is wrong with any; null where nothing is.</summary>
    public static SubmissionProblem? CheckOwnId(string? id) =>
        JobIds.IsDerived(id) ? new("/id", $"Ids that begin with '{JobIds.DerivedPrefix}' are derived by the grid; give another.") : null;

    /// <summary>Whether it names a type or a queue that the grid keeps for what it runs for itself.</summary>
    public static bool IsReserved(string? name) => name is not null && name.StartsWith(JobIds.DerivedPrefix, StringComparison.Ordinal);

    /// <summary>What is wrong with the type and queue that a submitter gives, beside what is wrong with any; null where nothing is.</summary>
    public static SubmissionProblem? CheckOwnNames(string? type, string? queue) =>
        IsReserved(type) ? new("/type", $"Job types that begin with '{JobIds.DerivedPrefix}' are the grid's own.")
        : IsReserved(queue) ? new("/queue", $"Queues that begin with '{JobIds.DerivedPrefix}' are the grid's own.")
        : null;

    /// <summary>Whether it may name a signal: 1 to 128 characters, none of them a control character.</summary>
    public static bool IsSignalName(string? name) =>
        name is { Length: > 0 and <= JobLimits.MaxSignalNameLength } && !name.Any(char.IsControl);

    /// <summary>What is wrong with a submission; nothing where it may be accepted.</summary>
    public static SubmissionProblem[] Check(JobSubmission job, JobLimits limits, DateTimeOffset now)
    {
        List<SubmissionProblem>? problems = null;
        void Problem(string pointer, string detail, bool tooLarge = false) =>
            (problems ??= []).Add(new(pointer, detail) { TooLarge = tooLarge });

        if (!JobIds.IsValid(job.Id)) Problem("/id", "An id is 1 to 128 of the characters A-Z a-z 0-9 . _ - and not '.' or '..'.");
        if (!IsName(job.Type)) Problem("/type", $"A job type is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        if (!IsName(job.Queue)) Problem("/queue", $"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        if (job.Args is null || job.Args.Length == 0) Problem("/args", "Arguments are JSON; no arguments are written null.");
        else if (job.Args.Length > limits.MaxArgsBytes) Problem("/args", $"Arguments of {job.Args.Length} bytes exceed the limit of {limits.MaxArgsBytes}.", tooLarge: true);
        if (job.Priority is < 0 or > JobLimits.MaxPriority) Problem("/priority", $"A priority is 0 to {JobLimits.MaxPriority}.");

        CheckTimes(job, limits, now, Problem);
        CheckAttempts(job, limits, Problem);
        CheckRetry(job.Retry, limits, Problem);
        CheckTags(job.Tags, Problem);
        CheckAfter(job, Problem);
        CheckNotify(job.Notify, Problem);
        if (job.Key is not null || job.Unique is not null || job.Weight is not null) KeyRules.Check(job, limits, Problem);
        return problems is null ? [] : [.. problems];
    }

    private static void CheckTimes(JobSubmission job, JobLimits limits, DateTimeOffset now, Action<string, string, bool> problem)
    {
        var furthest = (long)limits.MaxDelay.TotalMilliseconds;
        var latest = now.ToUnixTimeMilliseconds() + furthest;
        if (job.Countdown is not null && job.Eta is not null) problem("/eta", "Give countdown or eta, not both.", false);
        if (job.Countdown is { } countdown && (countdown < 0 || countdown > furthest))
            problem("/countdown", $"A countdown is 0 to {limits.MaxDelay.TotalSeconds:0} seconds.", false);
        if (job.Eta is { } eta && (eta < 0 || eta > latest))
            problem("/eta", $"An eta is at most {limits.MaxDelay.TotalDays:0} days ahead.", false);
        if (job.ExpiresAfter is not null && job.ExpiresAt is not null) problem("/expires", "Give a duration or an instant, not both.", false);
        if (job.ExpiresAfter is { } after && (after <= 0 || after > furthest))
            problem("/expires", $"A job expires more than 0 and at most {limits.MaxDelay.TotalSeconds:0} seconds after it is accepted.", false);
        if (job.ExpiresAt is { } at && (at < 0 || at > latest))
            problem("/expires", $"A job expires at most {limits.MaxDelay.TotalDays:0} days ahead.", false);
        if (job.DeadlineAfter is not null && job.DeadlineAt is not null) problem("/deadline", "Give a duration or an instant, not both.", false);
        if (job.DeadlineAfter is { } span && (span <= 0 || span > furthest))
            problem("/deadline", $"A deadline is more than 0 and at most {limits.MaxDelay.TotalSeconds:0} seconds after a job is accepted.", false);
        if (job.DeadlineAt is { } end && (end < 0 || end > latest))
            problem("/deadline", $"A deadline is at most {limits.MaxDelay.TotalDays:0} days ahead.", false);
        if (job.DeadlineAfter <= job.Countdown || job.DeadlineAt <= job.Eta) problem("/deadline", "A job that must have ended before it starts cannot be run.", false);
        if (job.Timeout is { } timeout && (timeout <= 0 || timeout > limits.MaxTimeout.TotalMilliseconds))
            problem("/timeout", $"A timeout is more than 0 and at most {limits.MaxTimeout.TotalSeconds:0} seconds.", false);
        if (job.Retention is { } retention && (retention < 0 || retention > limits.MaxRetention.TotalMilliseconds))
            problem("/retention", $"A retention is 0 to {limits.MaxRetention.TotalSeconds:0} seconds.", false);
    }

    private static void CheckAttempts(JobSubmission job, JobLimits limits, Action<string, string, bool> problem)
    {
        if (job.Attempts is not null && job.Retry is not null) problem("/attempts", "Give attempts or a retry policy, not both.", false);
        if ((job.Attempts ?? job.Retry?.Attempts) is { } attempts && (attempts < 1 || attempts > limits.MaxAttempts))
            problem("/attempts", $"Attempts are 1 to {limits.MaxAttempts}.", false);
    }

    private static void CheckRetry(RetryPolicy? retry, JobLimits limits, Action<string, string, bool> problem)
    {
        if (retry is null) return;
        if (retry.FirstDelay < TimeSpan.Zero || retry.FirstDelay > limits.MaxDelay) problem("/retry/firstDelay", "A delay is not negative and within the delay limit.", false);
        if (!double.IsFinite(retry.Factor) || retry.Factor < 1 || retry.Factor > 100) problem("/retry/factor", "A factor is 1 to 100.", false);
        if (retry.Ceiling < TimeSpan.Zero || retry.Ceiling > limits.MaxDelay) problem("/retry/ceiling", "A ceiling is not negative and within the delay limit.", false);
        if (!double.IsFinite(retry.Jitter) || retry.Jitter < 0 || retry.Jitter > 1) problem("/retry/jitter", "Jitter is 0 to 1.", false);
    }

    private static void CheckTags(JobTag[]? tags, Action<string, string, bool> problem)
    {
        if (tags is null || tags.Length == 0) return;
        if (tags.Length > JobLimits.MaxTags) problem("/tags", $"A job has at most {JobLimits.MaxTags} tags.", false);
        for (var i = 0; i < tags.Length; i++)
        {
            var (name, value) = tags[i];
            if (!IsName(name)) problem("/tags", $"A tag's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.", false);
            else if (value is null || value.Length > JobLimits.MaxTagLength || value.AsSpan().ContainsAnyInRange('\0', '\u001f'))
                problem($"/tags/{name}", $"A tag's value is at most {JobLimits.MaxTagLength} characters, none of them a control character.", false);
            else if (Array.FindIndex(tags, tag => tag.Name == name) != i) problem($"/tags/{name}", "A tag is given once.", false);
        }
    }

    private static void CheckNotify(JobNotice[]? notify, Action<string, string, bool> problem)
    {
        if (notify is null || notify.Length == 0) return;
        if (notify.Length > JobLimits.MaxNotify) problem("/notify", $"At most {JobLimits.MaxNotify} are called for a job.", false);
        for (var i = 0; i < notify.Length; i++)
        {
            if (notify[i].Check($"/notify/{i}") is { } wrong) problem(wrong.Pointer, wrong.Detail, false);
        }
    }

    private static void CheckAfter(JobSubmission job, Action<string, string, bool> problem)
    {
        var after = job.After;
        if (after is null || after.Length == 0)
        {
            if (job.CancelIfUnmet) problem("/onUnmet", "It says what becomes of a job that is after others, and this one is not.", false);
            return;
        }

        if (after.Length > JobLimits.MaxAfter)
        {
            problem("/after", $"A job follows at most {JobLimits.MaxAfter} others.", false);
            return;
        }

        var seen = new HashSet<string>(after.Length, StringComparer.Ordinal);
        for (var i = 0; i < after.Length; i++)
        {
            if (!JobIds.IsValid(after[i].Job)) problem($"/after/{i}", "It is no id of a job.", false);
            else if (after[i].Job == job.Id) problem($"/after/{i}", "A job cannot follow itself.", false);
            else if (!seen.Add(after[i].Job)) problem($"/after/{i}", "A job is named once.", false);
            if (after[i].On > DependencyOn.Failure) problem($"/after/{i}/on", "It must be success, end or failure.", false);
        }
    }
}
