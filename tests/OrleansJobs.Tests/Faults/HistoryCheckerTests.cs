using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Tests.Faults;

/// <summary>A checker that finds nothing proves nothing: each rule is shown a history that breaks it, and one that only looks as if.</summary>
public class HistoryCheckerTests
{
    private readonly History _history = new() { Store = [] };

    [Fact]
    public void Check_WhenAJobRanOnceAndAllAgree_FindsNothing()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ended("a", token: 5);

        AssertFound();
    }

    [Fact]
    public void Check_WhenAnAcceptedJobIsNowhere_FindsItLostTwice()
    {
        Accepted("a");
        _history.FinallyRead.Add("a");

        AssertFound(Rules.Lost, Rules.Lost);
    }

    [Fact]
    public void Check_WhenAJobThatNobodyAcknowledgedIsNowhere_FindsNothing()
    {
        _history.Submits.Add(Submit("a") with { AcceptedAt = null });

        AssertFound();
    }

    [Fact]
    public void Check_WhenAnAcceptedJobHasNotEnded_SaysWhereItStands()
    {
        Accepted("a");
        _history.FinallyRead.Add("a");
        _history.Store!.Add(new StoreRow("a", null, ["lease"]));
        Read("a", "PROGRESS", 30, version: 1);

        AssertFound(Rules.Unfinished, Rules.Unfinished);
    }

    [Fact]
    public void Check_WhenAJobIsInTwoPlacesOfTheStore_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ended("a", token: 5);
        _history.Store![0] = _history.Store[0] with { Places = ["outcome", "lease"] };

        AssertFound(Rules.Disagreement);
    }

    [Fact]
    public void Check_WhenSomethingRunsOrIsStoredThatNobodySubmitted_FindsBoth()
    {
        Ran("ghost", token: 5, from: 10, to: 20);
        _history.Store!.Add(new StoreRow("ghost", "SUCCESS", ["outcome"]));

        AssertFound(Rules.Phantom, Rules.Phantom);
    }

    [Fact]
    public void Check_WhenPostsWithoutAnIdWereNotAnswered_AllowsSoManyUnknownJobs()
    {
        Ran("ghost", token: 5, from: 10, to: 20);
        _history.Store!.Add(new StoreRow("ghost", "SUCCESS", ["outcome"]));
        _history.Unanswered = 1;
        AssertFound();

        Ran("other", token: 6, from: 10, to: 20);
        AssertFound(Rules.Phantom, Rules.Phantom, Rules.Phantom);
    }

    [Fact]
    public void Check_WhenAFinishedJobsBytesChange_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ended("a", token: 5);
        Read("a", "SUCCESS", 40, version: 9, content: "other", token: 5);

        AssertFound(Rules.TerminalChanged);
    }

    [Fact]
    public void Check_WhenAFinishedJobRunsAgainForAReader_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ended("a", token: 5);
        Read("a", "PROGRESS", 40, version: 9);

        AssertFound(Rules.TerminalChanged, Rules.Unfinished);
    }

    [Fact]
    public void Check_WhenAVersionGoesBackForOneReader_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Read("a", "PROGRESS", 11, version: 4, reader: "r");
        Read("a", "PENDING", 12, version: 3, reader: "r");
        Ended("a", token: 5);

        AssertFound(Rules.VersionWentBack);
    }

    [Fact]
    public void Check_WhenAReaderIsBehindWhatAnotherWasToldBeforeItAsked_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Read("a", "PROGRESS", 11, version: 4, reader: "r");
        Read("a", "PENDING", 14, version: 3, reader: "s", askedAt: 12);
        Ended("a", token: 5);

        AssertFound(Rules.VersionWentBack);
    }

    [Fact]
    public void Check_WhenAReaderHadAskedBeforeAnotherWasTold_FindsNothing()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Read("a", "PROGRESS", 11, version: 4, reader: "r");
        Read("a", "PENDING", 14, version: 3, reader: "s", askedAt: 10);
        Ended("a", token: 5);
        Read("a", "PROGRESS", 35, version: 7, reader: "r", askedAt: 29);
        Read("a", "SUCCESS", 40, version: 8, content: "bytes", token: 5);

        AssertFound();
    }

    [Fact]
    public void Check_WhenAnAnswerThatIsBehindComesLate_MeasuresByTheNewestBeforeItWasAskedFor()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Read("a", "PROGRESS", 28, version: 4, reader: "r", askedAt: 11);
        Read("a", "PROGRESS", 13, version: 6, reader: "s", askedAt: 12);
        Read("a", "PROGRESS", 16, version: 5, reader: "t", askedAt: 14);
        Ended("a", token: 5);

        AssertFound(Rules.VersionWentBack);
    }

    [Fact]
    public void Check_WhenAJobRunsTwiceWithoutCause_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20, silo: "s1#1");
        Ran("a", token: 6, from: 30, to: 40, silo: "s2#1");
        _history.Faults.Add(new FaultWindow("kill", "s2#1", 25, long.MaxValue, ExplainsRepeats: true));
        Ended("a", token: 6);

        AssertFound(Rules.UnexplainedRepeat);
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(25, true)]
    [InlineData(35, false)]
    public void Check_WhenAJobRunsTwiceAroundAKill_LooksAtWhenItWas(long killedAt, bool explained)
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20, silo: "s1#1");
        Ran("a", token: 6, from: 30, to: 40, silo: "s2#1");
        _history.Faults.Add(new FaultWindow("kill", "s1#1", killedAt, long.MaxValue, ExplainsRepeats: true));
        Ended("a", token: 6);

        AssertFound(explained ? [] : [Rules.UnexplainedRepeat]);
    }

    [Fact]
    public void Check_WhenAJobRunsTwiceAroundAFaultThatMustDisturbNobody_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20, silo: "s1#1");
        Ran("a", token: 6, from: 30, to: 40, silo: "s2#1");
        _history.Faults.Add(new FaultWindow("pause", "s1#1", 12, 18, ExplainsRepeats: false));
        Ended("a", token: 6);

        AssertFound(Rules.UnexplainedRepeat);
    }

    [Fact]
    public void Check_WhenAHandlerThrewAndIsRetried_FindsNothing()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20, end: RunMarkKind.Threw);
        Ran("a", token: 6, from: 30, to: 40);
        Ended("a", token: 6);

        AssertFound();
    }

    [Fact]
    public void Check_WhenTheResultIsOfAnOlderAttempt_FindsItStale()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 50, silo: "s1#1");
        Ran("a", token: 6, from: 30, to: 60, silo: "s2#1");
        _history.Faults.Add(new FaultWindow("stop", "s1#1", 11, 45, ExplainsRepeats: true));
        Ended("a", token: 5);

        AssertFound(Rules.StaleAccepted);
    }

    [Fact]
    public void Check_WhenTheResultWasNeverReturned_FindsItMadeUp()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: null);
        Ended("a", token: 5);

        AssertFound(Rules.Disagreement);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_WhenALowerTokenStartsLater_AsksWhetherItsSiloWasStopped(bool stopped)
    {
        Accepted("a");
        Ran("a", token: 6, from: 30, to: 60, silo: "s2#1");
        Ran("a", token: 5, from: 40, to: 50, silo: "s1#1");
        if (stopped) _history.Faults.Add(new FaultWindow("stop", "s1#1", 20, 55, ExplainsRepeats: true));
        Ended("a", token: 6);

        AssertFound(stopped ? [] : [Rules.TokenWentBack, Rules.UnexplainedRepeat]);
    }

    [Fact]
    public void Check_WhenOneTokenStartsTwice_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ran("a", token: 5, from: 30, to: 40);
        Ended("a", token: 5);

        AssertFound(Rules.TokenTwice);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(9, false)]
    public void Check_WhenAJobStartsBeforeItsTime_FindsItEarly(long startedAt, bool inTime)
    {
        _history.Submits.Add(Submit("a") with { NotBefore = 10 });
        Ran("a", token: 5, from: startedAt, to: 20);
        Ended("a", token: 5);

        AssertFound(inTime ? [] : [Rules.Early]);
    }

    [Theory]
    [InlineData("FAILURE", "poison", true)]
    [InlineData("FAILURE", "error", false)]
    [InlineData("SUCCESS", null, false)]
    public void Check_WhenAJobEnds_HoldsItAgainstWhatWasExpected(string state, string? code, bool right)
    {
        _history.Submits.Add(Submit("a") with { Expected = ExpectedEnd.Failure("poison") });
        _history.FinallyRead.Add("a");
        _history.Store!.Add(new StoreRow("a", state, ["outcome"]));
        _history.Readings.Add(new Reading("final", "a", 49, 50, 9, state, code, "bytes", null));

        AssertFound(right ? [] : [Rules.WrongEnd]);
    }

    [Fact]
    public void Check_WhenTheStoreSaysOtherwiseThanHttp_FindsIt()
    {
        Accepted("a");
        Ran("a", token: 5, from: 10, to: 20);
        Ended("a", token: 5);
        _history.Store![0] = _history.Store[0] with { State = "FAILURE" };

        AssertFound(Rules.Disagreement);
    }

    [Fact]
    public void Recovery_CountsFromTheFaultToTheNextStartOfWhatWasRunningThere()
    {
        Ran("a", token: 5, from: 10_000_000, to: null, silo: "s1#1");
        Ran("a", token: 6, from: 30_000_000, to: 40_000_000, silo: "s2#1");
        Ran("b", token: 7, from: 10_000_000, to: 15_000_000, silo: "s1#1");
        Ran("c", token: 8, from: 10_000_000, to: 90_000_000, silo: "s2#1");
        _history.Faults.Add(new FaultWindow("kill", "s1#1", 20_000_000, long.MaxValue, ExplainsRepeats: true));

        Assert.Equal([10.0], Recovery.Times(_history, fault => fault.Kind == "kill"));
    }

    private static Submitted Submit(string id) => new(id, "sleep", FirstSentAt: 1, AcceptedAt: 2, NotBefore: 1, ExpectedEnd.Success);

    private void Accepted(string id) => _history.Submits.Add(Submit(id));

    private void Ran(string id, long token, long from, long? to, string silo = "s1#1", RunMarkKind end = RunMarkKind.Returned)
    {
        _history.Marks.Add(new RunMark(id, 1, token, RunMarkKind.Started, from, silo));
        if (to is { } at) _history.Marks.Add(new RunMark(id, 1, token, end, at, silo));
    }

    private void Ended(string id, long token)
    {
        _history.FinallyRead.Add(id);
        _history.Store!.Add(new StoreRow(id, "SUCCESS", ["outcome"]));
        Read(id, "SUCCESS", 30, version: 8, content: "bytes", token: token);
    }

    private void Read(string id, string state, long at, long version, string? content = null, long? token = null, string reader = "final", long? askedAt = null) =>
        _history.Readings.Add(new Reading(reader, id, askedAt ?? at, at, version, state, null, content, token));

    private void AssertFound(params string[] rules) =>
        Assert.Equal(rules.Order(), HistoryChecker.Check(_history).Select(violation => violation.Rule).Order());
}
