using OrleansJobs.Flows;

namespace OrleansJobs.Tests.Flows;

/// <summary>What goes wrong elsewhere where jobs are joined, on a real grid: chords that hang, counters that are off, groups of nothing, parents that are too late.</summary>
public sealed class KnownTroubleTests(TroubleGrid grid) : IClassFixture<TroubleGrid>
{
    private readonly string _name = Guid.NewGuid().ToString("n");

    [Fact]
    public async Task AChord_JoinsOnce_AndItsBodyRunsOnce()
    {
        var flow = await ChordAsync(Named("a"), Named("b"), Named("c"));
        Assert.Equal(3 * (_name.Length + 2), await ResultAsync<int>(flow));
        Assert.Equal(1, grid.Runs[$"{_name} body"]);
    }

    [Fact]
    public async Task AChord_OfWhichAMemberFails_DoesNotHang_AndEndsTheOthers()
    {
        grid.Failing[$"{_name} b"] = true;
        var flow = await ChordAsync(new Member("endless", $"{_name} a"), Named("b"), new Member("endless", $"{_name} c"));
        var failed = await FailureAsync(flow);
        Assert.Equal((JobErrorCodes.Error, nameof(ChildFailedException)), (failed.Code, failed.Type));
        Assert.Contains($"{_name} b fails", failed.Message, StringComparison.Ordinal);
        Assert.False(grid.Runs.ContainsKey($"{_name} body"));
        foreach (var child in await grid.ChildrenAsync(flow.Id))
        {
            var ended = await grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(TroubleGrid.Patience);
            Assert.True(ended.State is JobState.Revoked || (ended.State is JobState.Failure && ended.Error!.Message.Contains($"{_name} b fails", StringComparison.Ordinal)), $"{ended.State} {ended.Error}");
        }
    }

    [Fact]
    public async Task AChord_OfWhichAMemberFailsAndIsIgnored_GoesOn()
    {
        grid.Failing[$"{_name} b"] = true;
        var flow = await grid.Jobs.SubmitAsync("chord", new Chord(_name, [Named("a"), Named("b")], ChildFailure.Ignore));
        Assert.Equal(_name.Length + 2, await ResultAsync<int>(flow));
    }

    [Fact]
    public async Task AChord_OfWhichAMemberIsRetried_CountsItOnce()
    {
        var flow = await ChordAsync(Named("a"), new Member("second-time", $"{_name} b", Attempts: 2), Named("c"));
        Assert.Equal((2 * (_name.Length + 2)) + 1, await ResultAsync<int>(flow));
        Assert.Equal((2, 1), (grid.Runs[$"{_name} b"], grid.Runs[$"{_name} body"]));
    }

    [Fact]
    public async Task AChord_ThatFailed_GoesOnWhereItIsRetried_WithWhatWasDone()
    {
        grid.Failing[$"{_name} b"] = true;
        var flow = await ChordAsync(Named("a"), Named("b"));
        await FailureAsync(flow);
        grid.Failing.Clear();
        Assert.True(await flow.RetryAsync());
        Assert.Equal(2 * (_name.Length + 2), await ResultAsync<int>(flow));
        Assert.Equal((1, 2, 1), (grid.Runs[$"{_name} a"], grid.Runs[$"{_name} b"], grid.Runs[$"{_name} body"]));
    }

    /// <summary>Its flow has gone on from the failure, and each of its runs goes the same way.</summary>
    [Fact]
    public async Task AMemberThatIsRetriedByHand_IsNothingThatItsFlowIsTold()
    {
        grid.Failing[$"{_name} b"] = true;
        var flow = await grid.Jobs.SubmitAsync("told", new Chord(_name, [Named("a"), Named("b")], ChildFailure.Ignore));
        JobStatus failed;
        while ((failed = (await grid.ChildrenAsync(flow.Id)).FirstOrDefault(child => child.State == JobState.Failure)!) is null) await Task.Yield();
        await grid.Jobs.Get((await grid.ChildrenAsync(flow.Id)).Single(child => child.Id != failed.Id).Id).WaitAsync().WaitAsync(TroubleGrid.Patience);
        while ((await flow.GetStatusAsync()).WaitingFor.FirstOrDefault()?.What != WaitReasons.Signal) await Task.Yield();
        grid.Failing.Clear();
        Assert.True(await grid.Jobs.Get(failed.Id).RetryAsync());
        Assert.Equal(JobState.Success, (await grid.Jobs.Get(failed.Id).WaitAsync().WaitAsync(TroubleGrid.Patience)).State);
        Assert.True(await flow.SignalAsync("go"));
        Assert.Equal($"{_name.Length + 2} 0", await ResultAsync<string>(flow));
    }

    [Fact]
    public async Task AChord_OfWhichAMemberIsCancelled_SaysSo()
    {
        var flow = await ChordAsync(Named("a"), new Member("endless", $"{_name} b"));
        await grid.Happened($"{_name} b");
        var member = Assert.Single(await grid.ChildrenAsync(flow.Id), child => child.Type == "endless");
        Assert.True(await grid.Jobs.Get(member.Id).CancelAsync());
        var failed = await FailureAsync(flow);
        Assert.Contains(JobState.Revoked.Name, failed.Message, StringComparison.Ordinal);
        Assert.False(grid.Runs.ContainsKey($"{_name} body"));
    }

    [Fact]
    public async Task AChord_OfWhichAMemberTakesTooLong_FailsWithIt()
    {
        var flow = await ChordAsync(Named("a"), new Member("endless", $"{_name} b", Timeout: TimeSpan.FromMilliseconds(200)));
        var failed = await FailureAsync(flow);
        Assert.Equal(nameof(ChildFailedException), failed.Type);
    }

