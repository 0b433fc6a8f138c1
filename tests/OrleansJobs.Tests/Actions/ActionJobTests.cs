using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Actions;

/// <summary>Actions on a grid of real silos.</summary>
public class ActionJobTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly Dictionary<string, string> Run = new() { ["run"] = "mine" };
    private static readonly JobQuery Mine = new() { Tags = [new("run", "mine")] };

    [Fact]
    public async Task Retry_RunsEachThatFailedOnce_AndNoOthers()
    {
        await using var grid = await StartAsync();
        var failed = await SubmitAsync(grid, "fail", 250);
        var others = await SubmitAsync(grid, "fail", 3, new() { Attempts = 1 });
        var fine = await SubmitAsync(grid, "echo", 20, new() { Tags = Run });
        await EndAsync([.. failed, .. others, .. fine]);

        var action = await grid.Jobs.ActAsync(new() { Action = JobAction.Retry, Filter = Mine with { Error = "again" }, Reason = "mended" });
        var result = await action.ResultAsync().WaitAsync(Patience);
        Assert.Equal((250, 0, 0), (result!.Done, result.Skipped, result.Failed));
        // They fail again, and are not retried for that.
        await EndAsync(failed);
        foreach (var job in failed)
        {
            var status = await job.GetStatusAsync();
            Assert.Equal((2, "retried", "mended", action.Id), (status.Attempts.Length, Assert.Single(status.Changes).What, status.Changes[0].Reason, status.Changes[0].Action));
        }

        foreach (var job in (JobHandle[])[.. others, .. fine]) Assert.Empty((await job.GetStatusAsync()).Changes);
        var done = await action.GetStatusAsync();
        Assert.Equal((done.Total, "250 done, 0 skipped, 0 failed"), (done.Current, done.Message));
    }

    [Fact]
    public async Task Cancel_Delete_AndDue_DoToEachWhatTheyDoToOne()
    {
        await using var grid = await StartAsync();
        var later = await SubmitAsync(grid, "echo", 30, new() { Tags = Run, Countdown = TimeSpan.FromHours(1) });
        var running = await grid.Jobs.SubmitAsync("gate", 0, new() { Tags = Run });
        await grid.Handlers.Started(running.Id);

        var counted = await ResultAsync(grid, new() { Action = JobAction.Due, Filter = Mine, IsDryRun = true });
        Assert.Equal(30, counted.Done);
        Assert.Equal(JobPhase.Scheduled, (await later[0].GetStatusAsync()).Phase);
        Assert.Equal(30, (await ResultAsync(grid, new() { Action = JobAction.Due, Filter = Mine })).Done);
        await EndAsync(later);
        Assert.Equal(1, (await ResultAsync(grid, new() { Action = JobAction.Cancel, Filter = Mine })).Done);
        Assert.Equal(JobState.Revoked, (await running.WaitAsync().WaitAsync(Patience)).State);
        // It ends what runs, and not itself.
        Assert.Equal(0, (await ResultAsync(grid, new() { Action = JobAction.Cancel, Filter = new() { State = JobState.Progress } })).Done);
        Assert.Equal(30, (await ResultAsync(grid, new() { Action = JobAction.Delete, Filter = Mine with { State = JobState.Success } })).Done);
        Assert.Equal(running.Id, Assert.Single((await grid.Jobs.ListAsync(Mine)).Jobs).Id);
    }

    [Fact]
    public async Task Ids_AreActedOn_WhateverBecameOfThem()
    {
        await using var grid = await StartAsync();
        var failed = await SubmitAsync(grid, "fail", 2);
        var fine = await SubmitAsync(grid, "echo", 1);
        await EndAsync([.. failed, .. fine]);
        var result = await ResultAsync(grid, new() { Action = JobAction.Retry, Ids = [failed[0].Id, fine[0].Id, "no-such-job", failed[1].Id, failed[0].Id] });
        Assert.Equal((2, 2, 0), (result.Done, result.Skipped, result.Failed));
    }

    [Fact]
    public async Task WhatComesLater_IsNotTouched()
    {
        await using var grid = await StartAsync();
        await SubmitAsync(grid, "echo", 5, new() { Tags = Run, Countdown = TimeSpan.FromHours(1) });
        Assert.Equal(5, (await ResultAsync(grid, new() { Action = JobAction.Cancel, Filter = Mine })).Done);
        var late = await SubmitAsync(grid, "echo", 1, new() { Tags = Run, Countdown = TimeSpan.FromHours(1) });
        Assert.Equal(JobState.Pending, (await late[0].GetStatusAsync()).State);
    }

    [Fact]
    public async Task WhatIsWrongWithAnOrder_IsSaidBeforeItBegins()
    {
        await using var grid = await StartAsync();
        foreach (var order in (JobActionOrder[])
        [
            new() { Action = JobAction.Retry }, new() { Action = JobAction.Retry, Filter = new() }, new() { Action = JobAction.Retry, Filter = Mine, Ids = ["a"] }, new() { Action = JobAction.Retry, Ids = [] },
            new() { Action = JobAction.Retry, Ids = ["a b"] }, new() { Action = JobAction.Retry, Filter = Mine with { Type = "a b" } }, new() { Action = JobAction.Retry, Filter = Mine with { Id = "a" } },
            new() { Action = JobAction.Retry, Filter = Mine, Reason = new('r', 257) }, new() { Action = JobAction.Retry, Ids = ["a"], IsDryRun = true },
            new() { Action = JobAction.Retry, Filter = new() { Error = "x", State = JobState.Success } },
        ])
            await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.ActAsync(order));
    }

    /// <summary>It dies where it hurts most: jobs of a page are retried, which is stored, and it has not heard of it.</summary>
    [Fact]
    public async Task TheSiloThatRunsIt_Dies_AndNoJobIsRetriedTwice()
    {
        const int Jobs = 1500, PagesBefore = 6;
        var inner = new MemoryPartitionStore(GridLayout.Layout);
        var (held, gate) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var (isWatching, pages) = (false, 0);
        await using var grid = await TestGrid.StartAsync(silos: 3, store: WatchedStore.Around(inner, async (call, arguments) =>
        {
            if (isWatching && call == nameof(IPartitionStore.ReadSetAsync)) Interlocked.Increment(ref pages);
            if (call != nameof(IPartitionStore.CommitAsync) || Volatile.Read(ref pages) < PagesBefore || gate.Task.IsCompleted) return null;
            var answer = await inner.CommitAsync((PartitionCommit)arguments[0]!);
            held.TrySetResult();
            await gate.Task;
            return answer;
        }));
        var failed = await SubmitAsync(grid, "fail", Jobs);
        await EndAsync(failed);
        isWatching = true;
        var action = await grid.Jobs.ActAsync(new() { Action = JobAction.Retry, Filter = Mine with { State = JobState.Failure } });
        await held.Task.WaitAsync(Patience);
        var silo = (await action.GetStatusAsync()).Silo;
        await grid.Cluster.KillSiloAsync(grid.Cluster.Silos.Single(each => each.SiloAddress.ToParsableString() == silo));
        gate.SetResult();

        var result = await action.ResultAsync().WaitAsync(Patience);
        // Checkpoints of these silos are gone with them: what had run again by then is not counted twice.
        Assert.InRange(result!.Done, 1, Jobs);
        Assert.Equal(0, result.Failed);
        Assert.InRange((await action.GetStatusAsync()).Attempts.Length, 2, int.MaxValue);
        await EndAsync(failed);
        var statuses = await Task.WhenAll(failed.Select(job => job.GetStatusAsync()));
        // An attempt that died with its silo runs again, and was asked for once all the same.
        Assert.Equal(Jobs, statuses.Count(status => status.Changes is [{ What: "retried" } change] && change.Action == action.Id));
    }

    private static Task<TestGrid> StartAsync() => TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));

    private static async Task<JobActionResult> ResultAsync(TestGrid grid, JobActionOrder order) => (await (await grid.Jobs.ActAsync(order)).ResultAsync().WaitAsync(Patience))!;

    private static async Task<JobHandle[]> SubmitAsync(TestGrid grid, string type, int jobs, SubmitOptions? options = null)
    {
        var receipts = await grid.Jobs.SubmitManyAsync(type, Enumerable.Repeat("again", jobs), options ?? new() { Attempts = 1, Tags = Run });
        return [.. receipts.Select(receipt => grid.Jobs.Get(receipt.Id))];
    }

    private static Task EndAsync(JobHandle[] jobs) => Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(Patience);
}
