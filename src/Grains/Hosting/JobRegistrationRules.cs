using OrleansJobs.Batches;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

/// <summary>What the options of a registration must keep to, as a pure function.</summary>
internal static class JobRegistrationRules
{
    /// <summary>Seconds of an attribute as a duration; what no duration can hold comes out as one that the rules refuse.</summary>
    public static TimeSpan Seconds(double seconds) =>
        double.IsFinite(seconds) && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MinValue;

    /// <summary>What is wrong with the key that a handler's jobs have by their arguments; null where nothing is.</summary>
    public static string? CheckKey(HandlerEntry handler) =>
        handler.Options.Defaults.Key is { } key && key.MistakeFor(handler.Info.ArgsSchema) is { } mistake ? $"Job '{handler.Name}': Key: {mistake}" : null;

    public static IEnumerable<string> Check(string name, string source, JobRegistrationOptions options, JobGridOptions grid)
    {
        if (!SubmissionRules.IsName(options.Queue))
            yield return Error("Queue", $"must be 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -", options.Queue);
        if (SubmissionRules.IsReserved(options.Queue) && !SubmissionRules.IsReserved(name))
            yield return Error("Queue", $"must not begin with '{JobIds.DerivedPrefix}', as only the grid's own do", options.Queue);
        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > grid.Limits.MaxTimeout))
            yield return Error("Timeout", $"must be more than zero and at most {grid.Limits.MaxTimeout}", timeout);
        if (options.HardTimeout is { } hard && (hard <= TimeSpan.Zero || hard > grid.Limits.MaxTimeout + grid.CancelGrace || hard < options.Timeout))
            yield return Error("HardTimeout", $"must be more than zero, not below Timeout ({options.Timeout}), and at most {grid.Limits.MaxTimeout + grid.CancelGrace}", hard);
        if (options.StalledAfter is { } stalled && (stalled <= TimeSpan.Zero || stalled > grid.Limits.MaxTimeout))
            yield return Error("StalledAfter", $"must be more than zero and at most {grid.Limits.MaxTimeout}", stalled);
        if (options.Attempts is { } attempts && (attempts < 1 || attempts > grid.Limits.MaxAttempts))
            yield return Error("Attempts", $"must be 1 to {grid.Limits.MaxAttempts}", attempts);
        if (options.Key is not null && !KeyTemplate.TryParse(options.Key, out _, out var mistake)) yield return $"Job '{name}' ({source}): Key: {mistake}";
        if (options.Weight is < 1 or > JobKeys.MaxWeight) yield return Error("Weight", $"must be 1 to {JobKeys.MaxWeight}", options.Weight);
        if (options.Batch is < 1 or > BatchPolicy.MaxSize) yield return Error("Batch", $"must be 1 to {BatchPolicy.MaxSize}", options.Batch);
        if (options.BatchWait < TimeSpan.Zero || options.BatchWait > BatchPolicy.MaxWait) yield return Error("BatchWait", $"must be zero to {BatchPolicy.MaxWait}", options.BatchWait);
        if (options.Retry is not { } retry) yield break;
        if (retry.Attempts < 1 || retry.Attempts > grid.Limits.MaxAttempts)
            yield return Error("Retry.Attempts", $"must be 1 to {grid.Limits.MaxAttempts}", retry.Attempts);
        if (retry.FirstDelay < TimeSpan.Zero || retry.FirstDelay > grid.Limits.MaxDelay)
            yield return Error("Retry.FirstDelay", $"must be zero to {grid.Limits.MaxDelay}", retry.FirstDelay);
        if (retry.Ceiling < TimeSpan.Zero || retry.Ceiling > grid.Limits.MaxDelay)
            yield return Error("Retry.Ceiling", $"must be zero to {grid.Limits.MaxDelay}", retry.Ceiling);
        if (!double.IsFinite(retry.Factor) || retry.Factor < 1 || retry.Factor > 100)
            yield return Error("Retry.Factor", "must be 1 to 100", retry.Factor);
        if (!double.IsFinite(retry.Jitter) || retry.Jitter < 0 || retry.Jitter > 1)
            yield return Error("Retry.Jitter", "must be 0 to 1", retry.Jitter);

        string Error(string option, string rule, object value) => $"Job '{name}' ({source}): {option} {rule}; it is '{value}'.";
    }
}
