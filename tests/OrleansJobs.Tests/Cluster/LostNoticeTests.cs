using System.Collections.Concurrent;
using Orleans.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Calls between grains that fail: what is told to those who watch and ask does not hang on any one of them.</summary>
public sealed class LostNoticeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<Exception> _waitFaults = new();
    private readonly TaskCompletionSource _allThrown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _feedIsDeaf;
    private TestGrid _grid = null!;

    public async Task InitializeAsync() => _grid = await TestGrid.StartAsync(more: (silo, _) => silo.AddIncomingGrainCallFilter(async context =>
    {
        if (context.InterfaceMethod.Name == nameof(IJobPartitionGrain.Wait) && context.Request.GetInterfaceType() == typeof(IJobPartitionGrain) && _waitFaults.TryDequeue(out var fault))
        {
            if (_waitFaults.IsEmpty) _allThrown.TrySetResult();
            throw fault;
        }

        if (_feedIsDeaf && context.Request.GetInterfaceType() == typeof(IJobFeed)) throw new TimeoutException("The notice is lost.");
        await context.Invoke();
    }));

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    [Theory]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(TimeoutException))]
    public async Task Watch_WhenThePartitionsAnswerIsAnError_GoesOn(Type error)
    {
        var job = await _grid.Jobs.SubmitAsync("gate", 0);
        await _grid.Handlers.Started(job.Id);
        _waitFaults.Enqueue((Exception)Activator.CreateInstance(error, "of a test")!);
        _waitFaults.Enqueue((Exception)Activator.CreateInstance(error, "of a test")!);
        var last = LastOfAsync(job);
        await _allThrown.Task.WaitAsync(Patience);
        _grid.Handlers.Release(job.Id);
        Assert.Equal(JobState.Success, (await last.WaitAsync(Patience)).State);
    }

    [Fact]
    public async Task Status_WhenTheJobsGrainHearsNothingOfARetry_IsThatOfTheRetriedJob()
    {
        var job = await _grid.Jobs.SubmitAsync("fail", "broken", new() { Retry = new() { Attempts = 1 } });
        await job.WaitAsync().WaitAsync(Patience);
        Assert.Equal(1, (await job.GetStatusAsync()).Attempt);
        _feedIsDeaf = true;
        var partition = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(job.Id, TestGrid.Partitions));
        try
        {
            await partition.Retry(job.Id, new("test"));
        }
        catch (TimeoutException)
        {
            // Whoever asked heard that the notice was lost; the job runs all the same.
        }

        var again = await job.WaitAsync().WaitAsync(Patience);
        Assert.Equal(2, again.Attempt);
        Assert.Equal(2, (await job.GetStatusAsync()).Attempt);
    }

    private static async Task<JobStatus> LastOfAsync(JobHandle job)
    {
        JobStatus? last = null;
        await foreach (var status in job.WatchAsync()) last = status;
        return last!;
    }
}
