using System.Text;
using OrleansJobs.Schedules;

namespace OrleansJobs.Tests.Schedules;

public class ScheduleRulesTests
{
    [Theory]
    [InlineData("60 * * * *", "Minutes")]
    [InlineData("* * *", "3 fields")]
    [InlineData("0 0 30 2 *", "no instant that ever comes")]
    [InlineData("0 25 * * *", "Hours")]
    [InlineData("x * * * *", "Minutes")]
    [InlineData("", "0 fields")]
    public void WrongCron_IsRefused_WithTheFieldAndAnExample(string cron, string said)
    {
        var problem = Assert.Single(Check(new() { Type = "t", Cron = cron }));
        Assert.Equal("/cron", problem.Pointer);
        Assert.Contains(said, problem.Detail, StringComparison.OrdinalIgnoreCase);
        if (!said.StartsWith("no ", StringComparison.Ordinal)) Assert.Contains(CronText.Example, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("../etc/passwd")]
    [InlineData("/etc/localtime")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("")]
    public void UnknownZone_IsRefused_WithAnExample(string zone)
    {
        var problem = Assert.Single(Check(new() { Type = "t", Cron = "0 0 * * *", Zone = zone }));
        Assert.Equal("/zone", problem.Pointer);
        Assert.Contains("Europe/Berlin", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void EachBoundThatIsBroken_IsNamed()
    {
        var spec = new ScheduleSpec
        {
            Type = "no name!", Every = 999, Anchor = -1, Start = 10, End = 9, Count = 0, Jitter = -1, MissedAfter = 1, MissedWithin = 1, Overlap = (ScheduleOverlap)9,
            Missed = (ScheduleMissed)9, Args = "{\"a\":{\"$at\":\"noon\"}}"u8.ToArray(), Priority = 10, Deadline = -1, Timeout = 0,
        };
        Assert.Equal(
            ["/anchor", "/args", "/count", "/deadline", "/end", "/every", "/id", "/jitter", "/missed", "/missedAfter", "/missedWithin", "/missedWithin", "/overlap", "/priority", "/timeout", "/type"],
            ScheduleRules.Check("next", spec, new(), DateTimeOffset.UnixEpoch).Select(problem => problem.Pointer).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NeitherOrBoth_OfCronAndEvery_IsRefused()
    {
        Assert.Contains(Check(new() { Type = "t" }), problem => problem.Pointer == "/cron");
        Assert.Contains(Check(new() { Type = "t", Cron = "0 0 * * *", Every = 60_000 }), problem => problem.Pointer == "/every");
    }

    [Theory]
    [InlineData("""{"a":1.50,"b":[{"$at":"scheduled"}]}""", """{"a":1.50,"b":["2026-01-01T00:00:00Z"]}""")]
    [InlineData("""{"$at":"scheduled"}""", "\"2026-01-01T00:00:00Z\"")]
    [InlineData("""{ "a" : 1 }""", """{ "a" : 1 }""")]
    [InlineData("""{"ü":"\u00e4"}""", """{"ü":"\u00e4"}""")]
    public void Arguments_ThatReferToTheInstant_HoldIt(string args, string filled) =>
        Assert.Equal(filled, Encoding.UTF8.GetString(ArgsTemplate.Fill(Encoding.UTF8.GetBytes(args), 1_767_225_600_000)));

    [Fact]
    public void OccurrenceIds_AreDerived_StandInTheSchedulesPartition_AndDiffer()
    {
        var random = new Random(5);
        var seen = new HashSet<string>();
        foreach (var partitions in new[] { 1, 32, 1024 })
        {
            for (var i = 0; i < 300; i++)
            {
                var schedule = new string('s', random.Next(1, 65));
                var partition = JobIds.PartitionOf(schedule, partitions);
                var id = OccurrenceId.Of(schedule, random.NextInt64(1, 1L << 40), random.NextInt64(1L << 42), i % 3 == 0 ? "token" : null, partition, partitions);
                Assert.True(JobIds.IsValid(id) && JobIds.IsDerived(id), id);
                Assert.Equal(partition, JobIds.PartitionOf(id, partitions));
                Assert.True(seen.Add(id));
            }
        }

        Assert.Equal(OccurrenceId.Of("a", 1, 5, null, 3, 32), OccurrenceId.Of("a", 1, 5, null, 3, 32));
        Assert.NotEqual(OccurrenceId.Of("a", 1, 5, null, 3, 32), OccurrenceId.Of("a", 2, 5, null, 3, 32));
    }

    [Fact]
    public void Records_SurviveTheStore()
    {
        var spec = new ScheduleSpec
        {
            Type = "t", Queue = "q", Args = "[1]"u8.ToArray(), Priority = 0, Tags = [new("a", "b"), new("c", "")], Attempts = 3, Timeout = 5, Retention = 0, Every = 1500, Anchor = 7,
            Zone = "Europe/Berlin", Start = 1, End = 2, Count = 4, Jitter = 9, Overlap = ScheduleOverlap.Replace, Missed = ScheduleMissed.All, MissedAfter = 1000, MissedWithin = 2000, Owner = "me", Deadline = 60_000,
            Notify = [new("https://a.b/c"), new("https://a.b/d", NoticeOn.Failure)],
        };
        var record = new ScheduleRecord
        {
            Spec = spec, Incarnation = 99, Edition = 3, CreatedAt = 5, ChangedAt = 6, Anchor = 7, Paused = new("me", "why", DateTimeOffset.FromUnixTimeMilliseconds(8)), Application = "app",
            Release = "1.2",
        };
        var read = ScheduleRecord.Decode(record.Encode());
        Assert.True(spec.IsSameAs(read.Spec));
        Assert.False(spec.IsSameAs(read.Spec with { Notify = [] }));
        Assert.Equal(record with { Spec = read.Spec }, read);

        var state = new ScheduleState
        {
            Passed = 1_767_225_600_000, Next = 1_767_225_600_500, Come = 4, IsUnserved = true,
            Runs =
            [
                new() { Instant = 1_767_225_500_000, Outcome = ScheduleRunOutcome.Success, Cause = ScheduleRunCause.Missed, SubmittedAt = 1_767_225_500_001, StartedAt = 1_767_225_500_002, FinishedAt = 1_767_225_500_003 },
                new() { Instant = 1_767_225_600_000, Outcome = ScheduleRunOutcome.Open, Cause = ScheduleRunCause.Trigger, Token = "x", SubmittedAt = 1_767_225_600_000 },
                new() { Instant = 1_767_225_600_000, Outcome = ScheduleRunOutcome.Skipped },
            ],
        };
        var back = ScheduleState.Decode(state.Encode());
        Assert.Equal(state.Runs, back.Runs);
        Assert.Equal(state with { Runs = back.Runs }, back);
    }

    [Theory]
    [InlineData(7200, null, 7200, 3600), InlineData(3600, null, 3600, 3600), InlineData(null, 30, 60, 30), InlineData(null, 60, 60, 60), InlineData(90, 89, 90, 89)]
    public void AllOfThoseMissed_OfWhichThereCanBeNone_AreRefused(int? after, int? within, int late, int last)
    {
        var spec = new ScheduleSpec { Type = "t", Every = 60_000, Missed = ScheduleMissed.All, MissedAfter = after * 1000L, MissedWithin = within * 1000L };
        var problem = Assert.Single(Check(spec));
        Assert.Equal("/missedWithin", problem.Pointer);
        Assert.Contains($"{late} s", problem.Detail, StringComparison.Ordinal);
        Assert.Contains($"{last} s", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(Check(spec with { MissedWithin = late * 1000L + 1 }));
        Assert.Empty(Check(spec with { Missed = ScheduleMissed.One, MissedWithin = null }));
    }

    [Fact]
    public void WhatHoldsAScheduleUp_IsShown_HoweverMuchWasSkippedAfterIt()
    {
        var state = new ScheduleState().With(new() { Instant = 1, Outcome = ScheduleRunOutcome.Open });
        for (var i = 2; i <= 200; i++) state = state.With(new() { Instant = i, Outcome = ScheduleRunOutcome.Skipped });
        foreach (var most in (int[])[20, ScheduleLimits.KeptRuns])
        {
            var shown = state.Shown(most);
            Assert.Equal(most, shown.Length);
            Assert.Equal([.. Enumerable.Range(0, most - 1).Select(i => 200L - i), 1], shown.Select(run => run.Instant));
        }

        // Where very many are open, the newest are seen all the same.
        state = new();
        for (var i = 1; i <= 100; i++) state = state.With(new() { Instant = i, Outcome = i <= 60 ? ScheduleRunOutcome.Open : ScheduleRunOutcome.Success });
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => 100L - i), .. Enumerable.Range(0, 10).Select(i => 60L - i)], state.Shown(20).Select(run => run.Instant));
        Assert.Equal([3L, 2L, 1L], new ScheduleState().With(new() { Instant = 1 }).With(new() { Instant = 2 }).With(new() { Instant = 3 }).Shown(20).Select(run => run.Instant));
    }

    [Fact]
    public void RunsBeyondThoseKept_GoFromTheOldest_ButNotOpenOnes()
    {
        var state = new ScheduleState().With(new() { Instant = 1, Outcome = ScheduleRunOutcome.Open });
        for (var i = 2; i < 200; i++) state = state.With(new() { Instant = i, Outcome = ScheduleRunOutcome.Success });
        Assert.Equal(ScheduleLimits.KeptRuns + 1, state.Runs.Count);
        Assert.Equal((1, 199), (state.Runs[0].Instant, state.Runs[^1].Instant));
    }

    private static SubmissionProblem[] Check(ScheduleSpec spec) => ScheduleRules.Check("s", spec, new(), DateTimeOffset.UnixEpoch);
}
