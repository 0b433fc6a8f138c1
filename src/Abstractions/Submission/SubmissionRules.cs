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
        var problems = new SubmissionProblems();
        if (!JobIds.IsValid(job.Id)) problems.Add("/id", "An id is 1 to 128 of the characters A-Z a-z 0-9 . _ - and not '.' or '..'.");
        if (!IsName(job.Type)) problems.Add("/type", $"A job type is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        if (!IsName(job.Queue)) problems.Add("/queue", $"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        if (job.Args is null || job.Args.Length == 0) problems.Add("/args", "Arguments are JSON; no arguments are written null.");
        else if (job.Args.Length > limits.MaxArgsBytes) problems.Add("/args", $"Arguments of {job.Args.Length} bytes exceed the limit of {limits.MaxArgsBytes}.", tooLarge: true);
        if (job.Priority is < 0 or > JobLimits.MaxPriority) problems.Add("/priority", $"A priority is 0 to {JobLimits.MaxPriority}.");

        CheckTimes(job, limits, now, ref problems);
        CheckAttempts(job, limits, ref problems);
        CheckRetry(job.Retry, limits, ref problems);
        CheckTags(job.Tags, ref problems);
        CheckAfter(job, ref problems);
        CheckNotify(job.Notify, ref problems);
        if (job.Key is not null || job.Unique is not null || job.Weight is not null) KeyRules.Check(job, limits, ref problems);
        return problems.ToArray();
    }

    private static void CheckTimes(JobSubmission job, JobLimits limits, DateTimeOffset now, ref SubmissionProblems problems)
    {
        var furthest = (long)limits.MaxDelay.TotalMilliseconds;
        var latest = now.ToUnixTimeMilliseconds() + furthest;
        if (job.Countdown is not null && job.Eta is not null) problems.Add("/eta", "Give countdown or eta, not both.");
        if (job.Countdown is { } countdown && (countdown < 0 || countdown > furthest))
            problems.Add("/countdown", $"A countdown is 0 to {limits.MaxDelay.TotalSeconds:0} seconds.");
        if (job.Eta is { } eta && (eta < 0 || eta > latest))
            problems.Add("/eta", $"An eta is at most {limits.MaxDelay.TotalDays:0} days ahead.");
        if (job.ExpiresAfter is not null && job.ExpiresAt is not null) problems.Add("/expires", "Give a duration or an instant, not both.");
        if (job.ExpiresAfter is { } after && (after <= 0 || after > furthest))
            problems.Add("/expires", $"A job expires more than 0 and at most {limits.MaxDelay.TotalSeconds:0} seconds after it is accepted.");
        if (job.ExpiresAt is { } at && (at < 0 || at > latest))
            problems.Add("/expires", $"A job expires at most {limits.MaxDelay.TotalDays:0} days ahead.");
        if (job.DeadlineAfter is not null && job.DeadlineAt is not null) problems.Add("/deadline", "Give a duration or an instant, not both.");
        if (job.DeadlineAfter is { } span && (span <= 0 || span > furthest))
            problems.Add("/deadline", $"A deadline is more than 0 and at most {limits.MaxDelay.TotalSeconds:0} seconds after a job is accepted.");
        if (job.DeadlineAt is { } end && (end < 0 || end > latest))
            problems.Add("/deadline", $"A deadline is at most {limits.MaxDelay.TotalDays:0} days ahead.");
        if (job.DeadlineAfter <= job.Countdown || job.DeadlineAt <= job.Eta) problems.Add("/deadline", "A job that must have ended before it starts cannot be run.");
        if (job.Timeout is { } timeout && (timeout <= 0 || timeout > limits.MaxTimeout.TotalMilliseconds))
            problems.Add("/timeout", $"A timeout is more than 0 and at most {limits.MaxTimeout.TotalSeconds:0} seconds.");
        if (job.Retention is { } retention && (retention < 0 || retention > limits.MaxRetention.TotalMilliseconds))
            problems.Add("/retention", $"A retention is 0 to {limits.MaxRetention.TotalSeconds:0} seconds.");
    }

    private static void CheckAttempts(JobSubmission job, JobLimits limits, ref SubmissionProblems problems)
    {
        if (job.Attempts is not null && job.Retry is not null) problems.Add("/attempts", "Give attempts or a retry policy, not both.");
        if ((job.Attempts ?? job.Retry?.Attempts) is { } attempts && (attempts < 1 || attempts > limits.MaxAttempts))
            problems.Add("/attempts", $"Attempts are 1 to {limits.MaxAttempts}.");
    }

    private static void CheckRetry(RetryPolicy? retry, JobLimits limits, ref SubmissionProblems problems)
    {
        if (retry is null) return;
        if (retry.FirstDelay < TimeSpan.Zero || retry.FirstDelay > limits.MaxDelay) problems.Add("/retry/firstDelay", "A delay is not negative and within the delay limit.");
        if (!double.IsFinite(retry.Factor) || retry.Factor < 1 || retry.Factor > 100) problems.Add("/retry/factor", "A factor is 1 to 100.");
        if (retry.Ceiling < TimeSpan.Zero || retry.Ceiling > limits.MaxDelay) problems.Add("/retry/ceiling", "A ceiling is not negative and within the delay limit.");
        if (!double.IsFinite(retry.Jitter) || retry.Jitter < 0 || retry.Jitter > 1) problems.Add("/retry/jitter", "Jitter is 0 to 1.");
    }

    private static void CheckTags(JobTag[]? tags, ref SubmissionProblems problems)
    {
        if (tags is null || tags.Length == 0) return;
        if (tags.Length > JobLimits.MaxTags) problems.Add("/tags", $"A job has at most {JobLimits.MaxTags} tags.");
        for (var i = 0; i < tags.Length; i++)
        {
            var (name, value) = tags[i];
            if (!IsName(name)) problems.Add("/tags", $"A tag's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
            else if (value is null || value.Length > JobLimits.MaxTagLength || value.AsSpan().ContainsAnyInRange('\0', '\u001f'))
                problems.Add($"/tags/{name}", $"A tag's value is at most {JobLimits.MaxTagLength} characters, none of them a control character.");
            else if (Array.FindIndex(tags, tag => tag.Name == name) != i) problems.Add($"/tags/{name}", "A tag is given once.");
        }
    }

    private static void CheckNotify(JobNotice[]? notify, ref SubmissionProblems problems)
    {
        if (notify is null || notify.Length == 0) return;
        if (notify.Length > JobLimits.MaxNotify) problems.Add("/notify", $"At most {JobLimits.MaxNotify} are called for a job.");
        for (var i = 0; i < notify.Length; i++)
        {
            if (notify[i].Check($"/notify/{i}") is { } wrong) problems.Add(wrong.Pointer, wrong.Detail);
        }
    }

    private static void CheckAfter(JobSubmission job, ref SubmissionProblems problems)
    {
        var after = job.After;
        if (after is null || after.Length == 0)
        {
            if (job.CancelIfUnmet) problems.Add("/onUnmet", "It says what becomes of a job that is after others, and this one is not.");
            return;
        }

        if (after.Length > JobLimits.MaxAfter)
        {
            problems.Add("/after", $"A job follows at most {JobLimits.MaxAfter} others.");
            return;
        }

        var seen = new HashSet<string>(after.Length, StringComparer.Ordinal);
        for (var i = 0; i < after.Length; i++)
        {
            if (!JobIds.IsValid(after[i].Job)) problems.Add($"/after/{i}", "It is no id of a job.");
            else if (after[i].Job == job.Id) problems.Add($"/after/{i}", "A job cannot follow itself.");
            else if (!seen.Add(after[i].Job)) problems.Add($"/after/{i}", "A job is named once.");
            if (after[i].On > DependencyOn.Failure) problems.Add($"/after/{i}/on", "It must be success, end or failure.");
        }
    }
}
