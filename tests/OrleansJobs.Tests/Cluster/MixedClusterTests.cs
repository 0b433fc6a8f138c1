using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansJobs.Membership;
using OrleansJobs.Partitions;

namespace OrleansJobs.Tests.Cluster;

/// <summary>A cluster in which not every silo hosts the grid.</summary>
public class MixedClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Partitions_AreAllWokenAndStay_WhereASiloDoesNotHostTheGrid()
    {
        await using var grid = await TestGrid.StartAsync(silos: 3, hosts: number => number != 1);
        var management = grid.Cluster.Client.GetGrain<IManagementGrain>(0);
        // Nobody has called a partition: those that live were woken by the silo they belong to.
        await WaitUntilAsync(async () => await CountAsync(management) == TestGrid.Partitions);
        await WaitUntilAsync(() => Task.FromResult(AreSettled(grid)));
        Assert.Equal([4, 4], (await grid.Grid.GetStats()).Silos.Select(silo => silo.Partitions));

        // Another silo of the grid gets its share, and all keepers come to rest.
        await grid.Cluster.StartAdditionalSiloAsync();
        await WaitUntilAsync(() => Task.FromResult(AreSettled(grid)));
        Assert.Equal([2, 3, 3], (await grid.Grid.GetStats()).Silos.Select(silo => silo.Partitions).Order());
        var job = await grid.Jobs.SubmitAsync("echo", "through");
        Assert.Equal("through", await job.ResultAsync<string>().WaitAsync(Patience));
    }

    [Fact]
    public async Task PausesAndFigures_ConcernTheSilosOfTheGridOnly()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2, hosts: number => number == 0);
        await grid.Grid.Pause("held", new("test"));
        Assert.Single((await grid.Grid.GetStats()).Silos);
        Assert.NotEmpty((await grid.Grid.GetJobTypes()).Value);
        await grid.Grid.Resume("held");
    }

    [Fact]
    public async Task ASiloBesideTheGrid_CallsIt_AndHandsOnItsClientsCalls()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2, hosts: number => number == 0);
        var beside = grid.Cluster.Silos.Select(silo => ((InProcessSiloHandle)silo).ServiceProvider).Single(services => services.GetService<PartitionKeeper>() is null);
        var jobs = beside.GetRequiredService<IJobClient>();
        // To all partitions, and the first to call most of them.
        var handles = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => jobs.SubmitAsync("echo", $"{number}")));
        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"{number}"), await Task.WhenAll(handles.Select(job => job.ResultAsync<string>().WaitAsync(Patience))));
        Assert.Equal(JobState.Success, (await handles[0].GetStatusAsync()).State);
    }

    /// <summary>Whether every silo of the grid has its partitions awake at home, by what is known now.</summary>
    private static bool AreSettled(TestGrid grid) => grid.Cluster.Silos.Select(silo => ((InProcessSiloHandle)silo).ServiceProvider)
        .All(services => services.GetService<PartitionKeeper>() is not { } keeper || keeper.Settled == services.GetRequiredService<GridSilos>().Current);

    private static async Task<int> CountAsync(IManagementGrain management) =>
        (await management.GetDetailedGrainStatistics()).Count(grain => grain.GrainType.Contains("JobPartitionGrain", StringComparison.Ordinal));

    private static async Task WaitUntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Still not so: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}
