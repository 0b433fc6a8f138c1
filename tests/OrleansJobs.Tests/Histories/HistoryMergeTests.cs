using OrleansJobs.Histories;

namespace OrleansJobs.Tests.Histories;

public class HistoryMergeTests
{
    private static readonly HistoryRange Range = HistoryRange.Of(new(), DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000), out _);

    [Fact]
    public void TheGridsHistory_IsTheSumOfItsPartitions()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var truth = new Dictionary<long, long>();
            var byType = new Dictionary<string, long>();
            var runs = new DurationHistogram();
            var slices = new List<HistorySlice>();
            var question = new HistoryQuestion(HistoryStep.Minute, Range.First, Range.Last, null, null);
            for (var partition = random.Next(1, 9); partition > 0; partition--)
            {
                // Clocks are apart: what one counts in a minute, another counts in the next; the last may even be ahead of whoever asks.
                var apart = random.Next(-1, 2);
                var rows = new List<byte[]>();
                for (var minute = Range.First - 2; minute <= Range.Last + 2; minute++)
                {
                    if (random.Next(3) == 0) continue;
                    var period = new PeriodCounts(minute + apart);
                    for (var i = random.Next(4); i > 0; i--)
                    {
                        var type = "t" + random.Next(5);
                        var (jobs, took) = (random.Next(10), random.NextInt64(100_000));
                        var series = period.Of("q" + random.Next(3), type);
                        series.Submitted += jobs;
                        series.RunTime.Add(took);
                        if (!Range.Holds(period.Index)) continue;
                        truth[period.Index] = truth.GetValueOrDefault(period.Index) + jobs;
                        byType[type] = byType.GetValueOrDefault(type) + jobs;
                        runs.Add(took);
                    }

                    rows.Add(period.ToRow());
                }

                slices.Add(HistorySlice.Of(question, rows.OrderBy(_ => random.Next()), null));
            }

            var history = HistoryMerge.Merge(Range, slices);
            Assert.Equal(Range.Count, history.Points.Length);
            foreach (var point in history.Points) Assert.Equal(truth.GetValueOrDefault(point.At.ToUnixTimeMilliseconds() / 60_000), point.Figures.Submitted);
            Assert.Equal(truth.Values.Sum(), history.Total.Submitted);
            Assert.Equal(runs.Count, history.Total.RunTime.Count);
            Assert.Equal(TimeSpan.FromMilliseconds(runs.Quantile(0.95)), history.Total.RunTime.P95);
            Assert.Equal(byType.Where(type => type.Value > 0).OrderBy(type => type.Key), history.Types.Where(type => type.Figures.Submitted > 0).Select(type => KeyValuePair.Create(type.Name, type.Figures.Submitted)).OrderBy(type => type.Key));
            Assert.Equal(truth.Values.Sum(), history.Queues.Sum(queue => queue.Figures.Submitted));
        }
    }

    [Fact]
    public void WhatWaits_IsCarriedOnToTheEndOfTheHour()
    {
        var hour = Range.Last / 60 * 60;
        var range = new HistoryRange(HistoryStep.Minute, hour - 10, hour + 5);
        var said = new PeriodCounts(hour - 8);
        said.Of("q", "t").Waiting = 7;
        var before = new PeriodCounts(hour - 20);
        before.Of("q", "t").Waiting = 3;
        var question = new HistoryQuestion(HistoryStep.Minute, range.First, range.Last, null, null);
        var slice = HistorySlice.Of(question, [said.ToRow()], before.ToRow());
        var waiting = HistoryMerge.Merge(range, [slice, slice]).Points.Select(point => point.Figures.Waiting);
        Assert.Equal([6, 6, 14, 14, 14, 14, 14, 14, 14, 14, 0, 0, 0, 0, 0, 0], waiting);
    }

    [Fact]
    public void TooManyNames_AreToldTogether()
    {
        var question = new HistoryQuestion(HistoryStep.Minute, Range.First, Range.Last, null, null);
        var slices = Enumerable.Range(0, 8).Select(partition =>
        {
            var period = new PeriodCounts(Range.Last);
            for (var i = 0; i < 30; i++) period.Of("q", $"type-{partition}-{i}").Submitted = 1 + i;
            return HistorySlice.Of(question, [period.ToRow()], null);
        }).ToList();
        var history = HistoryMerge.Merge(Range, slices);
        Assert.Equal(HistorySlice.MaxNames + 1, history.Types.Length);
        Assert.Equal(JobHistory.Other, history.Types[^1].Name);
        Assert.Equal(8 * 30 * 31 / 2, history.Types.Sum(type => type.Figures.Submitted));
        Assert.Equal("q", Assert.Single(history.Queues).Name);
    }

    [Fact]
    public void OneWhoIsAlone_SaysNothingOfOthers()
    {
        var history = HistoryMerge.Merge(Range, []);
        Assert.Equal(Range.Count, history.Points.Length);
        Assert.Equal((0, 0), (history.Total.Submitted, history.Types.Length));
    }
}
