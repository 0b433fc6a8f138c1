using System.Numerics;

namespace OrleansJobs.Histories;

/// <summary>
/// How often something took how long, in buckets that are the same everywhere and grow by the fourth root of two: the sum of two is that of what they counted, and
/// what is read off is wrong by at most a tenth. Whole milliseconds, up to 49 days, and all that took longer in the last bucket.
/// </summary>
internal sealed class DurationHistogram
{
    private const int PerDoubling = 4;
    public const int Buckets = 1 + 32 * PerDoubling;

    /// <summary>The first millisecond of each bucket; the first holds what took none. Some of the shortest hold no whole millisecond.</summary>
    private static readonly long[] Starts =
        [0, .. Enumerable.Range(0, Buckets - 1).Select(i => i % PerDoubling == 0 ? 1L << (i / PerDoubling) : (long)Math.Ceiling(Math.Pow(2, i / (double)PerDoubling)))];

    /// <summary>Null: nothing was counted.</summary>
    private long[]? _counts;

    public long Count { get; private set; }

    public static int BucketOf(long milliseconds)
    {
        if (milliseconds < 1) return 0;
        var bucket = 1 + PerDoubling * BitOperations.Log2((ulong)milliseconds);
        if (bucket >= Buckets) return Buckets - 1;
        for (var finer = 1; finer < PerDoubling && Starts[bucket + 1] <= milliseconds; finer++) bucket++;
        return bucket;
    }

    public void Add(long milliseconds) => Add(BucketOf(milliseconds), 1);

    public void Add(DurationHistogram other)
    {
        if (other._counts is null) return;
        for (var i = 0; i < Buckets; i++)
        {
            if (other._counts[i] > 0) Add(i, other._counts[i]);
        }
    }

    /// <summary>How long at most it took so large a share, from 0 to 1, about; zero where nothing was counted.</summary>
    public double Quantile(double share)
    {
        if (_counts is null) return 0;
        var left = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        for (var i = 0; i < Buckets; i++)
        {
            left -= _counts[i];
            if (left <= 0) return MiddleOf(i);
        }

        return MiddleOf(Buckets - 1);
    }

    /// <summary>Pairs of how many empty buckets to pass and what the next one holds.</summary>
    public void Write(List<byte> record)
    {
        var passed = 0;
        for (var i = 0; i < Buckets && _counts is not null; i++)
        {
            if (_counts[i] == 0)
            {
                passed++;
                continue;
            }

            HistoryNumbers.Write(record, passed);
            HistoryNumbers.Write(record, _counts[i]);
            passed = 0;
        }
    }

    public void Read(ReadOnlySpan<byte> record)
    {
        for (var bucket = 0; record.Length > 0; bucket++)
        {
            var passed = HistoryNumbers.Read(ref record);
            var count = HistoryNumbers.Read(ref record);
            // A later release may have more of them: what took so long is in the last one here.
            bucket = (int)Math.Min(bucket + Math.Min(passed, Buckets), Buckets - 1);
            Add(bucket, count);
        }
    }

    private void Add(int bucket, long count)
    {
        _counts ??= new long[Buckets];
        _counts[bucket] += count;
        Count += count;
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket == 0) return 0;
        // The first and the last whole millisecond of it.
        var (first, last) = (Starts[bucket], bucket + 1 < Buckets ? Math.Max(Starts[bucket], Starts[bucket + 1] - 1) : Starts[bucket]);
        return Math.Sqrt((double)first * last);
    }
}
