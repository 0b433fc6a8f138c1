using OrleansJobs.Keys;

namespace OrleansJobs.Tests.Keys;

/// <summary>A rate, in whatever windows one looks: never above the burst and the limit for each period.</summary>
public class KeyBucketTests
{
    [Fact]
    public void InNoWindow_StartMoreThanTheBurst_AndTheLimitForEachPeriod()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var rate = new KeyRate(random.Next(1, 50), random.NextInt64(1, 5000), random.Next(1, 8));
            var (bucket, now) = (KeyBucket.Of(rate), 1_700_000_000_000L);
            var starts = new List<long>();
            while (starts.Count < 60)
            {
                now += random.Next(3) == 0 ? random.NextInt64(0, 2 * rate.Per) : random.Next(0, 20);
                var next = bucket.Next(rate, now);
                Assert.Equal(next <= now, bucket.Left(rate, now) > 0);
                if (next > now)
                {
                    // When it says one may start, one may; and not before.
                    Assert.Equal(0, bucket.Left(rate, next - 1));
                    Assert.True(bucket.Left(rate, next) > 0);
                    if (random.Next(2) == 0) now = next;
                    else continue;
                }

                bucket = random.Next(4) == 0 ? KeyBucket.Decode(bucket.Take(rate, now).Encode()) : bucket.Take(rate, now);
                starts.Add(now);
            }

            Check(starts, rate);
        }
    }

    [Fact]
    public void StartsThatAreGivenBack_CountNoMore_AndNoOthersStartTooSoonForThem()
    {
        var (slow, given) = (new KeyRate(1, 60_000), 0);
        var lapsed = KeyBucket.Of(slow).Take(slow, 5000).Until(6000);
        Assert.Equal(0, lapsed.Left(slow, 6000));
        Assert.Equal(1, lapsed.GiveBack(1, 5000).Left(slow, 6000));
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var rate = new KeyRate(random.Next(1, 20), random.NextInt64(1, 5000), random.Next(1, 6));
            var (bucket, now) = (KeyBucket.Of(rate), 1_700_000_000_000L);
            var (kept, open) = (new List<long>(), new List<long>());
            for (var step = 0; step < 200; step++)
            {
                now += random.Next(3) == 0 ? random.NextInt64(0, 2 * rate.Per) : random.Next(0, 20);
                if (bucket.Left(rate, now) > 0)
                {
                    bucket = bucket.Take(rate, now);
                    open.Add(bucket.At);
                }

                // Of those that were taken some time ago, some have started, and the others never will.
                if (open.Count == 0 || random.Next(4) > 0) continue;
                var since = open[0];
                var back = open.RemoveAll(_ => random.Next(2) == 0);
                kept.AddRange(open);
                open.Clear();
                if (back > 0) bucket = bucket.Until(random.Next(2) == 0 ? now : bucket.At).GiveBack(back, since);
                given += back;
            }

            Check(kept, rate);
        }

        Assert.True(given > 1000);
    }

    [Fact]
    public void AClockThatGoesBack_GivesNothing()
    {
        var rate = new KeyRate(1, 1000, 2);
        var bucket = KeyBucket.Of(rate).Take(rate, 5000).Take(rate, 5000);
        Assert.Equal(0, bucket.Left(rate, 1000));
        Assert.Equal(0, bucket.Until(1000).Left(rate, 5999));
        Assert.Equal(1, bucket.Until(1000).Left(rate, 6000));
    }

    [Fact]
    public void AfterAnOpening_ByAClockThatIsAhead_NoMoreStartThanMay()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var rate = new KeyRate(random.Next(1, 20), random.NextInt64(100, 5000), random.Next(1, 5));
            const long Tolerance = 500;
            // Instants are those of a clock that nobody has; each activation is ahead of it by something.
            var (bucket, real, ahead) = (KeyBucket.Of(rate), 1_700_000_000_000L, random.NextInt64(0, Tolerance));
            var starts = new List<long>();
            for (var step = 0; step < 150; step++)
            {
                real += random.Next(0, 60);
                if (random.Next(12) == 0)
                {
                    ahead = random.NextInt64(0, Tolerance);
                    bucket = KeyBucket.Decode(bucket.Encode()).Reopened(rate, real + ahead, Tolerance);
                }

                if (bucket.Left(rate, real + ahead) == 0) continue;
                bucket = bucket.Take(rate, real + ahead);
                starts.Add(real);
            }

            Check(starts, rate);
        }
    }

    [Fact]
    public void AnotherRule_HoldsFromItsInstantOn_WithWhatIsUsedUp()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var rate = Draw();
            var (bucket, now) = (KeyBucket.Of(rate), 1_700_000_000_000L);
            var starts = new List<long>();
            for (var step = 0; step < 200; step++)
            {
                now += random.Next(0, 40);
                if (random.Next(40) == 0)
                {
                    Check(starts, rate);
                    starts.Clear();
                    rate = Draw();
                    bucket = bucket.Until(now).As(rate);
                }

                if (bucket.Left(rate, now) == 0) continue;
                bucket = bucket.Take(rate, now);
                starts.Add(now);
            }

            Check(starts, rate);

            KeyRate Draw() => new(random.Next(1, 30), random.NextInt64(50, 3000), random.Next(1, 6));
        }
    }

    [Fact]
    public void TheLongestPeriods_AndTheHighestLimits_StayExact()
    {
        var slow = new KeyRate(1, KeyRate.MaxPer, KeyRate.MaxLimit);
        var (bucket, now) = (KeyBucket.Of(slow), 1_700_000_000_000L);
        for (var i = 0; i < 1000; i++) bucket = bucket.Take(slow, now);
        Assert.Equal(KeyRate.MaxLimit - 1000, bucket.Left(slow, now));
        Assert.Equal(KeyRate.MaxLimit - 999, bucket.Left(slow, now + KeyRate.MaxPer));
        var fast = new KeyRate(KeyRate.MaxLimit, 1, 1);
        Assert.Equal(1, KeyBucket.Of(fast).Take(fast, now).Left(fast, now + 1));
        Assert.Equal(1, bucket.As(fast).Left(fast, now + 400L * 366 * 24 * 3600 * 1000));
    }

    internal static void Check(List<long> starts, KeyRate rate)
    {
        for (var first = 0; first < starts.Count; first++)
        {
            for (var last = first; last < starts.Count; last++)
            {
                var most = rate.Burst + (decimal)(starts[last] - starts[first]) * rate.Limit / rate.Per;
                Assert.True(last - first + 1 <= most, $"{last - first + 1} starts within {starts[last] - starts[first]} ms by {rate}.");
            }
        }
    }
}
