using System.Text;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Outside;

/// <summary>Jobs of workers outside that start others, and wait without a worker.</summary>
public sealed class ChildTests
{
    private static WorkChild Child(string name, string args = "1", string type = "outside") =>
        new(name, new JobSubmission { Id = "", Type = type, Queue = "default", Args = Encoding.UTF8.GetBytes(args) });

    private static WorkReport Waiting(WorkLease lease, WorkWait wait) => new() { Lease = lease.Name, Outcome = WorkOutcome.Waiting, Wait = wait };

    private static string Text(byte[]? json) => json is null ? "" : Encoding.UTF8.GetString(json);

    [Fact]
    public async Task AJob_WaitsForItsChildrenWithoutAWorker_AndFindsWhatTheyCameTo()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var parent = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        var started = await worker.Grain.StartChildren(lease.Name, [Child("a", "\"first\""), Child("b", "\"second\"")]);
        Assert.Equal((WorkMemoryOutcome.Done, 2), (started.Outcome, started.Ids.Length));
        // Sent again because its answer was lost.
        Assert.Equal(started.Ids, (await worker.Grain.StartChildren(lease.Name, [Child("a", "\"first\""), Child("b", "\"second\"")])).Ids);
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Seen = (await worker.Grain.Recall(lease.Name, 0)).Seen, Children = ["a"] })));
        var status = await parent.GetStatusAsync();
        Assert.Equal((JobState.Progress, "children"), (status.State, status.WaitingFor[0].What));

        var children = new[] { await worker.TakeAsync(), await worker.TakeAsync() };
        Assert.Equal(started.Ids.Order(), children.Select(child => child.Name.Id).Order());
        Assert.True(await worker.SucceedAsync(children.Single(child => child.Name.Id == started.Ids[0]), "10"));
        var again = await worker.TakeAsync();
        Assert.Equal((parent.Id, 1, true), (again.Name.Id, again.Attempt, again.HasMemory));
        var known = await worker.Grain.Recall(again.Name, 0);
        Assert.Equal(("a", "10", JobState.Success), (known.Children.Single().Name, Text(known.Children[0].Result), known.Children[0].State));
        Assert.Equal(["b"], known.Started);

        // The other ends before it waits: it runs again at once, whatever it says it has seen of it.
        await worker.FailAsync(children.Single(child => child.Name.Id == started.Ids[1]), final: true);
        Assert.True(await worker.ReportAsync(Waiting(again, new WorkWait { Seen = known.Seen, Children = ["b"] })));
        var last = await worker.TakeAsync();
        known = await worker.Grain.Recall(last.Name, 0);
        Assert.Equal(["a", "b"], known.Children.Select(child => child.Name));
        Assert.Equal(JobState.Failure, known.Children[1].State);
        Assert.NotNull(known.Children[1].Error);
        Assert.Empty(known.Started);
        Assert.True(await worker.SucceedAsync(last, "11"));
        Assert.Equal("11", Text((await parent.WaitAsync()).Result));
    }

    [Fact]
    public async Task WhatIsNotWaitedFor_DoesNotRunTheJobAgain_AndWhatWasStartedIsNotStartedAnew()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var parent = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 2 });
        await worker.FailAsync(await worker.TakeAsync(), delay: TimeSpan.Zero);
        var lease = await worker.TakeAsync();
        var ids = (await worker.Grain.StartChildren(lease.Name, [Child("a"), Child("b")])).Ids;
        var children = new[] { await worker.TakeAsync(), await worker.TakeAsync() };
        await worker.SucceedAsync(children.Single(child => child.Name.Id == ids[1]));
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Children = ["a"] })));
        Assert.Equal("children", (await parent.GetStatusAsync()).WaitingFor[0].What);
        await worker.SucceedAsync(children.Single(child => child.Name.Id == ids[0]));
        var again = await worker.TakeAsync();
        Assert.Equal(parent.Id, again.Name.Id);
        // An attempt that only starts what was started has overcome nothing: two failures are as many as it may have.
        Assert.Equal(ids, (await worker.Grain.StartChildren(again.Name, [Child("a"), Child("b")])).Ids);
        await worker.FailAsync(again, delay: TimeSpan.Zero);
        var last = await worker.TakeAsync();
        Assert.Equal(ids, (await worker.Grain.StartChildren(last.Name, [Child("a"), Child("b")])).Ids);
        await worker.FailAsync(last, delay: TimeSpan.Zero);
        Assert.Equal(JobState.Failure, (await parent.WaitAsync()).State);
    }

    [Fact]
    public async Task AChildThatWasNeverStarted_FailsTheJobThatWaitsForIt()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Children = ["nobody"] })));
        var end = await job.WaitAsync();
        Assert.Equal(JobState.Failure, end.State);
        Assert.Contains("'nobody'", end.Error!.Message);
    }

    [Fact]
    public async Task AJob_WaitsForASignal_OrUntilItsTime()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Signals = ["approve"], Until = DateTimeOffset.MaxValue.AddYears(-1) })));
        Assert.Equal("signal", (await job.GetStatusAsync()).WaitingFor[0].What);
        await job.SignalAsync("approve", new { by = "kim" });
        var again = await worker.TakeAsync();
        var known = await worker.Grain.Recall(again.Name, 0);
        Assert.Equal(("approve", """{"by":"kim"}"""), (known.Signals.Single().Name, Text(known.Signals[0].Body)));
        Assert.True(await worker.ReportAsync(Waiting(again, new WorkWait { Seen = known.Seen, Until = TimeProvider.System.GetUtcNow().AddMilliseconds(50) })));
        Assert.True(await worker.SucceedAsync(await worker.TakeAsync()));
        Assert.Equal((JobState.Success, 1), ((await job.WaitAsync()).State, (await job.GetStatusAsync()).Attempt));
    }

    [Fact]
    public async Task ACancel_EndsAJobThatWaits_AndItsChildren()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var parent = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        var started = await worker.Grain.StartChildren(lease.Name, [Child("a", type: "nobody-runs-it")]);
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Children = ["a"] })));
        await parent.CancelAsync();
        Assert.Equal(JobState.Revoked, (await parent.WaitAsync()).State);
        Assert.Equal(JobState.Revoked, (await grid.Jobs.Get(started.Ids[0]).WaitAsync().WaitAsync(TestWorker.Patience)).State);
    }

    [Fact]
    public async Task Children_AreBounded_AndNobodysLeaseStartsNone()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.Flows.MaxNames = 3);
        var worker = new TestWorker(grid);
        await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        var full = await worker.Grain.StartChildren(lease.Name, [.. Enumerable.Range(0, 4).Select(n => Child($"c{n}", type: "nobody-runs-it"))]);
        Assert.Equal(WorkMemoryOutcome.Full, full.Outcome);
        Assert.Contains("3 names", full.Reason);
        Assert.Empty((await worker.Grain.Recall(lease.Name, 0)).Started);
        Assert.True(await worker.SucceedAsync(lease));
        Assert.Equal(WorkMemoryOutcome.Stale, (await worker.Grain.StartChildren(lease.Name, [Child("late")])).Outcome);
    }

    /// <summary>One whose result is too large to be remembered has it read from where it lives.</summary>
    [Fact]
    public async Task ALargeResultOfAChild_IsThere()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        await worker.Grain.StartChildren(lease.Name, [Child("a")]);
        Assert.True(await worker.ReportAsync(Waiting(lease, new WorkWait { Children = ["a"] })));
        var large = $"\"{new string('x', 300_000)}\"";
        Assert.True(await worker.SucceedAsync(await worker.TakeAsync(), large));
        var again = await worker.TakeAsync();
        Assert.Equal(large, Text((await worker.Grain.Recall(again.Name, 0)).Children.Single().Result));
        Assert.True(await worker.SucceedAsync(again));
    }
}