    [Fact]
    public async Task AJobThatFollowsOneThatExpires_DoesNotWaitForEver()
    {
        // Behind a type that nobody runs just now, as behind a queue that is paused.
        await grid.Grid.Pause(_name, new("test"));
        var expiring = await grid.Jobs.SubmitAsync("named", $"{_name} a", new SubmitOptions { Queue = _name, ExpiresAfter = TimeSpan.FromMilliseconds(300) });
        var body = await grid.Jobs.SubmitAsync("named", $"{_name} body", new SubmitOptions { After = [new(expiring.Id)] });
        var regardless = await grid.Jobs.SubmitAsync("named", $"{_name} regardless", new SubmitOptions { After = [new(expiring.Id, DependencyOn.End)] });
        Assert.Equal(JobErrorCodes.DependencyFailed, (await body.WaitAsync().WaitAsync(TroubleGrid.Patience)).Error!.Code);
        Assert.Equal(JobState.Success, (await regardless.WaitAsync().WaitAsync(TroubleGrid.Patience)).State);
        Assert.Equal(JobErrorCodes.Expired, (await expiring.WaitAsync().WaitAsync(TroubleGrid.Patience)).Error!.Code);
    }

    [Fact]
    public async Task AnEmptyGroup_HasEndedWhenItBegins() => Assert.Equal("0 0 0 4", await ResultAsync<string>(await grid.Jobs.SubmitAsync("empty", _name)));

    [Fact]
    public async Task GroupsInAGroup_JoinEachAndTogether() =>
        Assert.Equal(1 + 3 + 6, await ResultAsync<int>(await grid.Jobs.SubmitAsync("groups-in-a-group", _name)));

    [Fact]
    public async Task AGroupOfFlowsWithGroups_JoinsThemAll()
    {
        var flow = await ChordAsync([.. Enumerable.Range(0, 3).Select(n => new Member("groups-in-a-group", $"{_name} {n}"))]);
        Assert.Equal(3 * (1 + 3 + 6), await ResultAsync<int>(flow));
    }

    [Fact]
    public async Task AChainThatEndsInAGroup_HasItsResults() =>
        Assert.Equal("0,1,2", string.Join(',', (await ResultAsync<int[]>(await grid.Jobs.SubmitAsync("ends-in-a-group", _name)))!));

    [Fact]
    public async Task AChainThatEndsInAGroup_WithAGroupInIt_AsData()
    {
        var graph = Flow.Chain(Flow.Job("named", "one"), Flow.Group(Flow.Job("named", "four"), Flow.Group(Flow.Job("named", "a"), Flow.Group()))).ToGraph();
        var flow = await grid.Jobs.SubmitFlowAsync<System.Text.Json.JsonElement>(graph);
        Assert.Equal("[4,[1,[]]]", (await flow.ResultAsync().WaitAsync(TroubleGrid.Patience)).GetRawText());
    }

    [Fact]
    public async Task AChildThatEndsBeforeItsParentHasParked_IsNotWaitedForInVain()
    {
        var flow = await grid.Jobs.SubmitAsync("late-park", _name);
        await grid.Happened(_name);
        var child = Assert.Single(await grid.ChildrenAsync(flow.Id));
        await grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(TroubleGrid.Patience);
        grid.Happen($"{_name} has ended");
        Assert.Equal(7, await ResultAsync<int>(flow));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5000)]
    public async Task ManyChildren_JoinOnce(int count) => Assert.Equal(count, await ResultAsync<int>(await grid.Jobs.SubmitAsync("wide", count)));

    [Fact]
    public async Task AParentThatIsCancelledWhileItStartsChildren_LeavesNoneThatRuns()
    {
        var flow = await grid.Jobs.SubmitAsync("interrupted", _name);
        await grid.Happened($"{_name} half");
        Assert.True(await flow.CancelAsync());
        grid.Happen($"{_name} go on");
        Assert.Equal(JobState.Revoked, (await flow.WaitAsync().WaitAsync(TroubleGrid.Patience)).State);
        var children = await grid.ChildrenAsync(flow.Id);
        Assert.NotEmpty(children);
        foreach (var child in children)
        {
            var ended = await grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(TroubleGrid.Patience);
            Assert.True(ended.State is JobState.Revoked or JobState.Success, $"{ended.State} {ended.Error}");
        }

        // None came behind them.
        Assert.Equal(children.Count, (await grid.ChildrenAsync(flow.Id)).Count);
    }

    [Fact]
    public async Task ADeployThatAddsRemovesAndReordersSteps_FindsWhatIsRemembered()
    {
        grid.Release = 1;
        var flow = await grid.Jobs.SubmitAsync("released", _name);
        await foreach (var status in flow.WatchAsync())
        {
            if (status.WaitingFor.Any(reason => reason.What == WaitReasons.Signal)) break;
            Assert.False(status.IsFinished, $"It has ended as {status.State}: {status.Error}");
        }

        grid.Release = 2;
        await flow.SignalAsync("go", true);
        Assert.Equal("new added2b1a1", await ResultAsync<string>(flow));
        Assert.Equal((1, 1, 1, 1), (grid.Runs[$"{_name} a"], grid.Runs[$"{_name} b"], grid.Runs[$"{_name} removed"], grid.Runs[$"{_name} added"]));
    }

    private Member Named(string member) => new("named", $"{_name} {member}");

    private Task<JobHandle> ChordAsync(params Member[] members) => grid.Jobs.SubmitAsync("chord", new Chord(_name, members));

    private static async Task<T?> ResultAsync<T>(JobHandle flow) => await flow.ResultAsync<T>().WaitAsync(TroubleGrid.Patience);

    private static async Task<JobError> FailureAsync(JobHandle flow)
    {
        var status = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal(JobState.Failure, status.State);
        return status.Error!;
    }
}
