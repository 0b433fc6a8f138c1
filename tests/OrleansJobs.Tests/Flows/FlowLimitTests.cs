using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>The bounds of flows, where they are looked at: in the books of their partition.</summary>
public class FlowLimitTests
{
    [Fact]
    public void Names_OneTooMany_FailsTheFlow_AndNothingOfTheChangeIsStored()
    {
        var flow = new FlowDriver(limits => limits.MaxNames = 3);
        Assert.Null(flow.Change(FlowDriver.Steps(("a", 1), ("b", 1))));
        Refused(JobErrorCodes.FlowTooLong, "at most 3 names", flow.Change(FlowDriver.Steps(("c", 1), ("d", 1))));
        Refused(JobErrorCodes.FlowTooLong, "at most 3 names", flow.Change(new() { Children = [FlowDriver.Child("c"), FlowDriver.Child("d")] }));
        Assert.Equal((2, 2, 0), (flow.Flow.Names, (int)flow.Flow.Last, flow.Flow.Children));
        Assert.Null(flow.Change(new() { Children = [FlowDriver.Child("c")] }));
        Assert.Equal(3, flow.Flow.Names);
    }

    [Fact]
    public void Groups_AreNamesToo()
    {
        var flow = new FlowDriver(limits => limits.MaxNames = 2);
        Assert.Null(flow.Change(new() { Totals = [new("a", 1)], Children = [FlowDriver.Child("a") with { Index = 0 }] }));
        Assert.Null(flow.Change(new() { Totals = [new("b", 0)] }));
        Assert.Equal(2, flow.Flow.Names);
        Refused(JobErrorCodes.FlowTooLong, "at most 2 names", flow.Change(new() { Totals = [new("c", 0)] }));
        // More of a group that there is.
        Assert.Null(flow.Change(new() { Totals = [new("a", 2)] }));
    }

    [Fact]
    public void Bytes_OneTooMany_FailsTheFlow()
    {
        var flow = new FlowDriver(limits => limits.MaxBytes = 1024);
        Assert.Null(flow.Change(FlowDriver.Steps(("a", 1000))));
        Refused(JobErrorCodes.FlowTooLong, "at most 1024 bytes", flow.Change(FlowDriver.Steps(("b", 25))));
        Assert.Null(flow.Change(FlowDriver.Steps(("b", 24))));
    }

    [Fact]
    public void Children_OneTooMany_FailsTheFlow_AlsoAfterItStartedAnew()
    {
        var flow = new FlowDriver(limits => limits.MaxChildren = 2);
        Assert.Null(flow.Change(new() { Children = [FlowDriver.Child("a")] }));
        flow.Core.Flows.StartAnew(flow.Job, [], new FlowPark { Seen = flow.Flow.Last }, flow.Driver.Now);
        flow.Driver.Commit();
        Assert.Equal((2, 0), (flow.Flow.Run, flow.Flow.Names));
        Refused(JobErrorCodes.TooManyChildren, "at most 2 children", flow.Change(new() { Children = [FlowDriver.Child("b"), FlowDriver.Child("c")] }));
        Assert.Null(flow.Change(new() { Children = [FlowDriver.Child("b")] }));
    }

    [Theory]
    [InlineData(1, true), InlineData(2, false)]
    public void Depth_OneTooDeep_FailsTheFlow(int depth, bool fits)
    {
        var parent = new JobParent("above", 1, 1, "flow", -1, 1, depth);
        var flow = new FlowDriver(limits => limits.MaxDepth = 2, submission => submission with { Parent = parent });
        var refusal = flow.Change(new() { Children = [FlowDriver.Child("child")] });
        if (!fits) Refused(JobErrorCodes.TooDeep, "at most 2 deep", refusal);
        else Assert.Equal(2, flow.Driver.Bring(FlowDriver.ChildId("child")).Spec!.Parent!.Depth);
        // What starts no children stands as deep as it likes.
        Assert.Null(flow.Change(FlowDriver.Steps(("a", 1))));
    }

