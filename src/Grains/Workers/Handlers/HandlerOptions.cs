using OrleansJobs.Batches;
using OrleansJobs.Hosting;

namespace OrleansJobs.Workers;

/// <summary>How a handler's jobs are run where the submit does not say otherwise, with the grid's defaults filled in.</summary>
/// <param name="HardTimeout">Null: the cancel grace after the timeout.</param>
internal sealed record HandlerOptions(string Queue, RetryPolicy Retry, TimeSpan? Timeout, TimeSpan? HardTimeout, Type[] Final, string? Description, TypeDefaults Defaults)
{
    public static HandlerOptions Of(JobRegistrationOptions options, JobGridOptions grid) => new(
        options.Queue,
        options.Retry ?? (options.Attempts is { } attempts ? grid.Retry with { Attempts = attempts } : grid.Retry),
        options.Timeout,
        options.HardTimeout,
        [.. options.FinalExceptions],
        options.Description,
        new(options.Queue, KeyTemplate.TryParse(options.Key, out var key, out _) ? key : null, options.Weight))
    {
        KeepsLogs = options.Logs,
        StalledAfter = options.StalledAfter,
        Batch = new(options.Batch ?? BatchPolicy.DefaultSize, (long)options.BatchWait.TotalMilliseconds),
    };

    /// <summary>What its attempts log is kept with their jobs.</summary>
    public bool KeepsLogs { get; init; } = true;

    /// <summary>How long an attempt may say nothing new before it is cancelled; null: for ever.</summary>
    public TimeSpan? StalledAfter { get; init; }

    /// <summary>Where the handler runs batches: in which.</summary>
    public BatchPolicy? Batch { get; init; }

    /// <summary>Whether this exception ends the job, whatever attempts are left.</summary>
    public bool IsFinal(Exception exception)
    {
        foreach (var type in Final)
        {
            if (type.IsInstanceOfType(exception)) return true;
        }

        return false;
    }
}
