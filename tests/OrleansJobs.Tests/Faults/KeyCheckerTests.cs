using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>Histories of keys in which too many ran, or out of order, and such in which all was well.</summary>
public class KeyCheckerTests
{
    private const long Second = Monotonic.PerSecond;
    private readonly List<RunMark> _marks = [];
    private readonly HashSet<string> _jobs = [];
    private readonly Dictionary<string, long> _deaths = [];

    [Fact]
    public void Concurrency_CountsWhatRunsAtATime_AndNotWhatDiedWithItsSilo()
    {
        Run("a", 0, 10);
        Run("b", 5, 15);
        Run("c", 10, 20);
        Assert.Empty(Concurrency(2));
        Assert.NotEmpty(Concurrency(1));
        _marks.Add(new("d", 1, 9, RunMarkKind.Started, 16 * Second, "s1#1"));
        _jobs.Add("d");
        Run("e", 21, 22, silo: "s2#1");
        Run("f", 21, 23, silo: "s2#1");
        Assert.NotEmpty(Concurrency(2));
        _deaths["s1#1"] = 20 * Second;
        Assert.Empty(Concurrency(2));
    }

    [Fact]
    public void Concurrency_OfARuleThatWasChanged_IsTheHighestThatMayHaveHeld()
    {
        Run("a", 0, 10);
        Run("b", 4, 10);
        Assert.Empty(KeyChecker.Concurrency("k", _jobs, _marks, [new(0, 3 * Second, 2), new(2 * Second, long.MaxValue, 1)], 2 * Second, _deaths));
        Assert.NotEmpty(KeyChecker.Concurrency("k", _jobs, _marks, [new(0, Second, 2), new(0, long.MaxValue, 1)], 2 * Second, _deaths));
    }

    [Fact]
    public void Rate_IsHeldInEveryWindow()
    {
        for (var i = 0; i < 5; i++) Run($"j{i}", i, i);
        Assert.Empty(KeyChecker.Rate("k", _jobs, _marks, 1, TimeSpan.FromSeconds(1), 1, 0));
        Assert.NotEmpty(KeyChecker.Rate("k", _jobs, _marks, 1, TimeSpan.FromSeconds(2), 1, 0));
        Run("more", 4, 4);
        Assert.NotEmpty(KeyChecker.Rate("k", _jobs, _marks, 1, TimeSpan.FromSeconds(1), 1, 0));
        Assert.Empty(KeyChecker.Rate("k", _jobs, _marks, 1, TimeSpan.FromSeconds(1), 1, Second));
    }

    [Fact]
    public void Order_IsThatOfFirstStarts()
    {
        Run("a", 0, 1);
        Run("b", 1, 2);
        Run("a", 3, 4);
        Assert.Empty(KeyChecker.Order("k", ["a", "b", "never"], _marks));
        Assert.NotEmpty(KeyChecker.Order("k", ["b", "a"], _marks));
    }

    [Fact]
    public void Order_WithinARule_IsThatOfThoseThatHadNotStarted()
    {
        // While another rule held, the last went first.
        Run("d", 0, 1);
        Run("a", 10, 11);
        Run("b", 12, 13);
        Run("c", 14, 15);
        Assert.Empty(KeyChecker.OrderWithin("k", ["a", "b", "c", "d"], _marks, 5 * Second, 20 * Second));
        Assert.NotEmpty(KeyChecker.OrderWithin("k", ["a", "c", "b", "d"], _marks, 5 * Second, 20 * Second));
        // What passed another after the rule had gone is of no account, what passed one that started only then is.
        Assert.Empty(KeyChecker.OrderWithin("k", ["a", "c", "b", "d"], _marks, 5 * Second, 11 * Second));
        Assert.NotEmpty(KeyChecker.OrderWithin("k", ["b", "a"], _marks, 5 * Second, 11 * Second));
        Assert.NotEmpty(KeyChecker.OrderWithin("k", ["never", "a"], _marks, 5 * Second, 11 * Second));
    }

    [Fact]
    public void Unique_IsNeverTwoAtATime()
    {
        Run("a", 0, 5);
        Run("b", 5, 9);
        // Two attempts of one job are another rule's.
        Run("b", 8, 9);
        Assert.Empty(KeyChecker.Unique("v", _jobs, _marks, _deaths));
        Run("c", 8, 10);
        Assert.NotEmpty(KeyChecker.Unique("v", _jobs, _marks, _deaths));
    }

    [Fact]
    public void UniqueUntilTheStart_NeverTwoWait()
    {
        Assert.Empty(KeyChecker.UniqueUntilStart("v", [Sent("a", 0, 1), Sent("b", 6, 7), Sent("late", 1, 9)], 6 * Second));
        Assert.NotEmpty(KeyChecker.UniqueUntilStart("v", [Sent("a", 0, 1), Sent("b", 4, 5)], 6 * Second));

        static Submitted Sent(string id, int sent, int accepted) => new(id, "sleep", sent * Second, accepted * Second, 0, ExpectedEnd.Any);
    }

    private IEnumerable<Violation> Concurrency(int most) => KeyChecker.Concurrency("k", _jobs, _marks, [new(0, long.MaxValue, most)], 0, _deaths);

    private void Run(string id, int from, int to, string silo = "s1#1")
    {
        var token = _marks.Count + 1;
        _jobs.Add(id);
        _marks.Add(new(id, 1, token, RunMarkKind.Started, from * Second, silo));
        _marks.Add(new(id, 1, token, RunMarkKind.Returned, to * Second, silo));
    }
}
