using OrleansJobs.Actions;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Actions;

/// <summary>Ids come again: those of jobs while an action is under way, and that of the action itself.</summary>
public class ActionAgainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset Noon = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, string> Run = new() { ["run"] = "mine" };

    [Theory]
    [InlineData(JobAction.Delete, true)]
    [InlineData(JobAction.Delete, false)]
    [InlineData(JobAction.Retry, true)]
    [InlineData(JobAction.Retry, false)]
    public async Task AJobThatCameAfterItBegan_IsNotTouched_AlsoUnderAnIdThatWasThereBefore(JobAction action, bool byIds)
    {
        await using var grid = await StartAsync();
        await SubmitAsync("order-7");
        await SubmitAsync("order-8");
        var filter = new JobQuery { State = JobState.Failure, Tags = [new("run", "mine")] };
        var args = ActionArgs.Of(byIds ? new() { Action = action, Ids = ["order-7", "order-8"] } : new() { Action = action, Filter = filter }, "me", null);
        var isSubmittedAgain = false;
        // What the page is has been stored, and it has not been acted on.
        var job = new ActionContext("oj-action", Noon)
        {
            OnCheckpoint = async walk =>
            {
                if (isSubmittedAgain || !walk.Page.Contains("order-7")) return;
                isSubmittedAgain = true;
                Assert.True(await grid.Jobs.Get("order-7").DeleteAsync());
                await SubmitAsync("order-7");
            },
        };

        var result = await RunAsync(grid, args, job);

        Assert.True(isSubmittedAgain);
        Assert.Equal((1, 1, 0), (result.Done, result.Skipped, result.Failed));
        var later = await grid.Jobs.Get("order-7").GetStatusAsync();
        Assert.Equal((JobState.Failure, 1), (later.State, later.Attempts.Length));
        Assert.Empty(later.Changes);

        async Task SubmitAsync(string id) => await (await grid.Jobs.SubmitAsync("fail", "again", new() { Id = id, Attempts = 1, Tags = Run })).WaitAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task TheArguments_AreAskedForInTheTurnThatChangesTheJob()
    {
        await using var grid = await StartAsync();
        var job = await grid.Jobs.SubmitAsync("echo", "hay", new() { Tags = Run });
        await job.WaitAsync().WaitAsync(Patience);
        // As a silo that knew no such filter would have given the page.
        var order = new ChangeOrder("me") { Part = new("oj-action", new() { Args = "needle" }, []) };
        var partition = grid.Cluster.Client.GetGrain<IPartitionActions>(JobIds.PartitionOf(job.Id, TestGrid.Partitions));
        Assert.Equal(ActionVerdict.Skipped, Assert.Single(await partition.Act(new(JobAction.Delete, order, [job.Id], IsRepeated: false))).Verdict);
        Assert.Equal(JobState.Success, (await job.GetStatusAsync()).State);
        order = order with { Part = new("oj-action", new() { Args = "HAY" }, []) };
        Assert.Equal(ActionVerdict.Done, Assert.Single(await partition.Act(new(JobAction.Delete, order, [job.Id], IsRepeated: false))).Verdict);
    }

    [Fact]
    public async Task AnotherActionOfTheSameId_DoesWhatItIsToDo_AndTheSameOneNothingTwice()
    {
        await using var grid = await StartAsync();
        var job = await grid.Jobs.SubmitAsync("fail", "again", new() { Attempts = 1 });
        await job.WaitAsync().WaitAsync(Patience);
        var args = ActionArgs.Of(new() { Action = JobAction.Retry, Ids = [job.Id] }, "me", null);
        foreach (var (submitted, attempts) in ((DateTimeOffset, int)[])[(Noon, 2), (Noon, 2), (Noon.AddDays(1), 3), (Noon.AddDays(1), 3)])
        {
            Assert.Equal(1, (await RunAsync(grid, args, new("oj-nightly", submitted))).Done);
            await job.WaitAsync().WaitAsync(Patience);
            Assert.Equal(attempts, (await job.GetStatusAsync()).Attempts.Length);
        }
    }

    private static Task<TestGrid> StartAsync() => TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));

    private static Task<JobActionResult> RunAsync(TestGrid grid, ActionArgs args, ActionContext job) =>
        new ActionRun(args, job, grid.Cluster.Client, TestGrid.Partitions, TimeProvider.System, CancellationToken.None).RunAsync().WaitAsync(Patience);

    /// <summary>The attempt of an action, whose checkpoints a test sees before they are acted on.</summary>
    private sealed class ActionContext(string id, DateTimeOffset submittedAt) : JobContext
    {
        public Func<ActionWalk, Task> OnCheckpoint { get; init; } = _ => Task.CompletedTask;

        public override string Id => id;
        public override string Type => ActionArgs.JobType;
        public override string Queue => ActionArgs.RunQueue;
        public override int Attempt => 1;
        public override long Token => 1;
        public override DateTimeOffset SubmittedAt => submittedAt;
        public override DateTimeOffset DueAt => submittedAt;
        public override IReadOnlyList<JobTag> Tags => [];

        public override void Report(long current, long total, string? message = null)
        {
        }

        public override void Report<T>(long current, long total, string? message, T data)
        {
        }

        public override Task SaveCheckpointAsync<T>(T value, CancellationToken cancellation = default) => OnCheckpoint((ActionWalk)(object)value!);

        public override IAsyncEnumerable<ReceivedSignal> SignalsAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

        public override Task<T?> ResultOfAsync<T>(string job, CancellationToken cancellation = default) where T : default => throw new NotSupportedException();

        public override T? Checkpoint<T>() where T : default => default;
    }
}
