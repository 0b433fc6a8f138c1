using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>What the grid runs for itself: every silo serves its queue, and nobody else has its names.</summary>
public sealed class OwnQueueTests
{
    [Fact]
    public void ASiloThatServesSomeQueues_ServesTheGridsOwn()
    {
        Assert.Equal(4, OwnQueue.Beside(new Dictionary<string, int> { ["mail"] = 3 }, 16)[FlowGraph.RunQueue]);
        Assert.Equal(1, OwnQueue.Beside(new Dictionary<string, int> { ["mail"] = 1 }, 1)[FlowGraph.RunQueue]);
        Assert.Equal(2, OwnQueue.Beside(new Dictionary<string, int> { [FlowGraph.RunQueue] = 2 }, 16)[FlowGraph.RunQueue]);
        // All queues are served, and this is one of them.
        Assert.Empty(OwnQueue.Beside(new Dictionary<string, int>(), 16));
    }

    [Fact]
    public void NamesOfTheGridsOwn_AreNobodyElses()
    {
        static Task<int> Run(int args, JobContext job, CancellationToken cancellation) => Task.FromResult(args);
        foreach (var name in new[] { "oj-mine", FlowGraph.JobType })
            Assert.Contains(name, Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<int, int>(name, Run)).Message, StringComparison.Ordinal);
        Assert.Contains("Queue", Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<int, int>("mine", Run, options => options.Queue = FlowGraph.RunQueue).Build(new JobGridOptions())).Message, StringComparison.Ordinal);
        Assert.True(new JobGridBuilder().AddOwn().Build(new JobGridOptions()).TryGet(FlowGraph.JobType, out _));
    }
}
