using OrleansJobs.Actions;

namespace OrleansJobs.Tests.Actions;

/// <summary>What an action may do to a job, what answers mean, and how it walks.</summary>
public class ActionRulesTests
{
    private static readonly JobStatus Failed = new() { Id = "a", Type = "mail", Queue = "q", State = JobState.Failure };
    private static readonly JobChangeEntry ByOther = new("retried", "ann", DateTimeOffset.UnixEpoch, null) { Action = "other" };
    private static readonly JobChangeEntry Mine = new("retried", "ann", DateTimeOffset.UnixEpoch, null) { Action = "mine" };

    public static TheoryData<JobStatus, JobQuery?, string[], JobChangeOutcome?> Refusals => new()
    {
        { Failed, null, [], null },
        { Failed, new() { State = JobState.Failure }, [], null },
        { Failed, new() { State = JobState.Failure }, ["q"], null },
        { Failed, new() { State = JobState.Revoked }, [], JobChangeOutcome.WrongState },
        // What was done once is not done again, whether it fits or not.
        { Failed with { Changes = [Mine] }, new() { State = JobState.Failure }, [], JobChangeOutcome.Done },
        { Failed with { Changes = [Mine, ByOther] }, null, [], JobChangeOutcome.Done },
        { Failed with { Changes = [Mine], State = JobState.Pending }, new() { State = JobState.Failure }, [], JobChangeOutcome.Done },
        { Failed with { Changes = [ByOther] }, null, [], null },
        // Jobs of other queues do not exist, whatever was done to them.
        { Failed with { Changes = [Mine] }, null, ["p"], JobChangeOutcome.NotFound },
        { Failed with { Queue = "oj-flows" }, null, ["q"], JobChangeOutcome.NotFound },
        { Failed with { Queue = "oj-flows", Tags = [new("oj-queue-0", "q")] }, null, ["q", "p"], null },
        { Failed with { Queue = "oj-flows", Tags = [new("oj-queue-0", "q"), new("oj-queue-1", "z")] }, null, ["q", "p"], JobChangeOutcome.NotFound },
        // No action ends itself, or another.
        { Failed with { Type = "oj-act", State = JobState.Progress }, null, [], JobChangeOutcome.WrongState },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void AJob_IsTouchedOnceAndWhileItFits(JobStatus job, JobQuery? filter, string[] queues, JobChangeOutcome? refusal) =>
        Assert.Equal(refusal, ActionRules.Refusal(new ActionMark("mine", filter, queues), job));

    [Fact]
    public void ChildrenAreLeftToTheirFlows_WhereItIsSaid()
    {
        var part = new ActionMark("mine", new() { State = JobState.Failure }, []) { LeavesChildren = true };
        Assert.Equal(JobChangeOutcome.WrongState, ActionRules.Refusal(part, Failed with { Parent = "flow" }));
        Assert.Null(ActionRules.Refusal(part, Failed));
        Assert.Null(ActionRules.Refusal(part with { LeavesChildren = false }, Failed with { Parent = "flow" }));
    }

    [Fact]
    public void WhatAnEarlierActionOfTheSameIdHasDone_IsNotTakenForThisOnes()
    {
        var part = new ActionMark("mine", null, []) { Submitted = 2 };
        Assert.Null(ActionRules.Refusal(part, Failed with { Changes = [Mine with { ActionSubmitted = 1 }] }));
        Assert.Equal(JobChangeOutcome.Done, ActionRules.Refusal(part, Failed with { Changes = [Mine with { ActionSubmitted = 1 }, Mine with { ActionSubmitted = 2 }] }));
    }

    public static TheoryData<JobAction, JobChangeOutcome, JobState, JobPhase, string?, bool, int> Verdicts => new()
    {
        { JobAction.Retry, JobChangeOutcome.Done, JobState.Pending, JobPhase.Waiting, null, false, (int)ActionVerdict.Done },
        { JobAction.Retry, JobChangeOutcome.Unavailable, JobState.Failure, JobPhase.None, null, false, (int)ActionVerdict.Unknown },
        { JobAction.Retry, JobChangeOutcome.NotFound, JobState.Failure, JobPhase.None, null, true, (int)ActionVerdict.Skipped },
        { JobAction.Retry, JobChangeOutcome.WrongState, JobState.Success, JobPhase.None, null, false, (int)ActionVerdict.Skipped },
        { JobAction.Retry, JobChangeOutcome.WrongState, JobState.Failure, JobPhase.None, "rate", false, (int)ActionVerdict.Failed },
        { JobAction.Retry, JobChangeOutcome.WrongState, JobState.Success, JobPhase.None, "rate", false, (int)ActionVerdict.Skipped },
        { JobAction.Retry, JobChangeOutcome.WrongState, JobState.Failure, JobPhase.None, null, false, (int)ActionVerdict.Skipped },
        { JobAction.Cancel, JobChangeOutcome.WrongState, JobState.Success, JobPhase.None, null, false, (int)ActionVerdict.Skipped },
        { JobAction.Delete, JobChangeOutcome.NotFound, JobState.Success, JobPhase.None, null, false, (int)ActionVerdict.Skipped },
        // Whoever asks again cannot tell whether it was they who removed it.
        { JobAction.Delete, JobChangeOutcome.NotFound, JobState.Success, JobPhase.None, null, true, (int)ActionVerdict.Done },
        { JobAction.Delete, JobChangeOutcome.WrongState, JobState.Failure, JobPhase.None, "a child", false, (int)ActionVerdict.Failed },
        { JobAction.Delete, JobChangeOutcome.WrongState, JobState.Progress, JobPhase.Running, "a child", false, (int)ActionVerdict.Skipped },
        { JobAction.Due, JobChangeOutcome.WrongState, JobState.Progress, JobPhase.Running, "It runs already.", false, (int)ActionVerdict.Skipped },
        { JobAction.Due, JobChangeOutcome.WrongState, JobState.Pending, JobPhase.Scheduled, "It ends before.", false, (int)ActionVerdict.Failed },
    };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void AnAnswer_IsDoneSkippedOrFailed(JobAction action, JobChangeOutcome outcome, JobState state, JobPhase phase, string? reason, bool isRepeated, int expected)
    {
        var change = new JobChange(outcome, Failed with { State = state, Phase = phase }) { Reason = reason };
        Assert.Equal((ActionVerdict)expected, ActionRules.VerdictOf(action, change, isRepeated).Verdict);
    }

    [Theory]
    [InlineData(JobAction.Retry, JobState.Failure, JobPhase.None, true)]
    [InlineData(JobAction.Retry, JobState.Revoked, JobPhase.None, true)]
    [InlineData(JobAction.Retry, JobState.Success, JobPhase.None, false)]
    [InlineData(JobAction.Cancel, JobState.Pending, JobPhase.Scheduled, true)]
    [InlineData(JobAction.Cancel, JobState.Progress, JobPhase.Running, true)]
    [InlineData(JobAction.Cancel, JobState.Revoked, JobPhase.None, false)]
    [InlineData(JobAction.Delete, JobState.Success, JobPhase.None, true)]
    [InlineData(JobAction.Delete, JobState.Pending, JobPhase.Waiting, false)]
    [InlineData(JobAction.Due, JobState.Pending, JobPhase.Scheduled, true)]
    [InlineData(JobAction.Due, JobState.Progress, JobPhase.Retrying, true)]
    [InlineData(JobAction.Due, JobState.Pending, JobPhase.Waiting, false)]
    public void EachAction_IsForSomeStates(JobAction action, JobState state, JobPhase phase, bool fits) => Assert.Equal(fits, ActionRules.Fits(action, Failed with { State = state, Phase = phase }));

    [Fact]
    public void HowManyThereAre_IsToldByTheFigures_AsFarAsTheyTellJobsApart()
    {
        JobCount[] counts = [new(JobState.Failure, "q", "t", 7), new(JobState.Failure, "q", "u", 5), new(JobState.Success, "q", "t", 100), new(JobState.Revoked, "p", "t", 1)];
        Assert.Equal(12, ActionRules.Bound(new() { State = JobState.Failure }, counts));
        Assert.Equal(7, ActionRules.Bound(new() { Error = "x", Type = "t" }, counts));
        Assert.Equal(112, ActionRules.Bound(new() { Queue = "q", Args = "x" }, counts));
        Assert.Equal(0, ActionRules.Bound(new() { Queue = "z" }, counts));
    }

    [Fact]
    public void AWalk_MeetsEachPartitionOnce_AndCountsAPageWhenItIsOver()
    {
        var walk = new ActionWalk { Marks = [0, 50, 0, 90, 0], Bound = 300 }.Skip();
        Assert.Equal((1, 50L, false), (walk.Place, walk.BeforeNow, walk.IsOver(0)));
        walk = walk.Read(["a", "b"], lookedDownTo: 20, lookedAt: 100);
        // Stored like this: what is being acted on, and nothing of it counted.
        Assert.Equal((1, 20L, 0L, 100L, false), (walk.Place, walk.BeforeNow, walk.Done, walk.LookedAt, walk.IsOver(0)));
        walk = walk.Acted([new(ActionVerdict.Done, null), new(ActionVerdict.Failed, "no")]).Skip();
        Assert.Equal((1, 20L, 1L, 1L), (walk.Place, walk.BeforeNow, walk.Done, walk.Failed));
        walk = walk.Read([], lookedDownTo: null, lookedAt: 3).Skip();
        Assert.Equal((3, 90L), (walk.Place, walk.BeforeNow));
        walk = walk.Read(["c"], lookedDownTo: null, lookedAt: 1).Skip();
        Assert.False(walk.IsOver(0));
        walk = walk.Acted([new(ActionVerdict.Skipped, null)]).Skip();
        Assert.True(walk.IsOver(0));
        Assert.Equal((1, 1, 1, new JobActionFailure("b", "no")), (walk.Result().Done, walk.Result().Skipped, walk.Result().Failed, Assert.Single(walk.Result().Failures)));
        Assert.True(new ActionWalk { Marks = [0, 0] }.Skip().IsOver(0));
    }

    [Fact]
    public void AWalkOverIds_TakesThemInTheirOrder()
    {
        string[] ids = ["a", "b", "c"];
        var walk = new ActionWalk().Skip().Take(ids, 2);
        Assert.Equal(["a", "b"], walk.Page);
        walk = walk.Counted();
        Assert.False(walk.IsOver(3));
        walk = walk.Take(ids, 2).Counted();
        Assert.Equal((true, 3L), (walk.IsOver(3), walk.Done));
        Assert.Equal((0, 7, 9), (walk.MarkOf(1), new ActionWalk { IdMarks = [0, 7] }.MarkOf(1), new ActionWalk { Marks = [0, 9] }.MarkOf(1)));
    }

    [Fact]
    public void OfRefusals_TheFirstAreTold()
    {
        var walk = new ActionWalk { Page = [.. Enumerable.Range(0, 30).Select(i => $"{i}")] };
        walk = walk.Acted([.. Enumerable.Repeat(new ActedJob(ActionVerdict.Failed, "no"), 30)]);
        Assert.Equal((30, ActionWalk.MostFailures, "19"), (walk.Failed, walk.Failures.Length, walk.Failures[^1].Id));
    }

    [Fact]
    public void AWalk_IsStoredAsItIs()
    {
        var walk = new ActionWalk { Marks = [1, 2], IdMarks = [3], Place = 1, Before = 7, Page = ["a"], Bound = 9, LookedAt = 3, Done = 2, Skipped = 1, Failed = 1, Failures = [new("x", "y")] };
        var again = System.Text.Json.JsonSerializer.Deserialize<ActionWalk>(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(walk, JobJson.Options), JobJson.Options)!;
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(walk, JobJson.Options), System.Text.Json.JsonSerializer.Serialize(again, JobJson.Options));
        Assert.Equal((7L, 2L, "a"), (again.BeforeNow, again.Done, again.Page[0]));
    }

    [Fact]
    public void AFilter_ReadsAsItWasWritten()
    {
        var noon = new DateTimeOffset(2030, 1, 31, 12, 0, 0, 123, TimeSpan.Zero);
        var query = new JobQuery
        {
            State = JobState.Failure, Phase = JobPhase.Retrying, Type = "t", Queue = "q", Key = "tenant/7", Parent = "p", After = "a", Schedule = "s", ScheduledAt = noon, Error = "e", Args = "x",
            SubmittedAfter = noon, SubmittedBefore = noon, StartedAfter = noon, StartedBefore = noon, FinishedAfter = noon, FinishedBefore = noon, Tags = [new("a", "b c")],
        };
        var written = JobFilter.Write(query);
        Assert.Equal(JobFilter.Names.Append("tag.a").Order(), written.Keys.Order());
        var again = ActionArgs.Of(new() { Action = JobAction.Retry, Filter = query }, "me", null).Query()!;
        Assert.Equal(query with { Tags = [] }, again with { Tags = [] });
        Assert.Equal(query.Tags, again.Tags);
    }
}
