namespace OrleansJobs.Bench.Measuring;

/// <summary>
/// A histogram of durations in buckets that grow with their value, so that any quantile is right to within one percent from a microsecond to
/// an hour, in a fixed number of bytes. Adding is safe from any thread and allocates nothing.
/// </summary>
internal sealed class LatencyRecorder
{
    // Each power of two is cut in so many buckets.
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;
    private const int Powers = 40;

    private readonly long[] _buckets = new long[(Powers + 1) * Steps];
    private long _count;
    private long _max;

    public long Count => Volatile.Read(ref _count);

    public double MaxMilliseconds => Volatile.Read(ref _max) / 1e6;

    public void Add(TimeSpan duration) => AddNanoseconds((long)(duration.TotalMilliseconds * 1e6));

    public void AddMilliseconds(double milliseconds) => AddNanoseconds((long)(milliseconds * 1e6));

    public void AddNanoseconds(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        Interlocked.Increment(ref _buckets[BucketOf(nanoseconds)]);
        Interlocked.Increment(ref _count);
        long seen;
        while (nanoseconds > (seen = Volatile.Read(ref _max)) && Interlocked.CompareExchange(ref _max, nanoseconds, seen) != seen)
        {
        }
    }

    /// <summary>The duration that <paramref name="quantile"/> (0 to 1) of all are at or below, in milliseconds; 0 where none was added.</summary>
    public double Quantile(double quantile)
    {
        var rank = (long)Math.Ceiling(quantile * Count);
        if (rank <= 0) rank = 1;
        long seen = 0;
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            seen += _buckets[bucket];
            if (seen >= rank) return Math.Min(MiddleOf(bucket), Volatile.Read(ref _max)) / 1e6;
        }

        return 0;
    }

    private static int BucketOf(long value)
    {
        if (value < Steps) return (int)value;
        var power = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);
        var step = (int)(value >> (power - StepBits)) - Steps;
        return Math.Min(((power - StepBits + 1) << StepBits) + step, (Powers + 1) * Steps - 1);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < Steps) return bucket;
        var shift = (bucket >> StepBits) - 1;
        var low = (long)((bucket & (Steps - 1)) + Steps) << shift;
        return low + (1L << shift) / 2.0;
    }
}
