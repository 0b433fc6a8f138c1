using OrleansJobs.Histories;

namespace OrleansJobs.Tests.Histories;

public class PeriodCountsTests
{
    [Fact]
    public void HoweverManyNames_SumsAreKeptAndARowIsBounded()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var period = new PeriodCounts(seed);
            var (names, jobs, ran) = (random.Next(1, 500), random.Next(1, 3000), 0);
            for (var i = 0; i < jobs; i++)
            {
                var series = period.Of("queue-of-some-tenant-" + random.Next(names), "type" + random.Next(names));
                series.Submitted++;
                if (random.Next(2) > 0) continue;
                series.RunTime.Add(random.NextInt64(1L << random.Next(1, 30)));
                ran++;
            }

            Assert.InRange(period.Series.Count, 1, PeriodCounts.MaxPairs + PeriodCounts.MaxNames + 1);
            Assert.InRange(period.Series.Keys.Select(key => key.Type).Distinct().Count(), 1, PeriodCounts.MaxNames + 1);
            Assert.InRange(period.Series.Keys.Select(key => key.Queue).Distinct().Count(), 1, PeriodCounts.MaxNames + 1);
            var row = period.ToRow();
            Assert.InRange(row.Length, 1, PeriodCounts.MaxRowBytes);
            var read = PeriodCounts.Decode(row);
            Assert.Equal(seed, read.Index);
            Assert.Equal(jobs, read.Series.Values.Sum(series => series.Submitted));
            Assert.Equal(ran, read.Series.Values.Sum(series => series.RunTime.Count));
        }
    }

    [Fact]
    public void WhatIsToldTogether_IsTheSmallest()
    {
        var period = new PeriodCounts(1);
        for (var i = 0; i < PeriodCounts.MaxNames; i++)
        {
            var series = period.Of("q" + i, "type" + i);
            series.Submitted = 1 + i;
            for (var took = 1.0; took < 1L << 30; took *= 1.2) series.RunTime.Add((long)took);
        }

        var told = PeriodCounts.Decode(period.ToRow()).Series;
        Assert.True(told.ContainsKey(("q31", "type31")));
        Assert.False(told.ContainsKey(("q0", "type0")));
        Assert.Equal(32 * 33 / 2, told.Values.Sum(series => series.Submitted));
    }

    [Fact]
    public void AQueueForEachTenant_LeavesTheTypeTold()
    {
        var period = new PeriodCounts(1);
        for (var i = 0; i < 1000; i++) period.Of("tenant" + i, "mail").Submitted++;
        Assert.All(period.Series.Keys, key => Assert.Equal("mail", key.Type));
        Assert.Equal(1000 - PeriodCounts.MaxNames, period.Of(JobHistory.Other, "mail").Submitted);
    }

    [Fact]
    public void RollUp_AddsWhatWasDoneAndKeepsWhatWaitsAtTheEnd()
    {
        PeriodCounts[] minutes = [new(600), new(601), new(659)];
        minutes[0].Of("q", "a").Waiting = 9;
        minutes[0].Of("q", "a").Submitted = 10;
        minutes[1].Of("q", "b").Failed = 3;
        minutes[2].Of("q", "a").Succeeded = 7;
        minutes[2].Of("q", "a").Waiting = 2;
        var hour = PeriodCounts.RollUp(10, minutes);
        Assert.Equal(10, hour.Index);
        Assert.Equal((10, 7, 2), (hour.Of("q", "a").Submitted, hour.Of("q", "a").Succeeded, hour.Of("q", "a").Waiting));
        Assert.Equal((3, 0), (hour.Of("q", "b").Failed, hour.Of("q", "b").Waiting));
    }

    /// <summary>Rows are kept for a month: what is written now is read by releases to come, and the other way round.</summary>
    [Fact]
    public void ARow_IsWhatItWasInTheFirstRelease()
    {
        const string Saved = "084d1201711201741a1008051003180138024204010203025801";
        var read = PeriodCounts.Decode(Convert.FromHexString(Saved));
        var series = read.Of("q", "t");
        Assert.Equal((77, 5, 3, 1, 2), (read.Index, series.Submitted, series.Succeeded, series.Failed, series.Waiting));
        Assert.Equal((4, 1, 2), (series.RunTime.Count, series.RunTime.Quantile(0.5), series.RunTime.Quantile(1)));
        Assert.Equal(Saved, Convert.ToHexStringLower(read.Encode()));
    }

    [Fact]
    public void AnOlderRelease_PassesFieldsThatItDoesNotKnow()
    {
        var writer = new OrleansJobs.Records.RecordWriter(64);
        writer.Number(1, 77);
        writer.Text(2, "q");
        writer.Text(2, "t");
        writer.Bytes(3, [0x08, 5, 0x58, 1, 0xa2, 0x06, 1, 9]);
        writer.Number(99, 4);
        var read = PeriodCounts.Decode(writer.ToArray());
        Assert.Equal(77, read.Index);
        Assert.Equal(5, read.Of("q", "t").Submitted);
    }
}
