using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>What the fault driver makes of a schedule's occurrences: each way of breaking a promise is named, and what is allowed is not.</summary>
public class ScheduleCheckerTests
{
    private const long Start = 1_767_225_600_000;

    private static readonly ScheduleOrder EachSecond = new(new EverySeconds(1));

    [Fact]
    public void EachInstantOnce_IsAllRight()
    {
        Assert.Empty(ScheduleChecker.Check("all", Ten(), Served(0, 10)));
        Assert.Equal(Enumerable.Range(0, 11), Due(Ten()));
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
        Assert.Contains("o-3 is listed 2 times", ScheduleChecker.Check("all", Ten(), [.. Served(0, 10), Served(3, 3)[0]]).First(), StringComparison.Ordinal);

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
        var life = Life(new(Start, EachSecond), new(Start + 100_500, EachSecond, IsPaused: true));
        // Served up to the first; then, at the hundredth second, from one on.
        var late = Enumerable.Range(firstAfter, 101 - firstAfter).Select(i => new ScheduleOccurrence($"o-{i}", At(i), At(100) + 100));
        var broken = ScheduleChecker.Check(rule, life, [new("o-0", At(0), At(0)), .. late]).ToList();
        Assert.Equal(wrong, broken.Count);
    }

    [Fact]
    public void InstantsOfEachEdition_AreThoseOfItsTime()
    {
        var (two, three) = (Every(2), Every(3));
        var life = Life(
            new(Start, two), new(Start + 3000, three), new(Start + 9000, three, IsPaused: true), new(Start + 14_000, EachSecond, IsPaused: true), new(Start + 15_500, EachSecond),
            new(Start + 17_000, EachSecond, IsPaused: true));
        // With a change, what was due by then is the former's; during a pause there is none.
        Assert.Equal([0, 2, 6, 9, 16, 17], Due(life));
    }

    [Fact]
    public void OfAnEditOfTheJitter_WhatWasNotDueStillComes_AndWhatWasDoesNotComeAgain()
    {
        var late = EachSecond with { MostJitter = 5000 };
        // From the fourth second on two seconds late, then not at all.
        var life = Life(new(Start, EachSecond), new(At(4) + 500, late, Jitter: 2000), new(At(8) + 500, EachSecond), new(At(10) + 500, EachSecond, IsPaused: true));
        Assert.Equal(Enumerable.Range(0, 11), Due(life));
        Assert.Equal([At(4), At(5) + 2000, At(6) + 2000, At(7), At(8)], ScheduleChecker.Due(life).Skip(4).Take(5).Select(instant => instant.DueAt));
        Assert.Contains("was submitted 1980 ms early", Assert.Single(ScheduleChecker.Check("all", life, [.. Served(0, 4), new("o-5", At(5), At(5) + 20), new("o-6", At(6), At(8)), .. Served(7, 10)])), StringComparison.Ordinal);
        // Other instants do not reach back; those that are not due yet by the new jitter come.
        life = Life(new(Start, Every(2)), new(At(4) + 500, late, Jitter: 2000), new(At(8) + 500, late, IsPaused: true, Jitter: 2000));
        Assert.Equal([0, 2, 4, 5, 6], Due(life));
    }

    [Fact]
    public void ByAZone_MinutesAreThoseOfItsClocks()
    {
        // In Nepal it is a quarter to: its even minutes are odd elsewhere.
        var even = Life(new(Start, new(new CronSeconds(30, 0, "Asia/Kathmandu"))), new(Start + 300_000, EachSecond, IsPaused: true));
        Assert.Equal([60, 90, 180, 210, 300], Due(even));
        var berlin = Life(new(Start, new(new CronSeconds(20, 1, "Europe/Berlin"))), new(Start + 100_000, EachSecond, IsPaused: true));
        Assert.Equal([60, 80, 100], Due(berlin));
        Assert.Equal("\"cron\":\"0/20 1/2 * * * *\",\"zone\":\"Europe/Berlin\"", berlin.Editions[0].Order.Instants.Members);
    }

    [Fact]
    public void OfOneThatWasDeleted_WhatWasDueJustThenMayBeServedOrNot()
    {
        var life = new ScheduleLife("1") { Deleted = (At(4) + 500, At(6) + 500) };
        life.Editions.Add(new(Start, EachSecond));
        foreach (var last in (int[])[4, 5, 6]) Assert.Empty(ScheduleChecker.Check("all", life, Served(0, last)));
        Assert.Contains("was due, and nothing became of it", Assert.Single(ScheduleChecker.Check("all", life, Served(0, 3))), StringComparison.Ordinal);
        Assert.Contains("was served, and was not due", Assert.Single(ScheduleChecker.Check("all", life, Served(0, 7))), StringComparison.Ordinal);
    }

