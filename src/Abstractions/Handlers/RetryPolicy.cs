namespace OrleansJobs;

/// <summary>How often and when a failed job runs again: after the n-th failure it waits first delay x factor^(n-1), up to the ceiling, give or take the jitter.</summary>
[GenerateSerializer, Immutable, Alias("oj.retry")]
public sealed record RetryPolicy
{
    public static readonly RetryPolicy Default = new();

    /// <summary>Runs at most so often; crashes of the silo do not count. 1: never again after a failure.</summary>
    /// <value>Default 3.</value>
    [Id(0)] public int Attempts { get; init; } = 3;

    /// <value>Default 1 s.</value>
    [Id(1)] public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <value>Default 2; at least 1.</value>
    [Id(2)] public double Factor { get; init; } = 2;

    /// <value>Default 10 minutes.</value>
    [Id(3)] public TimeSpan Ceiling { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of the delay that chance may add or take away, so that jobs that failed together do not return together.</summary>
    /// <value>Default 0.2; 0 to 1.</value>
    [Id(4)] public double Jitter { get; init; } = 0.2;

    /// <summary>The wait after a job's <paramref name="failures"/>-th failure.</summary>
    /// <param name="failures">1 or more.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    public TimeSpan DelayAfter(int failures, double chance)
    {
        // Zero times a power beyond all numbers is none.
        if (FirstDelay <= TimeSpan.Zero) return TimeSpan.Zero;
        var exponent = Math.Max(0, failures - 1);
        var milliseconds = Math.Min(Ceiling.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(Factor, exponent));
        milliseconds *= 1 + Jitter * (2 * chance - 1);
        return TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, Ceiling.TotalMilliseconds));
    }
}
