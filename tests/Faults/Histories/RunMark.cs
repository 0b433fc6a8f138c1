namespace OrleansJobs.Faults.Histories;

/// <summary>What a handler wrote to the sink as it started or ended, and had synced before it went on.</summary>
/// <param name="At"><see cref="Monotonic"/> nanoseconds.</param>
/// <param name="Silo">The process that ran it: a name and the number of its life, such as <c>s2#3</c>.</param>
internal readonly record struct RunMark(string Id, int Attempt, long Token, RunMarkKind Kind, long At, string Silo);

internal enum RunMarkKind : byte
{
    Started,

    /// <summary>Returned a result, or was about to.</summary>
    Returned,

    /// <summary>Threw on purpose, so that the retry policy applies.</summary>
    Threw,

    /// <summary>Saw its cancellation and stopped.</summary>
    Cancelled,
}