    [Fact]
    public void ABoundThatIsPassed_WithAPark_FailsTheFlow()
    {
        var flow = new FlowDriver(limits => limits.MaxChildren = 1);
        Assert.True(flow.Park(new FlowPark { Children = ["a"], Change = new() { Children = [FlowDriver.Child("a"), FlowDriver.Child("b")] } }));
        Assert.Equal((JobState.Failure, JobErrorCodes.TooManyChildren), (flow.Job.Outcome!.State, flow.Job.Outcome.Error!.Code));
        Assert.Null(flow.Driver.Stored(FlowDriver.ChildId("a")));
    }

    [Fact]
    public void Signals_OneTooMany_IsRefused_UntilAnAttemptHasReadThem_AlsoWhereThePartitionMovesThen()
    {
        var flow = new FlowDriver(limits => limits.MaxSignals = 2);
        Assert.Equal([SignalOutcome.Accepted, SignalOutcome.Accepted, SignalOutcome.Full], [flow.Signal("go", key: "1"), flow.Signal("go", key: "2"), flow.Signal("go", key: "3")]);
        Assert.Equal(SignalOutcome.Replayed, flow.Signal("go", key: "1"));
        Assert.StartsWith("2 signals of job", flow.Core.Flows.WhyFull(flow.Job, flow.Flow), StringComparison.Ordinal);

        flow.Core.Flows.Read(flow.Flow);
        flow.Driver.Commit();
        flow.Driver.Reopen();
        Assert.Equal((0, SignalOutcome.Accepted), (flow.Flow.Unread, flow.Signal("go", key: "3")));
    }

    [Fact]
    public void Signals_WhereWhatIsRememberedIsTooMuch_AreRefused_AndThatIsWhatIsSaid()
    {
        var flow = new FlowDriver(limits => limits.MaxBytes = 1024);
        Assert.Equal(SignalOutcome.Accepted, flow.Signal("go", 1000));
        flow.Core.Flows.Read(flow.Flow);
        Assert.Equal(SignalOutcome.Full, flow.Signal("go", 25));
        Assert.Contains("remembers 1000 bytes", flow.Core.Flows.WhyFull(flow.Job, flow.Flow), StringComparison.Ordinal);
    }

    /// <summary>Bounded is what begins something; what tells of an end, or of a word from outside, passes.</summary>
    [Fact]
    public void Letters_AreBoundedWhereTheyAreBegun_AndEndsCancelsAndSignalsPass()
    {
        var options = new JobGridOptions { Partitions = 2, MaxLetters = 1 };
        var flow = new FlowDriver(options: options, with: submission => submission with { Parent = new JobParent(JobIds.EndedIn("above-", 1, 2), 1, 1, "flow", -1, 1, 1) });
        Assert.Null(flow.Change(new() { Children = [FlowDriver.Child("away", partition: 1)] }));
        var letters = flow.Core.Letters;
        Assert.Equal((true, 1), (letters.IsFull, (int)letters.Waiting));
        Assert.True(flow.Core.Flows.IsBusy(new() { Children = [FlowDriver.Child("other", partition: 1)] }));

        Assert.Null(flow.Change(new() { Cancels = ["away"] }));
        Assert.Equal(2, letters.Waiting);
        Assert.Equal(SignalOutcome.Accepted, flow.Signal("go"));
        Assert.True(flow.End(ReportKind.Succeeded));
        Assert.Equal(3, letters.Waiting);
        Assert.Equal(LetterKind.ChildEnded, letters.Channels.Single().Next()[^1].Letter.Kind);
    }

    private static void Refused(string code, string says, JobError? refusal)
    {
        Assert.Equal(code, refusal?.Code);
        Assert.Contains(says, refusal!.Message, StringComparison.Ordinal);
    }
}
