using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>What the fault driver makes of a schedule's occurrences: each way of breaking a promise is named, and what is allowed is not.</summary>
public class ScheduleCheckerTests
{
    private const long Start = 1_767_225_600_000;

    // Each second from the start, paused after ten.
    private static readonly ScheduleEdition[] Ten = [new(Start, 1000), new(Start + 10_500, null)];

    [Fact]
    public void EachInstantOnce_IsAllRight()
    {
        Assert.Empty(ScheduleChecker.Check("all", Ten, Served(0, 10)));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => Start + i * 1000L), ScheduleChecker.Due(Ten));
    }

    [Fact]
    public void Twice_Early_NotDue_AndNothing_AreNamed()
    {
        Assert.Contains("has 2 occurrences: o-3, again", Single("all", [.. Served(0, 10), new("again", At(3), At(3))]), StringComparison.Ordinal);
        Assert.Contains("was submitted 5 ms early", Single("all", [.. Served(0, 9), new("o-10", At(10), At(10) - 5)]), StringComparison.Ordinal);
        Assert.Contains("was served, and was not due", Single("all", Served(0, 11)), StringComparison.Ordinal);
        Assert.Contains("was served, and was not due", Single("all", [.. Served(0, 10), new("between", At(3) + 500, At(4))]), StringComparison.Ordinal);
        Assert.Contains("was due, and nothing became of it", Single("all", [.. Served(0, 4), .. Served(6, 10)]), StringComparison.Ordinal);
        // The last of all has nobody behind it that tells it was missed.
        Assert.Contains("was due, and nothing became of it", Single("none", Served(0, 9)), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameJobListedTwice_IsNamed() =>
        Assert.Contains("has 2 occurrences", Single("all", [.. Served(0, 10), Served(3, 3)[0]]), StringComparison.Ordinal);

    [Theory]
    // 100 instants pass while nobody is there, who is back at the last of them.
    [InlineData("none", 40, 0)]
    [InlineData("none", 41, 0)]
    // The latest that was missed is the fortieth.
    [InlineData("one", 40, 0)]
    [InlineData("one", 41, 1)]
    [InlineData("all", 40, 39)]
    // Of those that are not missed, each is to be served.
    [InlineData("none", 42, 1)]
    public void WhatWasMissed_IsAsItsRuleSays(string rule, int firstAfter, int wrong)
    {
        ScheduleEdition[] editions = [new(Start, 1000), new(Start + 100_500, null)];
        // Served up to the first; then, at the hundredth second, from one on.
        var late = Enumerable.Range(firstAfter, 101 - firstAfter).Select(i => new ScheduleOccurrence($"o-{i}", At(i), At(100) + 100));
        var broken = ScheduleChecker.Check(rule, editions, [new("o-0", At(0), At(0)), .. late]).ToList();
        Assert.Equal(wrong, broken.Count);
    }

    [Fact]
    public void InstantsOfEachEdition_AreThoseOfItsTime()
    {
        ScheduleEdition[] editions = [new(Start, 2000), new(Start + 3000, 3000), new(Start + 9000, null), new(Start + 15_500, 1000), new(Start + 17_000, null)];
        // With a change, what was due by then is the former's; during a pause there is none.
        Assert.Equal([0, 2, 6, 9, 16, 17], ScheduleChecker.Due(editions).Select(instant => (instant - Start) / 1000));
    }

    private static long At(int second) => Start + second * 1000L;

    private static ScheduleOccurrence[] Served(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(i => new ScheduleOccurrence($"o-{i}", At(i), At(i) + 20))];

    private static string Single(string rule, ScheduleOccurrence[] occurrences) => Assert.Single(ScheduleChecker.Check(rule, Ten, occurrences));
}
