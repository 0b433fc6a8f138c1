using System.Text.Json;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Schedules whose occurrences are flows, of a real grid.</summary>
public class ScheduledFlowTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AFlow_RunsAtTheInstant_WhichItsJobsAreGiven()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var spec = new ScheduleBuilder().Cron("0 3 1 1 *").SubmitFlow(Greeting(), new() { DeadlineAfter = TimeSpan.FromMinutes(5), Tags = new Dictionary<string, string> { ["kind"] = "report" } }).Build();
        var made = await grid.Jobs.Schedules.PutAsync("yearly", spec);
        Assert.True(made.Spec.IsFlow);
        var instant = new DateTimeOffset(2024, 1, 1, 3, 0, 0, TimeSpan.Zero);
        var id = Assert.Single(await grid.Jobs.Schedules.BackfillAsync("yearly", instant, instant));
        Assert.Equal("2024-01-01T03:00:00Z", await grid.Jobs.Get<string>(id).ResultAsync().WaitAsync(Patience));
        var status = (await grid.Jobs.Get(id).GetStatusAsync())!;
        Assert.Equal(("yearly", instant, FlowGraph.JobType), (status.Schedule, status.ScheduledAt, status.Type));
        Assert.Equal(status.SubmittedAt.AddMinutes(5), status.DeadlineAt);
        // It is its children's parent, and the schedule knows how it ended.
        Assert.Equal(2, (await grid.Jobs.ListAsync(new() { Parent = id })).Jobs.Length);
        Assert.Equal(ScheduleRunOutcome.Success, Assert.Single(await grid.Jobs.Schedules.RunsAsync("yearly")).Outcome);
        Assert.Equal([id], (await grid.Jobs.ListAsync(new() { Schedule = "yearly", Tags = [new("kind", "report")], State = JobState.Success })).Jobs.Select(job => job.Id));
    }

    [Fact]
    public async Task AFlowThatFails_IsAFailedOccurrence_AndTheNextRunsAllTheSame()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var flow = new FlowGraph { Jobs = [new() { Name = "a", Type = "fail", Args = JsonElement.Parse("\"no\""), Attempts = 1 }] };
        await grid.Jobs.Schedules.PutAsync("s", schedule => schedule.Cron("0 3 1 1 *").SubmitFlow(flow));
        for (var i = 0; i < 2; i++)
        {
            var job = await grid.Jobs.Schedules.TriggerAsync("s");
            Assert.Equal(JobState.Failure, (await job.WaitAsync().WaitAsync(Patience)).State);
        }

        Assert.All(await grid.Jobs.Schedules.RunsAsync("s"), run => Assert.Equal(ScheduleRunOutcome.Failure, run.Outcome));
    }

    [Theory]
    [InlineData("""{"jobs":[]}""", "/flow/jobs")]
    [InlineData("""{"jobs":[{"name":"a","type":"echo","after":["b"]}]}""", "/flow/jobs/0/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"echo","args":{"$at":"noon"}}]}""", "/flow")]
    [InlineData("""{"jobs":[{"name":"a","type":"oj-flow"}]}""", "/flow/jobs/0/type")]
    [InlineData("7", "/flow")]
    [InlineData("{", "/flow")]
    public async Task AWrongGraph_IsRefused_WhoeverPutsIt(string graph, string pointer)
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var spec = new ScheduleBuilder().Cron("0 3 1 1 *").SubmitFlow(Greeting()).Build() with { Args = System.Text.Encoding.UTF8.GetBytes(graph) };
        var rejected = await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.Schedules.PutAsync("s", spec));
        Assert.Equal(pointer, rejected.Problems[0].Pointer);
    }

    [Fact]
    public async Task WhereAFlowItselfRuns_IsTheGridsChoice()
    {
        Assert.Throws<ArgumentException>(() => new ScheduleBuilder().SubmitFlow(Greeting(), new() { Queue = "mine" }));
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var spec = new ScheduleBuilder().Cron("0 3 1 1 *").SubmitFlow(Greeting()).Build();
        foreach (var wrong in new[] { spec with { Queue = "mine" }, spec with { Priority = 1 }, spec with { Attempts = 2 } })
            Assert.Equal("/flow", Assert.Single((await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.Schedules.PutAsync("s", wrong))).Problems).Pointer);
        var reserved = await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.Schedules.PutAsync("s", schedule => schedule.Cron("0 3 1 1 *").Submit("oj-other", 1)));
        Assert.Equal("/type", Assert.Single(reserved.Problems).Pointer);
    }

    /// <summary>Says the instant, handed on from one job to the next.</summary>
    private static FlowGraph Greeting() => new()
    {
        Jobs =
        [
            new() { Name = "first", Type = "echo", Args = JsonElement.Parse("""{"$at":"scheduled"}""") },
            new() { Name = "second", Type = "echo", Args = JsonElement.Parse("""{"$ref":"first.result"}""") },
        ],
        Result = JsonElement.Parse("""{"$ref":"second.result"}"""),
    };
}
