using OrleansJobs.Errands;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>What a flow and its children owe each other, in the books of their partition.</summary>
public class FlowChildrenTests
{
    private static readonly ChangeOrder ByHand = new("test");

    [Fact]
    public void Progress_OfAFlowThatIsRetried_GoesBackByWhatRunsAgain()
    {
        var flow = new FlowDriver();
        Parked(flow, FlowDriver.Child("good", weight: 2), FlowDriver.Child("bad", weight: 5));
        flow.EndChild("good");
        flow.Lease();
        flow.Park(new FlowPark { Children = ["bad"] });
        flow.EndChild("bad", ReportKind.Failed);
        Assert.Equal((7, 7), ProgressOf(flow));
        Retried(flow);
        flow.TellChildren(ErrandKind.RetryChildren, flow.Flow.Run, "good", "bad");
        flow.Lease();
        flow.Park(new FlowPark { Children = ["bad"] });
        Assert.Equal((2, 7), (flow.Flow.WeightDone, flow.Flow.Weight));
        flow.EndChild("bad");
        Assert.Equal((7, 7), ProgressOf(flow));
    }

    [Fact]
    public void Progress_OfAChain_HasWhatHasBeenStarted_FromThenOn()
    {
        var flow = new FlowDriver();
        Parked(flow, FlowDriver.Child("a"));
        Assert.Equal((0, 1), ProgressOf(flow));
        flow.EndChild("a");
        Assert.Equal((1, 1), ProgressOf(flow));
        flow.Lease();
        Parked(flow, FlowDriver.Child("b", weight: 3));
        Assert.Equal((1, 4), ProgressOf(flow));
    }

    [Fact]
    public void Progress_WhoseWholeIsKnown_CountsWhatIsToCome()
    {
        var flow = new FlowDriver();
        Assert.True(flow.Park(new FlowPark { Children = ["a"], Change = new() { Children = [FlowDriver.Child("a")], Weight = 4 } }));
        Assert.Equal((0, 4), ProgressOf(flow));
        flow.EndChild("a");
        Assert.Equal((1, 4), ProgressOf(flow));
        flow.Lease();
        // An array of three where one job was counted.
        Assert.True(flow.Park(new FlowPark { Children = ["b"], Change = new() { Children = [FlowDriver.Child("b")], Weight = 6 } }));
        Assert.Equal((1, 6), ProgressOf(flow));
    }

    [Fact]
    public void Progress_ThatAFlowSaysItself_IsNotOverwritten()
    {
        var flow = new FlowDriver();
        Parked(flow, FlowDriver.Child("a"), FlowDriver.Child("b"));
        flow.Core.Jobs.Note(flow.Job, flow.Job.Track with { Progress = new(7, 10, 50, "half of the first part") });
        flow.EndChild("a");
        Assert.Equal((10, 50), ProgressOf(flow));
    }

    /// <summary>Its end may come when the flow has failed already, or runs again: it is not waited for either way.</summary>
    [Theory]
    [InlineData(false), InlineData(true)]
    public void AChildThatIsNotWaitedForAnyMore_AndEndsLater_IsNotRetriedEither(bool isRetriedFirst)
    {
        var flow = new FlowDriver();
        Parked(flow, FlowDriver.Child("north"), FlowDriver.Child("south"));
        var south = flow.Take(FlowDriver.ChildId("south"));
        flow.EndChild("north");
        flow.Lease();
        flow.Change(new() { Cancels = ["south"] });
        Assert.True(flow.Driver.Bring(FlowDriver.ChildId("south")).Track is { CancelRequested: true, IsDismissed: true });
        flow.End(ReportKind.Failed, new(JobErrorCodes.Error, null, "It fails."));
        if (isRetriedFirst) Retry();
        Assert.True(flow.Driver.Report(south, ReportKind.Cancelled));
        if (!isRetriedFirst) Retry();

        Assert.Equal((JobPlace.Finished, JobState.Revoked), (flow.Driver.Bring(FlowDriver.ChildId("south")).Place, flow.Driver.Bring(FlowDriver.ChildId("south")).Outcome!.State));
        Assert.Empty(flow.Flow.Open);

        void Retry()
        {
            Retried(flow);
            flow.TellChildren(ErrandKind.RetryChildren, flow.Flow.Run, "north", "south");
        }
    }

    [Fact]
    public void Dismissed_IsStored()
    {
        var flow = new FlowDriver();
        Parked(flow, FlowDriver.Child("north"), FlowDriver.Child("south"));
        flow.EndChild("north");
        flow.Lease();
        flow.Change(new() { Cancels = ["south"] });
        flow.Driver.Reopen();
        Assert.Equal(["south"], flow.Flow.Dismissed);
        Assert.True(flow.Driver.Bring(FlowDriver.ChildId("south")).Track.IsDismissed);
    }

    [Fact]
    public void AChild_IsKeptAsLongAsItsFlow_WhateverItsOwnRetention()
    {
        var flow = new FlowDriver(with: submission => submission with { Retention = 3_600_000 });
        Parked(flow, FlowDriver.Child("child", with: submission => submission with { Retention = 1000 }));
        flow.EndChild("child");
        flow.Lease();
        flow.End(ReportKind.Succeeded);
        var keptUntil = flow.Job.Outcome!.RetainUntil;
        Assert.Equal(flow.Driver.Now + 3_600_000, keptUntil);
        Assert.True(flow.Driver.Bring(FlowDriver.ChildId("child")).Outcome!.RetainUntil > keptUntil);
        Assert.False(flow.Driver.Stored(FlowDriver.ChildId("child")) is null);

        // It goes when the flow says so.
        flow.TellChildren(ErrandKind.DeleteChildren, ChildrenOrder.AllRuns, "child");
        Assert.Null(flow.Driver.Stored(FlowDriver.ChildId("child")));
    }

    [Fact]
    public void Memory_WhereAnEndIsToldTwice_HasItInItsFirstPlace()
    {
        var memory = new FlowMemory();
        FlowEvent first = new() { Sequence = 5, Kind = FlowEventKind.Child, Name = "a", State = JobState.Success, Value = "1"u8.ToArray() }, signal = new() { Sequence = 7, Kind = FlowEventKind.Signal, Name = "go" };
        memory.Take([new FlowPage { Events = [first, signal], Seen = 7 }], default);
        memory.Take([new FlowPage { Events = [first with { Sequence = 9 }], Seen = 9 }], default);
        Assert.Equal(5, memory.Child("a")!.Sequence);
    }

    private static void Parked(FlowDriver flow, params ChildOrder[] children) =>
        Assert.True(flow.Park(new FlowPark { Children = [.. children.Select(child => child.Name)], Change = new() { Children = children } }));

    /// <summary>The flow fails, and somebody has it run again.</summary>
    private static void Retried(FlowDriver flow)
    {
        if (flow.Job.Place != JobPlace.Finished)
        {
            flow.Lease();
            flow.End(ReportKind.Failed, new(JobErrorCodes.Error, null, "It fails."));
        }

        _ = flow.Flow;
        Assert.True(flow.Core.Orders.Retry(flow.Job, ByHand, flow.Driver.Now));
        flow.Driver.Commit();
    }

    private static (long Current, long Total) ProgressOf(FlowDriver flow) => (flow.Job.Track.Progress.Current, flow.Job.Track.Progress.Total);
}
