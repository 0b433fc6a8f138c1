using OrleansJobs.Schedules;

namespace OrleansJobs.Tests.Schedules;

public class DuePlanTests
{
    private const long Start = 1_767_225_600_000;
    private const long Minute = 60_000;

    [Theory]
    [InlineData(ScheduleMissed.One, "8 9 10", 1)]
    [InlineData(ScheduleMissed.None, "9 10", 0)]
    [InlineData(ScheduleMissed.All, "6 7 8 9 10", 3)]
    public void Missed_AreServedAsTheirRuleSays_AndYoungerOnesAll(ScheduleMissed rule, string served, int missed)
    {
        var spec = EachMinute() with { Missed = rule, MissedWithin = rule == ScheduleMissed.All ? 4 * Minute : null };
        var plan = Plan(spec, 1, Start + 10 * Minute);
        Assert.Equal(served.Split(' ').Select(int.Parse), plan.Serve.Select(instant => (int)((instant - Start) / Minute)));
        Assert.Equal(missed, plan.Missed);
        Assert.Equal((Start + 10 * Minute, Start + 11 * Minute), (plan.Passed, plan.Next!.Value));
    }

    [Fact]
    public void Count_IsOfInstantsThatHaveCome_WhateverBecameOfThem()
    {
        var plan = Plan(EachMinute() with { Count = 5, Missed = ScheduleMissed.None }, 1, Start + 10 * Minute);
        Assert.Empty(plan.Serve);
        Assert.Equal((5, null), (plan.Come, plan.Next));
    }

    [Fact]
    public void LongAbsence_OfASchedule_ThatComesEachSecond_CostsNoMoreThanAShortOne()
    {
        var spec = new ScheduleSpec { Type = "t", Cron = "* * * * * *", Missed = ScheduleMissed.All, MissedWithin = 31L * 86_400_000 };
        var now = Start + 3650L * 86_400_000;
        var plan = DuePlan.Of(spec, new(spec, 0), Start, 0, 0, Minute, now);
        Assert.Equal(ScheduleLimits.MaxMissed, plan.Serve.Count);
        Assert.Equal(now - Minute - 1000, plan.Serve[^1]);
        Assert.Equal(now - Minute, plan.Next);
    }

    /// <summary>Of one that may come so often, a decision goes no further than it serves: what is left is the next one's.</summary>
    [Fact]
    public void LongAbsence_OfASchedule_OfWhichNothingIsMissed_AndWhoseInstantsAreCounted_IsServedInPartsThatCostTheirInstants()
    {
        var spec = new ScheduleSpec { Type = "t", Cron = "* * * * * *", Count = 86_400, Overlap = ScheduleOverlap.All };
        var times = new ScheduleTimes(spec, 0);
        var (next, come, walked, served) = ((long?)Start, 0, times.Asked, 0);
        for (var i = 0; i < 100; i++)
        {
            var plan = DuePlan.Of(spec, times, next!.Value, come, 0, 31L * 86_400_000, Start + 2 * 86_400_000L);
            (next, come, served) = (plan.Next, plan.Come, served + plan.Serve.Count);
        }

        Assert.Equal((100 * DuePlan.MostServed, 100 * DuePlan.MostServed), (served, come));
        Assert.InRange(times.Asked - walked, 1, 400 * DuePlan.MostServed);
    }

    [Fact]
    public void NextThatWasTold_ThoughTheZonesRulesSayAnotherByNow_IsServed()
    {
        var spec = EachMinute();
        var told = Start + Minute + 7;
        var plan = DuePlan.Of(spec, new(spec, Start), told, 0, 0, Minute, told + 2);
        Assert.Equal([told], plan.Serve);
        Assert.Equal(Start + 2 * Minute, plan.Next);
        Assert.Equal([told], DuePlan.Of(spec, new(spec, Start), told, 0, 0, 1000, told + 2000).Serve);
    }

    /// <summary>As it was stored when nobody looked at that.</summary>
    [Theory]
    [InlineData(null), InlineData(90 * Minute)]
    public void AllOfThoseMissed_OfAScheduleThatSaysLessThanItTakesToBeMissed_AreThoseOfAnHourMore(long? within)
    {
        var spec = new ScheduleSpec { Type = "t", Every = 10 * Minute, Missed = ScheduleMissed.All, MissedAfter = 120 * Minute, MissedWithin = within };
        var plan = DuePlan.Of(spec, new(spec, Start), Start, 0, 0, 120 * Minute, Start + 500 * Minute);
        Assert.Equal((6, Start + 320 * Minute), (plan.Missed, plan.Serve[0]));
    }

