using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>The limits of a queue where none were put by HTTP or by a client. Section <c>JobGrid:QueueLimits</c>.</summary>
public sealed class QueueLimitOptions
{
    /// <value>Attempts at a time; none: any number.</value>
    [Range(1, KeyRule.MaxConcurrency)] public int? Concurrency { get; set; }

    /// <value>Attempts that start per <see cref="Per"/>; none: any number.</value>
    [Range(1, KeyRate.MaxLimit)] public int? Limit { get; set; }

    /// <value>The period of <see cref="Limit"/>; default 1 minute.</value>
    public TimeSpan Per { get; set; } = TimeSpan.FromMinutes(1);

    /// <value>How many may start at once after a time without any; default 1.</value>
    [Range(1, KeyRate.MaxLimit)] public int Burst { get; set; } = 1;

    internal QueueLimits ToLimits() => new()
    {
        Concurrency = Concurrency, Rate = Limit is { } limit ? new(limit, (long)Math.Ceiling(Per.TotalMilliseconds), Burst) : null,
    };
}
