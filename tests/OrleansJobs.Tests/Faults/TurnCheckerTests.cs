using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>A history in which a single job waited behind a flood, and such in which it had its turn.</summary>
public class TurnCheckerTests
{
    private const long Second = Monotonic.PerSecond;
    private readonly List<RunMark> _marks = [];

    public TurnCheckerTests()
    {
        for (var i = 0; i < 100; i++) Start($"f{i}", i);
        Start("single", 50);
    }

    [Fact]
    public void ASingleJob_WaitsForSoManyOfTheFlood_AndNotForMore()
    {
        Assert.Empty(Starved(acceptedAt: 39, most: 10));
        Assert.Equal((Rules.TenantStarved, "single"), Assert.Single(Starved(acceptedAt: 39, most: 9).Select(violation => (violation.Rule, violation.Id))));
    }

    [Fact]
    public void WhatStartsWhileTheGridRecovers_DoesNotCount()
    {
        Assert.NotEmpty(Starved(0, 20, 20));
        Assert.Empty(Starved(0, 20, 10, 30));
    }

    [Fact]
    public void OneThatNeverStarted_WaitedForAllThatCameAfterIt()
    {
        Assert.NotEmpty(TurnChecker.Starved(Flood, new Dictionary<string, long> { ["never"] = 50 * Second }, _marks, 48, [], 0));
        Assert.Empty(TurnChecker.Starved(Flood, new Dictionary<string, long> { ["never"] = 50 * Second }, _marks, 49, [], 0));
    }

    private static HashSet<string> Flood => [.. Enumerable.Range(0, 100).Select(i => $"f{i}")];

    private List<Violation> Starved(int acceptedAt, int most, params int[] deaths) =>
        [.. TurnChecker.Starved(Flood, new Dictionary<string, long> { ["single"] = acceptedAt * Second }, _marks, most, [.. deaths.Select(at => at * Second)], 20 * Second)];

    private void Start(string id, int at) => _marks.Add(new(id, 1, 1, RunMarkKind.Started, at * Second, "s1#1"));
}
