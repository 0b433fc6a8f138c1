using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>What jobs of canvases must come to, and histories in which they came to something else.</summary>
public class CanvasCheckerTests
{
    private readonly Dictionary<string, CanvasEnd> _ends = new()
    {
        ["a"] = new(1, 10, []), ["b"] = new(2, 20, []), ["body"] = new(3, 30, [("a", 10), ("b", 20)]),
    };

    private readonly CanvasJob[] _chord =
    [
        new("a", "start", [], ExpectedEnd.Success, 1), new("b", "start", [], ExpectedEnd.Success, 2), new("body", "total", ["a", "b"], ExpectedEnd.Success, 3),
    ];

    [Fact]
    public void Check_AsItMustBe_FindsNothing() => Assert.Empty(CanvasChecker.Check(_chord, _ends));

    [Fact]
    public void Check_AnotherValue_IsFound() => AssertFound("body", new(4, 30, [("a", 10), ("b", 20)]));

    [Fact]
    public void Check_TheResultOfAnAttemptThatDoesNotCount_IsFound() => AssertFound("body", new(3, 30, [("a", 9), ("b", 20)]));

    [Fact]
    public void Check_AResultTwice_IsFound() => AssertFound("body", new(3, 30, [("a", 10), ("a", 10)]));

    [Fact]
    public void Check_ResultsOutOfOrder_AreFound() => AssertFound("body", new(3, 30, [("b", 20), ("a", 10)]));

    [Fact]
    public void Check_AResultLeftOut_IsFound() => AssertFound("body", new(3, 30, [("a", 10)]));

    [Fact]
    public void Check_NoResult_IsFound()
    {
        _ends.Remove("body");
        Assert.Equal((Rules.CanvasWrong, "body"), OneOf(CanvasChecker.Check(_chord, _ends)));
    }

    /// <summary>A body beside a member that failed comes to nothing.</summary>
    [Fact]
    public void Check_ABodyWhoseMemberFailed_HasNoResult()
    {
        _ends.Remove("b");
        CanvasJob[] failed = [_chord[0], _chord[1] with { Expected = new("FAILURE"), Value = null }, _chord[2] with { Expected = ExpectedEnd.Failure("dependency_failed"), Value = null }];
        Assert.NotEmpty(CanvasChecker.Check(failed, _ends));
        _ends.Remove("body");
        Assert.Empty(CanvasChecker.Check(failed, _ends));
    }

    private void AssertFound(string id, CanvasEnd end)
    {
        _ends[id] = end;
        Assert.Equal((Rules.CanvasWrong, id), OneOf(CanvasChecker.Check(_chord, _ends)));
    }

    private static (string Rule, string Id) OneOf(IEnumerable<Violation> violations)
    {
        var found = Assert.Single(violations);
        return (found.Rule, found.Id);
    }
}
