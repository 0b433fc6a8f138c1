using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>How jobs that follow others must end, and histories in which they ran too early or for nothing.</summary>
public class FollowCheckerTests
{
    private static readonly ExpectedEnd Failed = ExpectedEnd.Failure("error");
    private readonly Dictionary<string, ExpectedEnd> _ends = [];
    private readonly List<RunMark> _marks = [];

    [Theory]
    [InlineData("SUCCESS", nameof(FollowOn.Success), true)]
    [InlineData("SUCCESS", nameof(FollowOn.End), true)]
    [InlineData("SUCCESS", nameof(FollowOn.Failure), false)]
    [InlineData("FAILURE", nameof(FollowOn.Success), false)]
    [InlineData("FAILURE", nameof(FollowOn.End), true)]
    [InlineData("FAILURE", nameof(FollowOn.Failure), true)]
    [InlineData("REVOKED", nameof(FollowOn.Success), false)]
    [InlineData("REVOKED", nameof(FollowOn.End), true)]
    [InlineData("REVOKED", nameof(FollowOn.Failure), true)]
    public void ExpectedOf_OneThatFollows_EndsByItselfOrAsUnmet(string leader, string on, bool met)
    {
        _ends["a"] = new ExpectedEnd(leader);
        var follower = After("b", ("a", Enum.Parse<FollowOn>(on)));

        Assert.Equal(met ? ExpectedEnd.Success : ExpectedEnd.Failure("dependency_failed"), FollowChecker.ExpectedOf(follower, _ends));
        Assert.Equal(met ? ExpectedEnd.Success : new ExpectedEnd("REVOKED"), FollowChecker.ExpectedOf(follower with { CancelIfUnmet = true }, _ends));
    }

    [Fact]
    public void ExpectedOf_WhereOneOfManyIsUnmet_IsUnmet()
    {
        (_ends["a"], _ends["b"]) = (ExpectedEnd.Success, Failed);

        Assert.Equal(ExpectedEnd.Failure("dependency_failed"), FollowChecker.ExpectedOf(After("c", ("a", FollowOn.Success), ("b", FollowOn.Success)), _ends));
        Assert.Equal(Failed, FollowChecker.ExpectedOf(After("c", ("a", FollowOn.Success), ("b", FollowOn.End)) with { OwnEnd = Failed }, _ends));
    }

    [Theory]
    [InlineData(21, true)]
    [InlineData(19, false)]
    public void Check_OneThatFollows_RunsBehindTheEnd(long startedAt, bool inTime)
    {
        _ends["a"] = ExpectedEnd.Success;
        Ran("a", 5, 10, 20);
        Ran("b", 6, startedAt, 30);

        AssertFound(After("b", ("a", FollowOn.Success)), inTime ? [] : [Rules.FollowedEarly]);
    }

    [Fact]
    public void Check_WhenTheLeaderRanAgain_GoesByItsNewestAttempt()
    {
        _ends["a"] = ExpectedEnd.Success;
        Ran("a", 5, 10, 20);
        Ran("a", 7, 40, 50);
        Ran("b", 6, 30, 60);

        AssertFound(After("b", ("a", FollowOn.Success)), Rules.FollowedEarly);
    }

    [Fact]
    public void Check_WhenTheLeaderNeverCameToItsEnd_FindsIt()
    {
        _ends["a"] = ExpectedEnd.Success;
        Ran("a", 5, 10, null);
        Ran("b", 6, 30, 60);

        AssertFound(After("b", ("a", FollowOn.End)), Rules.FollowedEarly);
    }

    [Fact]
    public void Check_WhenTheLeaderWasNotToRun_HasNothingToGoBy()
    {
        _ends["a"] = ExpectedEnd.Failure("dependency_failed");
        Ran("b", 6, 30, 60);

        AssertFound(After("b", ("a", FollowOn.Failure)));
    }

    [Fact]
    public void Check_WhenOneRunsThatWasNotTo_FindsIt()
    {
        _ends["a"] = Failed;
        Ran("a", 5, 10, 20, RunMarkKind.Threw);
        Ran("b", 6, 30, 60);

        AssertFound(After("b", ("a", FollowOn.Success)), Rules.FollowedWrongly);
    }

    [Fact]
    public void Check_WhenTheLastOfManyHasNotEnded_FindsIt()
    {
        (_ends["a"], _ends["c"]) = (ExpectedEnd.Success, ExpectedEnd.Success);
        Ran("a", 5, 10, 20);
        Ran("c", 5, 10, 40);
        Ran("b", 6, 30, 60);

        AssertFound(After("b", ("a", FollowOn.Success), ("c", FollowOn.Success)), Rules.FollowedEarly);
    }

    private static Follower After(string id, params (string, FollowOn)[] after) => new(id, after, CancelIfUnmet: false, ExpectedEnd.Success);

    private void Ran(string id, long token, long from, long? to, RunMarkKind end = RunMarkKind.Returned)
    {
        _marks.Add(new RunMark(id, 1, token, RunMarkKind.Started, from, "s1#1"));
        if (to is { } at) _marks.Add(new RunMark(id, 1, token, end, at, "s1#1"));
    }

    private void AssertFound(Follower follower, params string[] rules) =>
        Assert.Equal(rules, FollowChecker.Check([follower], _ends, _marks).Select(violation => violation.Rule));
}
