using OrleansJobs.Partitions;

namespace OrleansJobs.Tests.Partitions;

public class KnownEndsTests
{
    private readonly KnownEnds _ends = new();

    [Fact]
    public void End_IsHeldInItsVersion_UntilItsRetentionIsOver()
    {
        _ends.Remember("a", 5, retainUntil: 100);
        Assert.True(_ends.Holds("a", 5, 99));
        Assert.False(_ends.Holds("a", 5, 100));
        Assert.False(_ends.Holds("a", 4, 99));
        Assert.False(_ends.Holds("b", 5, 99));
    }

    [Fact]
    public void End_WhenTheJobChanges_IsForgotten_AndAnotherIsHeld()
    {
        _ends.Remember("a", 5, 100);
        _ends.Forget("a");
        Assert.False(_ends.Holds("a", 5, 0));
        _ends.Remember("a", 9, 100);
        Assert.True(_ends.Holds("a", 9, 0));
    }

    [Fact]
    public void Ends_BeyondTheBound_ReplaceTheOldest_AlsoWhereTheyCameAndWent()
    {
        for (var i = 0; i < 3 * KnownEnds.Most; i++)
        {
            _ends.Remember($"{i}", 1, 100);
            if (i % 2 == 0) _ends.Forget($"{i}");
        }

        Assert.False(_ends.Holds($"{2 * KnownEnds.Most - 1}", 1, 0));
        Assert.True(_ends.Holds($"{2 * KnownEnds.Most + 1}", 1, 0));
        Assert.True(_ends.Holds($"{3 * KnownEnds.Most - 1}", 1, 0));
    }
}
