using System.Text.Json;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Keys;

/// <summary>Children of flows that have keys: they live where their keys do, and keep to their rules, on a real grid of eight partitions.</summary>
public sealed class KeyedFlowTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private TestGrid _grid = null!;

    public async Task InitializeAsync() => _grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), jobs: (jobs, _) => Register(jobs));

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    [Fact]
    public async Task AChild_LivesWhereItsKeyDoes_WaitsForItsRule_AndGivesItsResult()
    {
        await _grid.Jobs.Keys.PauseAsync("one");
        foreach (var key in Keys("one", 6))
        {
            var flow = await _grid.Jobs.SubmitAsync("single", key);
            var child = await ChildAsync(flow.Id);
            Assert.Equal((key, JobKeys.PartitionOf(key, TestGrid.Partitions)), (child.Key, JobIds.PartitionOf(child.Id, TestGrid.Partitions)));
            var wait = Assert.Single((await _grid.Jobs.Get(child.Id).GetStatusAsync())!.WaitingFor);
            Assert.Equal((WaitReasons.Limit, "paused"), (wait.What, wait.Limit));
            Assert.Equal(WaitReasons.Children, Assert.Single((await flow.GetStatusAsync()).WaitingFor).What);
            await _grid.Jobs.Keys.PutAsync(key, new());
            Assert.Equal(1, (await _grid.Jobs.Keys.GetAsync(key)).Waiting);
        }

        await _grid.Jobs.Keys.ResumeAsync("one");
        foreach (var job in (await _grid.Jobs.ListAsync(new() { Type = "single", Limit = 10 })).Jobs) Assert.Equal(8, await _grid.Jobs.Get<int>(job.Id).ResultAsync().WaitAsync(Patience));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(300)]
    public async Task AGroupOfManyKeys_GivesItsResultsInOrder(int count)
    {
        var flow = await _grid.Jobs.SubmitAsync("mixed", count);
        Assert.Equal(Enumerable.Range(1, count), await flow.ResultAsync<int[]>().WaitAsync(Patience));
        // The rest of the group is where it always was.
        var children = (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = JobLimits.MaxPage })).Jobs;
        foreach (var child in children.Where(child => child.Key is not null)) Assert.Equal(JobKeys.PartitionOf(child.Key!, TestGrid.Partitions), JobIds.PartitionOf(child.Id, TestGrid.Partitions));
        Assert.Contains(children, child => child.Key is null);
    }

    [Fact]
    public async Task AStreamOfOneKey_RunsOneAtATime()
    {
        await _grid.Jobs.Keys.PutAsync("serial", new() { Concurrency = 1 });
        var flow = await _grid.Jobs.SubmitAsync("serially", 20);
        Assert.Equal(Enumerable.Range(1, 20), await flow.ResultAsync<int[]>().WaitAsync(Patience));
        Assert.Equal(1, Volatile.Read(ref _most));
    }

    [Fact]
    public async Task OfTheFirstThatSucceeds_TheOthersAreCancelled_WhereverTheirKeysAre()
    {
        await _grid.Jobs.Keys.PauseAsync("slow");
        var flow = await _grid.Jobs.SubmitAsync("race", 0);
        Assert.Equal(4, await flow.ResultAsync<int>().WaitAsync(Patience));
        foreach (var child in (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = 10 })).Jobs.Where(child => child.Key is not null))
            Assert.Equal(JobState.Revoked, (await _grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(Patience)).State);
    }

    [Fact]
    public async Task AKeyOfTheTypesArguments_IsTheChildsToo_AndWhatTheFlowSaysGoesBefore()
    {
        var flow = await _grid.Jobs.SubmitAsync("typed", 0);
        Assert.Equal<IEnumerable<int>>([5, 6, 7], await flow.ResultAsync<int[]>().WaitAsync(Patience));
        var keys = (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = 10 })).Jobs.Select(child => child.Key).Order();
        Assert.Equal(["other/x", "tenant/5", "tenant/6"], keys);
        var wrong = await _grid.Jobs.SubmitAsync("mistyped", 0);
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => wrong.ResultAsync<int>().WaitAsync(Patience));
        Assert.Contains("/args/tenantId", failed.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARateThatRefuses_FailsTheChild_ByName()
    {
        await _grid.Jobs.Keys.PutAsync("scarce", new() { Rate = new(1, 3_600_000, 1, Rejects: true) });
        var (first, second) = (await _grid.Jobs.SubmitAsync("single", "scarce/1"), default(JobHandle));
        Assert.Equal(8, await first.ResultAsync<int>().WaitAsync(Patience));
        second = await _grid.Jobs.SubmitAsync("single", "scarce/1");
        var failed = await Assert.ThrowsAsync<JobFailedException>(() => second.ResultAsync<int>().WaitAsync(Patience));
        Assert.Equal(nameof(ChildFailedException), failed.Error.Type);
        Assert.Equal(JobErrorCodes.Throttled, (await ChildAsync(second.Id)).Error!.Code);
    }

    [Fact]
    public async Task ChildrenThatARateRefused_AreNotAllLetInByRunningTheFlowAgain()
    {
        await _grid.Jobs.Keys.PutAsync("bulk", new() { Rate = new(1, 3_600_000, 2, Rejects: true) });
        var flow = await _grid.Jobs.SubmitAsync("bulk", 6);
        for (var round = 0; round < 3; round++)
        {
            if (round > 0) Assert.True(await flow.RetryAsync());
            Assert.Equal(JobState.Failure, (await flow.WaitAsync().WaitAsync(Patience)).State);
            var children = (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = 10 })).Jobs;
            Assert.Equal((6, 2), (children.Length, children.Count(child => child.State == JobState.Success)));
        }

        var child = (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = 10 })).Jobs.First(child => child.State == JobState.Failure);
        Assert.False(await _grid.Jobs.Get(child.Id).RetryAsync());
    }

    [Fact]
    public async Task AGraph_NamesKeys_AndMakesThemOfItsArguments()
    {
        var graph = new FlowGraph
        {
            Jobs =
            [
                new() { Name = "first", Type = "plus", Args = JsonElement.Parse("""{"n":1}"""), Key = "g/first", KeyWeight = 3 },
                new() { Name = "next", Type = "plus", Args = JsonElement.Parse("""{"n":{"$ref":"first.result"}}"""), Key = "g/of-{n}" },
                new() { Name = "all", Type = "plus", Each = JsonElement.Parse("[1,2,3]"), Args = JsonElement.Parse("""{"n":{"$ref":"each.value"}}"""), Key = "g/{n}", After = ["next"] },
            ],
            Result = JsonElement.Parse("""{"$ref":"all.result"}"""),
        };
        Assert.Equal(graph.Jobs.Select(job => job.Key), JsonSerializer.Deserialize<FlowGraph>(JsonSerializer.Serialize(graph))!.Jobs.Select(job => job.Key));
        var flow = await _grid.Jobs.SubmitFlowAsync<int[]>(graph);
        Assert.Equal<IEnumerable<int>>([2, 3, 4], await flow.ResultAsync().WaitAsync(Patience));
        Assert.Equal(["g/1", "g/2", "g/3", "g/first", "g/of-2"], (await _grid.Jobs.ListAsync(new() { Parent = flow.Id, Limit = 10 })).Jobs.Select(child => child.Key).Order(StringComparer.Ordinal));
        var wrong = graph with { Jobs = [graph.Jobs[0] with { Key = "{n}", KeyWeight = 0 }] };
        var rejected = await Assert.ThrowsAsync<JobRejectedException>(() => _grid.Jobs.SubmitFlowAsync<int>(wrong with { Result = null }));
        Assert.Equal(["/jobs/0/key", "/jobs/0/keyWeight"], rejected.Problems.Select(problem => problem.Pointer));
    }

    [Fact]
    public async Task AFlowThatIsCancelled_TakesItsKeyedChildrenWithIt_AndRunsThemAgain()
    {
        await _grid.Jobs.Keys.PauseAsync("again");
        var flow = await _grid.Jobs.SubmitAsync("single", "again/3");
        var child = await ChildAsync(flow.Id);
        Assert.True(await flow.CancelAsync());
        Assert.Equal(JobState.Revoked, (await _grid.Jobs.Get(child.Id).WaitAsync().WaitAsync(Patience)).State);
        await _grid.Jobs.Keys.ResumeAsync("again");
        Assert.True(await flow.RetryAsync());
        Assert.Equal(8, await _grid.Jobs.Get<int>(flow.Id).ResultAsync().WaitAsync(Patience));
        Assert.Equal(child.Id, (await ChildAsync(flow.Id)).Id);
    }

    private int _most;
    private int _running;

    private void Register(JobGridBuilder jobs) => jobs
        .AddJob("plus", (Number args, JobContext _, CancellationToken _) => Task.FromResult(args.N + 1))
        .AddJob("alone", async (Number args, JobContext _, CancellationToken _) =>
        {
            var running = Interlocked.Increment(ref _running);
            if (running > Volatile.Read(ref _most)) Volatile.Write(ref _most, running);
            await Task.Yield();
            Interlocked.Decrement(ref _running);
            return args.N + 1;
        })
        .AddJob("of-tenant", (Tenant args, JobContext _, CancellationToken _) => Task.FromResult(args.TenantId), options => options.Key = "tenant/{tenantId}")
        .AddJob("of-anyone", (JsonElement args, JobContext _, CancellationToken _) => Task.FromResult(0), options => options.Key = "tenant/{tenantId}")
        .AddFlow("single", (string key, FlowContext flow, CancellationToken _) => flow.JobAsync<int>("child", "plus", new Number(7), new() { Key = key, KeyWeight = 2 }))
        .AddFlow("mixed", async (int count, FlowContext flow, CancellationToken _) => await (await flow.AllAsync("all", Enumerable.Range(0, count), n =>
            flow.Job<int>("plus", new Number(n), n % 3 == 1 ? null : new() { Key = $"mixed/{n % 11}" }))).ToArrayAsync())
        .AddFlow("serially", async (int count, FlowContext flow, CancellationToken _) =>
        {
            var results = new List<int>();
            await foreach (var n in flow.EachAsync("each", Numbers(count), n => flow.Job<int>("alone", new Number(n), new() { Key = "serial/all" }), atMost: 5)) results.Add(n);
            return results;
        })
        .AddFlow("bulk", async (int count, FlowContext flow, CancellationToken _) =>
        {
            var all = await flow.AllAsync("all", Enumerable.Range(0, count), n => flow.Job<int>("plus", new Number(n), new() { Key = "bulk/one" }));
            return (await all.ToArrayAsync()).Length;
        }, options => options.Attempts = 1)
        .AddFlow("race", async (int _, FlowContext flow, CancellationToken _) =>
        {
            FlowJob<int>[] racers = [.. Keys("slow", 4).Select(key => flow.Job<int>("plus", new Number(1), new() { Key = key })), flow.Job<int>("plus", new Number(3))];
            return (await flow.AnyAsync("race", racers)).Result;
        })
        .AddFlow("typed", async (int _, FlowContext flow, CancellationToken _) => new[]
        {
            await flow.JobAsync<int>("five", "of-tenant", new Tenant(5)),
            await flow.JobAsync<int>("six", "of-tenant", new Tenant(6)),
            await flow.JobAsync<int>("seven", "of-tenant", new Tenant(7), new() { Key = "other/x" }),
        })
        .AddFlow("mistyped", (int _, FlowContext flow, CancellationToken _) => flow.JobAsync<int>("x", "of-anyone", new { }), options => options.Attempts = 1);

    /// <summary>Some that lie in several partitions.</summary>
    private static IEnumerable<string> Keys(string prefix, int count) => Enumerable.Range(0, count).Select(n => $"{prefix}/{n}");

    private static async IAsyncEnumerable<int> Numbers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    /// <summary>The only child of a flow, once it is there: a letter brings it.</summary>
    private async Task<JobStatus> ChildAsync(string flow) =>
        (await Eventually.AnswersAsync(async () => (await _grid.Jobs.ListAsync(new() { Parent = flow, Limit = 10 })).Jobs, jobs => jobs.Length == 1))[0];

    private sealed record Number(int N);

    private sealed record Tenant(int TenantId);
}