    [Theory]
    // The third is passed over: the second runs for so long.
    [InlineData("skip", 1_500, null)]
    [InlineData("skip", 900, "and all before it had ended")]
    [InlineData("all", 1_500, "though its rule is all")]
    [InlineData("cancel", 1_500, "though its rule is cancel")]
    public void WhatIsPassedOver_IsAsItsRuleSays(string overlap, int runs, string? wrong)
    {
        var life = Life(new(Start, EachSecond with { Overlap = overlap }), new(At(3) + 500, EachSecond with { Overlap = overlap }, IsPaused: true));
        life.PassedOver.Add(At(2), At(2) + 400);
        ScheduleOccurrence[] jobs = [new("o-0", At(0), At(0), At(0) + 10), new("o-1", At(1), At(1), At(1) + runs), new("o-3", At(3), At(3))];
        var broken = ScheduleChecker.Check("all", life, jobs).ToList();
        if (wrong is null) Assert.Empty(broken);
        else Assert.Contains(wrong, Assert.Single(broken), StringComparison.Ordinal);
        // One that lives elsewhere is heard of later.
        if (wrong is not null && overlap == "skip") Assert.Empty(ScheduleChecker.Check("all", life, jobs, new UnheardEnds()));
        // Without having been heard of it is lost; and it is one or the other.
        life.PassedOver.Clear();
        Assert.Contains("nothing became of it", Assert.Single(ScheduleChecker.Check("all", life, jobs)), StringComparison.Ordinal);
        life.PassedOver.Add(At(1), At(1) + 100);
        Assert.Contains(ScheduleChecker.Check("all", life, jobs), said => said.EndsWith("was passed over, and was served", StringComparison.Ordinal));
    }

    /// <summary>Though it ran when the schedule was asked.</summary>
    [Fact]
    public void OneOfALaterInstant_ExcusesNothing()
    {
        var skip = EachSecond with { Overlap = "skip" };
        var life = Life(new(Start, skip), new(At(3) + 500, skip, IsPaused: true));
        life.PassedOver.Add(At(2), At(3) + 50);
        ScheduleOccurrence[] jobs = [new("o-0", At(0), At(0), At(0) + 10), new("o-1", At(1), At(1), At(1) + 100), new("o-3", At(3), At(3), At(3) + 100)];
        Assert.Contains("all before it had ended", Assert.Single(ScheduleChecker.Check("all", life, jobs)), StringComparison.Ordinal);
        // One that somebody asked for while it was decided does.
        life.Triggered.Add("t");
        Assert.Empty(ScheduleChecker.Check("all", life, [.. jobs, new("t", At(2) - 10, At(2) - 10, At(2) + 500)]));
    }

    /// <summary>Its jobs live elsewhere, and take no time.</summary>
    [Fact]
    public void OneThatPassesOverAllButEachTenth_IsNamed_UnlessItCouldNotHear()
    {
        var skip = EachSecond with { Overlap = "skip" };
        var life = Life(new(Start, skip), new(At(10) + 500, skip, IsPaused: true));
        for (var i = 1; i < 10; i++) life.PassedOver.Add(At(i), At(10));
        ScheduleOccurrence[] jobs = [new("o-0", At(0), At(0), At(0) + 10), new("o-10", At(10), At(10), At(10) + 10)];
        var unheard = new UnheardEnds();
        Assert.Equal(["00:00:06", "00:00:07", "00:00:08", "00:00:09"], ScheduleChecker.Check("all", life, jobs, unheard).Select(wrong => wrong.Split(' ')[0]));
        // Two seconds of it, however often they are said.
        unheard.Add(At(2), At(4) - UnheardEnds.Aftermath);
        unheard.Add(At(3), At(4) - UnheardEnds.Aftermath);
        Assert.Equal(["00:00:08", "00:00:09"], ScheduleChecker.Check("all", life, jobs, unheard).Select(wrong => wrong.Split(' ')[0]));
        unheard.Add(At(8), At(20));
        Assert.Equal(["00:00:08", "00:00:09"], ScheduleChecker.Check("all", life, jobs, unheard).Select(wrong => wrong.Split(' ')[0]));
        unheard.Add(At(4), At(5));
        Assert.Empty(ScheduleChecker.Check("all", life, jobs, unheard));
    }

    [Fact]
    public void WhatWasTriggered_IsNoInstant_AndIsThere()
    {
        var life = Ten();
        life.Triggered.Add("t");
        Assert.Empty(ScheduleChecker.Check("all", life, [.. Served(0, 10), new("t", At(3), At(3) + 5)]));
        Assert.Contains("t was triggered, and is not listed", Assert.Single(ScheduleChecker.Check("all", life, Served(0, 10))), StringComparison.Ordinal);
    }

    /// <summary>Each second from the start, paused after ten.</summary>
    private static ScheduleLife Ten() => Life(new(Start, EachSecond), new(Start + 10_500, EachSecond, IsPaused: true));

    private static ScheduleLife Life(params ScheduleEdition[] editions)
    {
        var life = new ScheduleLife("1");
        life.Editions.AddRange(editions);
        return life;
    }

    private static ScheduleOrder Every(int seconds) => new(new EverySeconds(seconds));

    private static IEnumerable<int> Due(ScheduleLife life) => ScheduleChecker.Due(life).Select(instant => (int)((instant.At - Start) / 1000));

    private static long At(int second) => Start + second * 1000L;

    private static ScheduleOccurrence[] Served(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(i => new ScheduleOccurrence($"o-{i}", At(i), At(i) + 20))];

    private static string Single(string rule, ScheduleOccurrence[] occurrences) => Assert.Single(ScheduleChecker.Check(rule, Ten(), occurrences));
}
