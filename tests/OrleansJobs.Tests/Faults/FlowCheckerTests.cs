using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>Each rule of flows is shown a history that breaks it, and one that only looks as if.</summary>
public class FlowCheckerTests
{
    private readonly FlowHistory _history = new();
    private long _at = 10;

    public FlowCheckerTests() => _history.Plans.Add(new FlowPlan("f", 1, 2, ["f/1", "f/2"]));

    [Fact]
    public void Check_WhenAFlowDidWhatItHadToDo_FindsNothing()
    {
        WholeFlow();

        AssertFound();
    }

    [Fact]
    public void Check_WhenItRanAgainFromTheTop_FindsNothing()
    {
        WholeFlow();
        // As after each park: the same values, no step.
        Given("step-1", "v");
        Given("fan-1", "joined");
        Given("sum-1", "3");

        AssertFound();
    }

    [Fact]
    public void Check_WhenAStepHasAnotherResultInALaterRun_FindsIt()
    {
        WholeFlow();
        Given("step-1", "w");

        AssertFound(Rules.MemoryChanged);
    }

    [Fact]
    public void Check_WhenAStepRunsAgainAfterItsResultWasUsed_FindsIt()
    {
        WholeFlow();
        Killed("s1#1");
        Step("step-1", "v");

        AssertFound(Rules.StepAgain);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_WhenAStepRanTwiceBeforeItsResultWasUsed_AsksWhetherItsSiloWasLost(bool killed)
    {
        Step("step-1", "lost");
        if (killed) Killed("s1#1");
        WholeFlow();

        AssertFound(killed ? [] : [Rules.UnexplainedRepeat]);
    }

    [Fact]
    public void Check_WhenItIsGivenTheResultOfNoRun_FindsIt()
    {
        WholeFlow(step: "other");

        AssertFound(Rules.MadeUp);
    }

    [Fact]
    public void Check_WhenAJoinGoesOnBeforeAChildHasReturned_FindsIt()
    {
        Step("step-1", "v");
        Given("step-1", "v");
        Child("a", "fan-1", 0);
        Returned("a");
        Child("b", "fan-1", 1);
        Given("fan-1", "joined");
        Returned("b");

        AssertFound(Rules.JoinEarly);
    }

    [Fact]
    public void Check_WhenAJoinGoesOnWithoutAChild_FindsIt()
    {
        Child("a", "fan-1", 0);
        Returned("a");
        Given("fan-1", "joined");

        AssertFound(Rules.JoinEarly);
    }

    [Theory]
    [InlineData("fan-1", 0)]
    [InlineData("next-1", -1)]
    public void Check_WhenOnePlaceHasTwoJobs_FindsIt(string name, int index)
    {
        WholeFlow();
        Child("another", name, index);

        AssertFound(Rules.ChildTwice);
    }

    [Fact]
    public void Check_WhenAChildRunsAgain_LeavesThatToTheRulesOfJobs()
    {
        Child("a", "fan-1", 0);
        WholeFlow();

        AssertFound();
    }

    [Theory]
    [InlineData("fan-1", 2)]
    [InlineData("fan-2", 0)]
    public void Check_WhenAChildHasAPlaceThatTheFlowDoesNotHave_FindsIt(string name, int index)
    {
        WholeFlow();
        Child("x", name, index);

        AssertFound(Rules.Phantom);
    }

    [Fact]
    public void Check_WhenNobodySubmittedTheFlow_FindsIt()
    {
        Mark(FlowMarkKind.Ran, "step-1", "v", flow: "ghost");

        AssertFound(Rules.Phantom);
    }

    [Fact]
    public void Check_WhenItIsGivenAnAttemptOfAChildThatDidNotReturn_FindsIt()
    {
        Child("n", "next-1", -1, token: 4);
        Child("n", "next-1", -1, token: 5);
        Returned("n", token: 5);
        Given("next-1", "4");

        AssertFound(Rules.MadeUp);
    }

    [Fact]
    public void Check_WhenASignalIsTakenTwice_FindsItInTheRunAndInTheEnd()
    {
        WholeFlow(signals: ["f/1", "f/1"]);

        AssertFound(Rules.SignalLost, Rules.SignalTwice, Rules.SignalTwice);
    }

    [Fact]
    public void Check_WhenASignalIsTakenThatNobodySent_FindsIt()
    {
        WholeFlow(signals: ["f/1", "f/9"]);

        AssertFound(Rules.MadeUp, Rules.SignalLost);
    }

    [Fact]
    public void Check_WhenSignalsAreTakenOutOfTurn_FindsIt()
    {
        WholeFlow(signals: ["f/2", "f/1"]);

        AssertFound(Rules.SignalOrder);
    }

    [Theory]
    [InlineData("v", 2)]
    [InlineData("w", 3)]
    public void Check_WhenItEndsWithSomethingElseThanItWasGiven_FindsIt(string value, long sum)
    {
        WholeFlow();
        _history.Ends["f"] = new FlowEnd([value], sum, ["f/1", "f/2"]);

        AssertFound(Rules.WrongEnd);
    }

    [Fact]
    public void ChildrenOf_NamesEachJobOnce_WithItsFirstMark()
    {
        Child("a", "fan-1", 0);
        Child("a", "fan-1", 0, token: 6);
        Child("b", "fan-1", 1);

        Assert.Equal([("a", 10L), ("b", 12L)], FlowChecker.ChildrenOf(_history.Marks, _ => ExpectedEnd.Success).Select(child => (child.Id, child.AcceptedAt!.Value)));
    }

    /// <summary>One step, two children and their join, one more behind it, two signals.</summary>
    private void WholeFlow(string step = "v", string[]? signals = null)
    {
        signals ??= ["f/1", "f/2"];
        Step("step-1", "v");
        Given("step-1", step);
        Child("a", "fan-1", 0);
        Child("b", "fan-1", 1);
        Returned("a");
        Returned("b");
        Given("fan-1", "joined");
        Step("sum-1", "3");
        Given("sum-1", "3");
        Child("n", "next-1", -1);
        Returned("n");
        Given("next-1", "5");
        for (var i = 0; i < signals.Length; i++) Given($"signal-{i + 1}", signals[i]);
        _history.Ends["f"] = new FlowEnd([step], 3, signals);
    }

    private void Step(string name, string value) => Mark(FlowMarkKind.Ran, name, value);

    private void Given(string name, string value) => Mark(FlowMarkKind.Given, name, value);

    private void Mark(FlowMarkKind kind, string name, string value, string flow = "f") => _history.Marks.Add(new FlowMark(kind, flow, name, -1, "", 1, value, _at++, "s1#1"));

    private void Child(string job, string name, int index, long token = 5) => _history.Marks.Add(new FlowMark(FlowMarkKind.Child, "f", name, index, job, token, "", _at++, "s2#1"));

    private void Returned(string job, long token = 5) => _history.Runs.Add(new RunMark(job, 1, token, RunMarkKind.Returned, _at++, "s2#1"));

    private void Killed(string silo) => _history.Faults.Add(new FaultWindow("kill", silo, _at++, long.MaxValue, ExplainsRepeats: true));

    private void AssertFound(params string[] rules) => Assert.Equal(rules.Order(), FlowChecker.Check(_history).Select(violation => violation.Rule).Order());
}
