using System.Runtime.InteropServices;
using OrleansJobs.Histories;

namespace OrleansJobs.Tests.Histories;

public class DurationHistogramTests
{
    [Fact]
    public void BucketOf_NeverGoesBackAndEndsInTheLast()
    {
        var before = 0;
        for (var took = 0L; took < 100_000; took++)
        {
            var bucket = DurationHistogram.BucketOf(took);
            Assert.InRange(bucket, before, DurationHistogram.Buckets - 1);
            before = bucket;
        }

        Assert.Equal(0, DurationHistogram.BucketOf(0));
        Assert.Equal(0, DurationHistogram.BucketOf(-5));
        Assert.Equal(DurationHistogram.Buckets - 1, DurationHistogram.BucketOf(long.MaxValue));
        Assert.NotEqual(DurationHistogram.BucketOf(1), DurationHistogram.BucketOf(2));
        Assert.NotEqual(DurationHistogram.BucketOf(2), DurationHistogram.BucketOf(3));
        Assert.NotEqual(DurationHistogram.BucketOf(3), DurationHistogram.BucketOf(4));
    }

    [Fact]
    public void Quantile_IsAtMostATenthFromTheTruth()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var histogram = new DurationHistogram();
            var all = new List<long>();
            var most = Math.Pow(2, random.Next(1, 31));
            for (var i = random.Next(1, 400); i > 0; i--)
            {
                var took = (long)Math.Exp(random.NextDouble() * Math.Log(most));
                all.Add(took);
                histogram.Add(took);
            }

            all.Sort();
            foreach (var share in (double[])[0, 0.01, 0.5, 0.95, 0.99, 1])
            {
                var truth = all[Math.Clamp((int)Math.Ceiling(share * all.Count) - 1, 0, all.Count - 1)];
                Assert.InRange(histogram.Quantile(share), truth / 1.1, truth * 1.1);
            }
        }
    }

    [Fact]
    public void Sum_IsWhatBothCounted()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var (one, other, both) = (new DurationHistogram(), new DurationHistogram(), new DurationHistogram());
            for (var i = random.Next(200); i > 0; i--)
            {
                var took = random.NextInt64(1L << random.Next(1, 40));
                (random.Next(2) == 0 ? one : other).Add(took);
                both.Add(took);
            }

            one.Add(other);
            Assert.Equal(Bytes(both), Bytes(one));
            Assert.Equal(both.Count, one.Count);
            Assert.Equal(both.Quantile(0.95), one.Quantile(0.95));
        }
    }

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var (written, read) = (new DurationHistogram(), new DurationHistogram());
            for (var i = random.Next(300); i > 0; i--) written.Add(random.NextInt64(1L << random.Next(1, 50)));
            read.Read(Bytes(written));
            Assert.Equal(written.Count, read.Count);
            Assert.Equal(Bytes(written), Bytes(read));
        }
    }

    [Fact]
    public void Quantile_OfNothing_IsZero() => Assert.Equal(0, new DurationHistogram().Quantile(0.5));

    private static byte[] Bytes(DurationHistogram histogram)
    {
        var record = new List<byte>();
        histogram.Write(record);
        return CollectionsMarshal.AsSpan(record).ToArray();
    }
}
