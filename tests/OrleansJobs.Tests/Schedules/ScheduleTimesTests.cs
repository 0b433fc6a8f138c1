using System.Globalization;
using OrleansJobs.Schedules;

namespace OrleansJobs.Tests.Schedules;

public class ScheduleTimesTests
{
    private static readonly string[] SomeZones =
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Australia/Sydney", "America/Santiago", "Asia/Kathmandu", "America/Sao_Paulo", "UTC"];

    /// <summary>What clocks on walls do at both changes of the year, in zones of the north and the south, by an hour and by half of one.</summary>
    [Theory]
    // Forward: a time that the clock skips is served once, when the clock has jumped.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z")]
    [InlineData("30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z")]
    [InlineData("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z")]
    [InlineData("30 2 * * *", "Australia/Sydney", "2026-10-03T00:00:00Z", "2026-10-03T16:00:00Z 2026-10-04T15:30:00Z")]
    [InlineData("30 0 * * *", "America/Santiago", "2026-09-06T00:00:00Z", "2026-09-06T04:00:00Z 2026-09-07T03:30:00Z")]
    // Back: a time that the clock shows twice is served the first time.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z")]
    [InlineData("30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z")]
    [InlineData("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T14:45:00Z 2026-04-05T15:15:00Z")]
    [InlineData("30 2 * * *", "Australia/Sydney", "2026-04-04T00:00:00Z", "2026-04-04T15:30:00Z 2026-04-05T16:30:00Z")]
    [InlineData("30 23 * * *", "America/Santiago", "2026-04-05T00:00:00Z", "2026-04-05T02:30:00Z 2026-04-06T03:30:00Z")]
    // What comes each half hour comes through both hours that the clock shows alike.
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", "2026-10-25T00:00:00Z 2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z 2026-10-25T02:00:00Z")]
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:01:00Z", "2026-03-29T00:30:00Z 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z")]
    // A zone that abolished summer time, and one that is off by three quarters of an hour.
    [InlineData("0 12 1 1 *", "America/Sao_Paulo", "2018-12-31T00:00:00Z", "2019-01-01T14:00:00Z 2020-01-01T15:00:00Z")]
    [InlineData("0 6 * * *", "Asia/Kathmandu", "2026-05-01T00:00:00Z", "2026-05-01T00:15:00Z")]
    // Days.
    [InlineData("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")]
    [InlineData("0 12 L * *", "UTC", "2028-02-01T00:00:00Z", "2028-02-29T12:00:00Z 2028-03-31T12:00:00Z 2028-04-30T12:00:00Z")]
    [InlineData("0 0 L-2 * *", "UTC", "2027-02-01T00:00:00Z", "2027-02-26T00:00:00Z")]
    [InlineData("0 0 15W * *", "UTC", "2026-08-01T00:00:00Z", "2026-08-14T00:00:00Z 2026-09-15T00:00:00Z")]
    [InlineData("0 0 LW * *", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z")]
    [InlineData("0 0 * * MON#2", "UTC", "2026-11-01T00:00:00Z", "2026-11-09T00:00:00Z 2026-12-14T00:00:00Z")]
    [InlineData("0 0 * * FRIL", "UTC", "2026-11-01T00:00:00Z", "2026-11-27T00:00:00Z")]
    [InlineData("30 2 * * MON-FRI", "Europe/Berlin", "2026-11-20T12:00:00Z", "2026-11-23T01:30:00Z")]
    // Seconds.
    [InlineData("15,45 * * * * *", "UTC", "2026-11-20T12:00:15Z", "2026-11-20T12:00:45Z 2026-11-20T12:01:15Z")]
    [InlineData("@daily", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T22:00:00Z")]
    public void Cron_AfterAnInstant_NamesTheNextOnes(string cron, string zone, string after, string expected)
    {
        var times = Times(cron, zone);
        Assert.Equal(expected.Split(' '), times.AllAfter(Instant(after)).Take(expected.Split(' ').Length).Select(ArgsTemplate.Text));
    }

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Australia/Sydney")]
    [InlineData("America/Santiago")]
    public void DailyTime_WhateverItIs_ComesOnceOnEachDay(string zone)
    {
        var (random, info) = (new Random(7), TimeZoneInfo.FindSystemTimeZoneById(zone));
        for (var round = 0; round < 40; round++)
        {
            var times = Times($"{random.Next(60)} {random.Next(24)} * * *", zone);
            var days = times.AllAfter(Instant("2026-01-02T12:00:00Z")).Take(800)
                .Select(instant => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(instant), info).DateTime)).ToList();
            Assert.Equal(Enumerable.Range(0, 800).Select(days[0].AddDays), days);
        }
    }

    [Fact]
    public void Instants_OfDrawnSchedules_AreTheSameFromWhereverTheyAreAsked()
    {
        var random = new Random(11);
        for (var round = 0; round < 400; round++)
        {
            var times = Drawn(random);
            var from = Instant("2026-01-01T00:00:00Z") + random.NextInt64(0, 400L * 86_400_000);
            var all = times.AllAfter(from).Take(60).ToList();
            if (all.Count == 0) continue;
            Assert.Equal(all.Order().Distinct(), all);
            for (var ask = 0; ask < 20; ask++)
            {
                var at = from + (long)(random.NextDouble() * (all[^1] - from));
                var next = all.Find(instant => instant > at);
                Assert.Equal(next, times.After(at));
                if (at >= all[0]) Assert.Equal(all.FindLast(instant => instant <= at), times.UpTo(at));
                if (next <= all[^1]) Assert.Equal((Math.Min(7, all.Count(instant => instant >= next)), all.Where(instant => instant >= next).Take(7).Last()), times.Walk(next, all[^1], 7));
            }
        }
    }

    [Fact]
    public void Every_AcrossChangesOfClocks_KeepsItsPeriod()
    {
        var times = new ScheduleTimes(new() { Type = "t", Every = 420_000, Zone = "Europe/Berlin" }, Instant("2026-03-29T00:00:00Z"));
        var all = times.AllAfter(Instant("2026-03-28T23:59:59Z")).Take(1000).ToList();
        Assert.Equal(Instant("2026-03-29T00:00:00Z"), all[0]);
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.Equal(420_000, pair.Second - pair.First));
    }

    [Fact]
    public void Every_WithAnAnchorInTheFuture_CountsBackFromIt()
    {
        var times = new ScheduleTimes(new() { Type = "t", Every = 3_600_000 }, Instant("2030-01-01T00:20:00Z"));
        Assert.Equal("2026-01-01T00:20:00Z", ArgsTemplate.Text(times.After(Instant("2026-01-01T00:00:00Z"))!.Value));
        Assert.Equal("2025-12-31T23:20:00Z", ArgsTemplate.Text(times.UpTo(Instant("2026-01-01T00:00:00Z"))!.Value));
    }

    [Fact]
    public void Instants_BeyondStartAndEnd_AreNone()
    {
        var spec = new ScheduleSpec { Type = "t", Cron = "0 * * * *", Start = Instant("2026-01-01T00:00:00Z"), End = Instant("2026-01-01T02:00:00Z") };
        var times = new ScheduleTimes(spec, 0);
        Assert.Equal(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"], times.AllAfter(0).Select(ArgsTemplate.Text));
        Assert.Null(times.UpTo(spec.Start.Value - 1));
        Assert.Equal(spec.End, times.UpTo(long.MaxValue / 2));
    }

    internal static long Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    internal static ScheduleTimes Drawn(Random random) => random.Next(3) == 0
        ? new ScheduleTimes(new() { Type = "t", Every = random.Next(1000, 5_000_000) }, Instant("2026-06-01T00:00:00Z") + random.Next())
        : Times(DrawnCron(random), SomeZones[random.Next(SomeZones.Length)]);

    private static string DrawnCron(Random random) => random.Next(8) switch
    {
        0 => $"{random.Next(60)} {random.Next(24)} * * *",
        1 => $"*/{random.Next(1, 31)} * * * *",
        2 => $"{random.Next(60)} {random.Next(4)} * * {random.Next(7)}",
        3 => $"*/{random.Next(1, 31)} {random.Next(60)} {random.Next(5)} * * *",
        4 => $"{random.Next(60)} */{random.Next(1, 7)} * * *",
        5 => $"{random.Next(60)} {random.Next(24)} L * *",
        6 => $"{random.Next(60)} 0-3 * 3,4,9,10,11 *",
        _ => $"{random.Next(60)} {random.Next(60)} {random.Next(24)} {random.Next(1, 32)} * *",
    };

    private static ScheduleTimes Times(string cron, string zone) => new(new() { Type = "t", Cron = cron, Zone = zone }, 0);
}
