using System.Net;
using OrleansJobs.Trials;

namespace OrleansJobs.Tests.Trials;

public class TurnTakingTests
{
    private static readonly SiloAddress A = Silo(1), B = Silo(2), C = Silo(3);
    private readonly TurnTaking _turns = new(TimeSpan.FromMilliseconds(100));

    [Fact]
    public void OneAtATime_HasTheTurn_UntilItsTimeIsOver()
    {
        Assert.Equal((A, Ms(100)), _turns.Next([A], 0));
        Assert.Null(_turns.Next([B], 99));
        Assert.Equal(100, _turns.NextChange([B]));
        Assert.Equal((B, Ms(100)), _turns.Next([B], 100));
    }

    [Fact]
    public void WhoHasTheTurn_IsToldWhatIsLeftOfIt()
    {
        _turns.Next([A], 0);
        Assert.Equal((A, Ms(70)), _turns.Next([B, A], 30));
    }

    [Fact]
    public void TheSameSilo_WorksFirst_ForAsLongAsItStoodEmpty()
    {
        _turns.Next([A], 0);
        _turns.GiveBack(A, 40);
        Assert.Null(_turns.Next([A], 79));
        Assert.Equal(80, _turns.NextChange([A]));
        Assert.Equal((A, Ms(100)), _turns.Next([A], 80));
    }

    [Fact]
    public void OfThoseWhoWait_ItIsTheOneWhoseLastTurnWasLongestAgo()
    {
        foreach (var (silo, now) in new[] { (A, 0), (B, 10), (C, 20) })
        {
            Assert.Equal(silo, _turns.Next([silo], now)!.Value.Silo);
            _turns.GiveBack(silo, now + 10);
        }

        Assert.Equal(A, _turns.Next([C, B, A], 1000)!.Value.Silo);
    }

    [Fact]
    public void TheDead_HoldNothing()
    {
        _turns.Next([A], 0);
        _turns.Bury(silo => silo.Equals(A));
        Assert.Equal(B, _turns.Next([B], 1)!.Value.Silo);
    }

    [Fact]
    public void AGiveBack_OfOneWhoHasNoTurn_TakesNobodysAway()
    {
        _turns.Next([A], 0);
        _turns.GiveBack(B, 1);
        Assert.Null(_turns.Next([B], 2));
    }

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 10_000 + number), number);
}

public class ExplainedCrashesTests
{
    [Fact]
    public void OfMoreThanItHolds_TheNewestAreKept()
    {
        ExplainedCrashes explained = [];
        Assert.True(explained.Add(Enumerable.Range(0, ExplainedCrashes.Most + 5).Select(number => $"{number}")));
        Assert.False(explained.Add(["7"]));
        Assert.False(explained.Contains("4"));
        Assert.True(explained.Contains("5"));
        Assert.Equal(ExplainedCrashes.Most, explained.Count());
    }
}
