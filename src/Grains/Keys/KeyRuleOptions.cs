using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>The rule of a prefix, or of one key, where none was put by HTTP or by a client. Section <c>JobGrid:Keys</c>.</summary>
public sealed class KeyRuleOptions
{
    /// <value>Attempts at a time; none: any number.</value>
    [Range(1, KeyRule.MaxConcurrency)] public int? Concurrency { get; set; }

    /// <value>Attempts that start per <see cref="Per"/>; none: any number.</value>
    [Range(1, KeyRate.MaxLimit)] public int? Limit { get; set; }

    /// <value>The period of <see cref="Limit"/>; default 1 minute.</value>
    public TimeSpan Per { get; set; } = TimeSpan.FromMinutes(1);

    /// <value>How many may start at once after a time without any; default 1.</value>
    [Range(1, KeyRate.MaxLimit)] public int Burst { get; set; } = 1;

    /// <value>Whether submits beyond the rate are refused; default false: their jobs wait.</value>
    public bool Reject { get; set; }

    /// <value>Default <c>Any</c>.</value>
    public KeyOrder Order { get; set; }

    /// <value>Turns for one of others; none: what the jobs say, or 1.</value>
    [Range(1, JobKeys.MaxWeight)] public int? Weight { get; set; }

    internal KeyRule ToRule() => new()
    {
        Concurrency = Concurrency, Order = Order, Weight = Weight,
        Rate = Limit is { } limit ? new(limit, (long)Math.Ceiling(Per.TotalMilliseconds), Burst, Reject) : null,
    };
}