    /// <summary>What an edit has brought forward is late from the edit on, and not before.</summary>
    [Theory]
    [InlineData(90_000, 70_000, "1 2 3 4 5 6 7 8 9 10", 8)]
    [InlineData(90_000, 100_000, "9 10", 0)]
    [InlineData(90_000, 50_000, "1 2 3 4 5 6 7 8 9 10", 0)]
    [InlineData(130_000, 140_000, "8 9 10", 1)]
    public void AllOfThoseMissed_ThatAnEditBroughtForward_AreThoseAtMostSoLateByTheEdit(long within, long since, string served, int missed)
    {
        var (spec, now) = (EachMinute() with { Missed = ScheduleMissed.All, MissedWithin = within }, Start + 10 * Minute);
        var plan = DuePlan.Of(spec, new(spec, Start), Start + Minute, 0, 0, Minute, now, forwardAt: now - since);
        Assert.Equal(served.Split(' ').Select(int.Parse), plan.Serve.Select(instant => (int)((instant - Start) / Minute)));
        Assert.Equal((missed, now + Minute), (plan.Missed, plan.Next!.Value));
    }

    [Fact]
    public void OfWhatWritesMuch_FewerAreServedAtATime_AndTheRestFollows()
    {
        var spec = EachMinute() with { Args = new byte[1 << 20], Missed = ScheduleMissed.All, MissedWithin = 600 * Minute };
        var (next, served, now) = (Start + Minute, new List<(long, bool)>(), Start + 30 * Minute);
        for (long? due = next; due <= now;)
        {
            var plan = DuePlan.Of(spec, new(spec, Start), due.Value, 0, 0, 20 * Minute, now);
            Assert.InRange(plan.Serve.Count, 1, 4);
            served.AddRange(plan.Serve.Select((instant, i) => (instant, i < plan.Missed)));
            due = plan.Next;
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(i => (Start + i * Minute, i < 10)), served);
    }

    /// <summary>Against a plain enumeration of all instants, for drawn schedules, absences and rules.</summary>
    [Fact]
    public void Plan_OfDrawnSchedules_IsWhatCountingThemOneByOneSays()
    {
        var random = new Random(3);
        for (var round = 0; round < 3000; round++)
        {
            var times = ScheduleTimesTests.Drawn(random);
            if (times.After(Start + random.NextInt64(300L * 86_400_000)) is not { } next) continue;
            var jitter = random.Next(2) * random.Next(100_000);
            var missedAfter = random.Next(1000, 200_000);
            var all = times.AllAfter(next).Prepend(next).Take(150).ToList();
            var now = Math.Min(all[random.Next(Math.Min(all.Count, 120))] + random.Next(60_000), all[^1]) + jitter;
            var spec = new ScheduleSpec
            {
                Type = "t", Missed = (ScheduleMissed)random.Next(3), MissedWithin = random.Next(2) == 0 ? null : random.Next(1000, 100_000_000),
                Count = random.Next(3) == 0 ? random.Next(1, 30) : null,
            };
            var come = spec.Count is { } most ? random.Next(most) : 0;
            var due = all.Where(instant => instant + jitter <= now).Take((spec.Count ?? int.MaxValue) - come).ToList();
            var missed = due.Where(instant => now - instant - jitter > missedAfter).ToList();
            List<long> kept = spec.Missed switch
            {
                ScheduleMissed.None => [],
                ScheduleMissed.One => [.. missed.TakeLast(1)],
                _ => [.. missed.Where(instant => now - instant - jitter <= (spec.MissedWithin <= missedAfter ? missedAfter + 3_600_000 : spec.MissedWithin ?? 3_600_000)).TakeLast(ScheduleLimits.MaxMissed)],
            };
            var plan = DuePlan.Of(spec, times, next, come, jitter, missedAfter, now);
            var expected = kept.Concat(due.Skip(missed.Count).Take(Math.Max(0, DuePlan.MostServed - kept.Count))).ToList();
            Assert.Equal(expected, plan.Serve);
            Assert.Equal(kept.Count, plan.Missed);
            Assert.All(plan.Serve, instant => Assert.True(instant + jitter <= now));
            var passed = all.Count(instant => instant <= plan.Passed);
            Assert.Equal(spec.Count is not null && come + passed >= spec.Count ? null : times.After(plan.Passed), plan.Next);
            if (spec.Count is not null) Assert.Equal(come + passed, plan.Come);
            Assert.Equal(missed.Count - kept.Count, plan.Dropped);
        }
    }

    private static ScheduleSpec EachMinute() => new() { Type = "t", Every = Minute };

    private static DuePlan Plan(ScheduleSpec spec, int next, long now) => DuePlan.Of(spec, new(spec, Start), Start + next * Minute, 0, 0, Minute, now);
}
