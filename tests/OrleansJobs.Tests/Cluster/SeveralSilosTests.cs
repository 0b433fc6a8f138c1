using System.Runtime.CompilerServices;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Cluster;

public class SeveralSilosTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Jobs_RunOnAllSilos_AndNoneTwice()
    {
        await using var grid = await TestGrid.StartAsync(silos: 3, options => options.Slots = 4);
        var handles = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => grid.Jobs.SubmitAsync("gate", 0)));
        // Twelve slots in three silos: all of them get busy before any job ends.
        await WaitUntilAsync(() => grid.Handlers.Starts.Count == 12);
        var silos = (await grid.Grid.GetStats()).Silos;
        Assert.Equal([4, 4, 4], silos.Select(silo => silo.Busy));
        foreach (var handle in handles) grid.Handlers.Release(handle.Id);
        var ends = await Task.WhenAll(handles.Select(handle => handle.WaitAsync())).WaitAsync(Patience);
        Assert.All(ends, end => Assert.Equal(JobState.Success, end.State));
        Assert.Equal(60, grid.Handlers.Starts.Select(start => start.Id).Distinct().Count());
        Assert.Equal(60, grid.Handlers.Starts.Count);
    }

    [Fact]
    public async Task ASiloThatJoins_TakesPartInTheBacklog_AndGetsItsShareOfPartitions()
    {
        await using var grid = await TestGrid.StartAsync(silos: 1, options => options.Slots = 2);
        var handles = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => grid.Jobs.SubmitAsync("gate", 0)));
        await WaitUntilAsync(() => grid.Handlers.Starts.Count == 2);
        await grid.Cluster.StartAdditionalSiloAsync();
        await WaitUntilAsync(() => grid.Handlers.Starts.Count == 4);
        await WaitUntilAsync(async () => (await grid.Grid.GetStats()).Silos.Select(silo => silo.Partitions).SequenceEqual([4, 4]));
        foreach (var handle in handles) grid.Handlers.Release(handle.Id);
        await Task.WhenAll(handles.Select(handle => handle.WaitAsync())).WaitAsync(Patience);
        Assert.Equal(20, grid.Handlers.Starts.Count);
    }

    [Fact]
    public async Task AType_ThatNoSiloKnows_WaitsForOneThatDoes()
    {
        await using var grid = await TestGrid.StartAsync(silos: 1, jobs: (jobs, silo) =>
        {
            if (silo > 0) jobs.AddJob("new-type", (object? _, JobContext _, CancellationToken _) => Task.FromResult("at last"));
        });
        var job = await grid.Jobs.SubmitAsync("new-type", 0);
        Assert.Equal(JobPhase.Waiting, (await job.GetStatusAsync()).Phase);
        await grid.Cluster.StartAdditionalSiloAsync();
        Assert.Equal("at last", await job.ResultAsync<string>().WaitAsync(Patience));
    }

    [Fact]
    public async Task AStoppingSilo_HandsItsJobsBack_WithoutUsingUpAnAttempt()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2, options =>
        {
            options.Slots = 4;
            options.DrainTime = TimeSpan.FromMilliseconds(200);
        });
        var handles = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => grid.Jobs.SubmitAsync("gate", 0)));
        await WaitUntilAsync(() => grid.Handlers.Starts.Count == 8);
        await grid.Cluster.StopSiloAsync(grid.Cluster.Silos[1]);
        foreach (var handle in handles) grid.Handlers.Release(handle.Id);
        var ends = await Task.WhenAll(handles.Select(handle => handle.WaitAsync())).WaitAsync(Patience);
        Assert.All(ends, end => Assert.Equal((JobState.Success, 1), (end.State, end.Attempt)));
        Assert.Contains(ends, end => end.Attempts[0].Outcome == "returned");
    }

    [Fact]
    public async Task ASilo_ConfiguredWithOtherPartitions_RefusesToStart()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var grid = await TestGrid.StartAsync(redis: redis);
        var mismatch = await Assert.ThrowsAnyAsync<Exception>(() => TestGrid.StartAsync(configure: options => options.Partitions = 16, redis: redis));
        var told = Unfold(mismatch).OfType<GridMismatchException>().First();
        Assert.Equal((16, 8), (told.Configured, told.Stored));
    }

    private static IEnumerable<Exception> Unfold(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
            if (exception is AggregateException { InnerExceptions: var inner })
            {
                foreach (var one in inner.SelectMany(Unfold)) yield return one;
            }
        }
    }

    private static Task WaitUntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        WaitUntilAsync(() => Task.FromResult(condition()), what);

    private static async Task WaitUntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Still not so: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
