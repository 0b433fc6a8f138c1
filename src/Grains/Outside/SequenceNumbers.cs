namespace OrleansJobs.Outside;

/// <summary>Exchanges of a session are numbered from the time at which its activation began, so that those of an activation before it are below.</summary>
internal static class SequenceNumbers
{
    /// <summary>Exchanges of one activation with one partition, in the numbers between one millisecond and the next.</summary>
    public const int CounterBits = 20;

    public static long First(long now) => now << CounterBits;
}
