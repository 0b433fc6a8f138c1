using System.Text.Json;
using Orleans.Runtime;

namespace OrleansJobs.Tests.Client;

/// <summary>What follows, signals and flows, as the client sends them.</summary>
public sealed class FlowClientTests
{
    private readonly FakeGrid _grid = new();
    private readonly JobClient _client;

    public FlowClientTests() => _client = new JobClient(_grid.Factory, new ManualTime());

    [Fact]
    public async Task After_GoesWithTheSubmit()
    {
        var first = await _client.SubmitAsync("t", new { });
        await _client.SubmitAsync("t", new { }, new() { After = [first, new("other", DependencyOn.End)], CancelIfUnmet = true });
        var sent = _grid.Submitted.Last();
        Assert.Equal([new(first.Id), new("other", DependencyOn.End)], sent.After);
        Assert.True(sent.CancelIfUnmet);
    }

    [Fact]
    public async Task ManyThatFollowEachOther_AreSentInStages_AndCirclesNotAtAll()
    {
        var receipts = await _client.SubmitManyAsync([Job("c", "b"), Job("b", "a"), Job("a"), Job("x", "y"), Job("y", "x"), Job("d", "x")]);
        Assert.Equal([["a"], ["b"], ["c"]], _grid.Calls.Select(call => call.Jobs.Select(job => job.Id)));
        Assert.Equal(["/after/0", "/after/0", "/after/0"], receipts.Where(receipt => receipt.Outcome == SubmitOutcome.Rejected).Select(receipt => receipt.Problems[0].Pointer));
    }

    [Fact]
    public async Task WhoeverFollowsOneThatIsNotSentForSure_IsNotSent()
    {
        _grid.Decide = _ => SubmitOutcome.Unavailable;
        var time = new ManualTime();
        var client = new JobClient(_grid.Factory, time);
        var receipts = await time.RunAsync(client.SubmitManyAsync([Job("a"), Job("b", "a"), Job("c", "b")]));
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Unavailable, receipt.Outcome));
        Assert.All(_grid.Submitted, job => Assert.Equal("a", job.Id));
    }

    [Fact]
    public async Task ASignal_IsSentAgainUnderItsKey()
    {
        var partition = _grid.Partition();
        var keys = new List<string?>();
        partition.OnSignal = () =>
        {
            keys.Add(partition.LastSignal!.Key);
            return keys.Count == 1 ? throw new SiloUnavailableException() : Task.FromResult(new SignalReceipt(SignalOutcome.Replayed));
        };
        var time = new ManualTime();
        Assert.True(await time.RunAsync(new JobClient(_grid.Factory, time).Get("job").SignalAsync("approved", new { By = "me" })));
        Assert.Equal(2, keys.Count);
        Assert.Equal(keys[0], keys[1]);
        Assert.NotNull(keys[0]);
        Assert.Equal("""{"by":"me"}""", System.Text.Encoding.UTF8.GetString(partition.LastSignal!.Body));
    }

    [Fact]
    public async Task ASignal_ThatIsNotKept_SaysWhy()
    {
        var (partition, job) = (_grid.Partition(), _client.Get("job"));
        partition.OnSignal = () => Task.FromResult(new SignalReceipt(SignalOutcome.Ended));
        Assert.False(await job.SignalAsync("s"));
        partition.OnSignal = () => Task.FromResult(new SignalReceipt(SignalOutcome.NotFound));
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.SignalAsync("s"));
        partition.OnSignal = () => Task.FromResult(new SignalReceipt(SignalOutcome.Full, "1,000 wait."));
        Assert.Equal("1,000 wait.", (await Assert.ThrowsAsync<GridOverloadedException>(() => job.SignalAsync("s"))).Message);
        await Assert.ThrowsAsync<ArgumentException>(() => job.SignalAsync(""));
        await Assert.ThrowsAsync<ArgumentException>(() => job.SignalAsync(new string('n', 129)));
    }

    [Fact]
    public async Task AFlow_IsAJobOfTheGridsOwn()
    {
        await _client.SubmitFlowAsync<int>(Flow.Job("work", new { n = 1 }).ToGraph(), new() { Tags = new Dictionary<string, string> { ["a"] = "b" } });
        var sent = _grid.Submitted.Single();
        Assert.Equal((FlowGraph.JobType, FlowGraph.RunQueue, JobLimits.MaxPriority), (sent.Type, sent.Queue, sent.Priority));
        Assert.Equal([new JobTag("a", "b")], sent.Tags);
        Assert.Equal("work", JsonSerializer.Deserialize<FlowGraph>(sent.Args, JobJson.Options)!.Jobs[0].Name);
    }

    [Fact]
    public async Task AFlowThatIsWrong_AndNamesOfTheGridsOwn_AreNotSent()
    {
        var wrong = new FlowGraph { Jobs = [new() { Name = "a", Type = "t", After = ["b"] }] };
        Assert.Equal("/jobs/0/after/0", (await Assert.ThrowsAsync<JobRejectedException>(() => _client.SubmitFlowAsync<int>(wrong))).Problems[0].Pointer);
        await Assert.ThrowsAsync<JobRejectedException>(() => _client.SubmitAsync("oj-flow", new { }));
        await Assert.ThrowsAsync<JobRejectedException>(() => _client.SubmitAsync("t", new { }, new() { Queue = "oj-flows" }));
        Assert.Empty(_grid.Submitted);
    }

    private static JobSubmission Job(string id, params string[] after) => new() { Id = id, Type = "t", Args = "{}"u8.ToArray(), After = [.. after.Select(other => new JobDependency(other))] };
}
