using System.Diagnostics;

namespace OrleansJobs.Faults.Histories;

/// <summary>CLOCK_MONOTONIC in nanoseconds: one clock for all processes of this machine, and no step of the wall clock moves it.</summary>
internal static class Monotonic
{
    public const long PerSecond = 1_000_000_000;

    public static long Now
    {
        get
        {
            if (Stopwatch.Frequency != PerSecond) throw new PlatformNotSupportedException("The fault driver needs Linux: its marks are compared across processes.");
            return Stopwatch.GetTimestamp();
        }
    }

    public static long Of(TimeSpan span) => span.Ticks * 100;

    public static TimeSpan Span(long nanoseconds) => TimeSpan.FromTicks(nanoseconds / 100);
}
