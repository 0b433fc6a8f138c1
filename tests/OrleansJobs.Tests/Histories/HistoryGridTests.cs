using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Histories;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Histories;

/// <summary>History of a grid of several silos, one of which goes or is lost.</summary>
public class HistoryGridTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task WhenASiloStopsInGoodOrder_AllThatWasCountedIsThere()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2, store: new MemoryPartitionStore(GridLayout.Layout));
        await RunAsync(grid, 60);
        await UntilAsync(grid, history => (history.Total.Submitted, history.Total.Succeeded) == (60, 60));
        await grid.Cluster.StopSiloAsync(grid.Cluster.Silos[1]);
        // What happened is kept in memory here, and may have gone with the silo; where it has not, that the silo left is in it.
        var history = await UntilAsync(grid, history => history.Silent == 0
            && (history.Events.All(happening => happening.What != HistoryEvents.SiloJoined) || history.Events.Any(happening => happening.What == HistoryEvents.SiloLeft)));
        Assert.Equal((60, 60), (history.Total.Submitted, history.Total.Succeeded));
        Assert.Equal("echo", Assert.Single(history.Types).Name);
        Assert.Equal(60, history.Total.WaitTime.Count);
        if (history.Events.Any(happening => happening.What == HistoryEvents.SiloLeft)) Assert.DoesNotContain(history.Events, happening => happening.What == HistoryEvents.SiloLost);
    }

    [Fact]
    public async Task WhenASiloIsKilled_WhatItHadWrittenIsThere_AndItsLossIsMarked()
    {
        var time = new SkewedTime(TimeProvider.System);
        var store = new MemoryPartitionStore(GridLayout.Layout, time);
        await using var grid = await TestGrid.StartAsync(silos: 2, store: store, time: time);
        await RunAsync(grid, 60);
        await UntilAsync(grid, history => history.Total.Succeeded == 60);
        time.Offset = TimeSpan.FromMinutes(1);
        // The minute is over: partitions write it by themselves.
        await UntilAsync(grid, _ => StoredAsync(store).Result == 60);
        var (stays, goes) = (grid.Cluster.Silos[0], grid.Cluster.Silos[1]);
        await grid.Cluster.KillSiloAsync(goes);
        Assert.True(await stays.ServiceProvider.GetRequiredService<IClusterMembershipService>().TryKill(goes.SiloAddress));
        var history = await UntilAsync(grid, history => history.Silent == 0 && history.Events.Any(happening => happening.What == HistoryEvents.SiloLost));
        Assert.Equal((60, 60), (history.Total.Submitted, history.Total.Succeeded));
        await RunAsync(grid, 10);
        await UntilAsync(grid, later => later.Total.Succeeded == 70);
    }

    [Fact]
    public async Task PausesAreMarked()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        await grid.Grid.Pause("mail", new("ops", "moving"));
        await grid.Grid.Pause("mail", new("ops", "again"));
        await grid.Grid.Resume("mail");
        await grid.Grid.Resume("mail");
        var events = (await grid.Jobs.GetHistoryAsync(new() { Step = HistoryStep.Hour })).Events.Where(happening => happening.Name == "mail").ToList();
        Assert.Equal([(HistoryEvents.QueuePaused, "ops", "moving"), (HistoryEvents.QueueResumed, null, null)], events.Select(happening => (happening.What, happening.By, happening.Text)));
    }

    /// <summary>Jobs that succeeded by what stands in the rows of minutes.</summary>
    private static async Task<long> StoredAsync(IPartitionStore store)
    {
        var sum = 0L;
        for (var partition = 0; partition < TestGrid.Partitions; partition++)
        {
            var rows = await store.ReadRowsAsync(partition, new RowRead(GridLayout.History.Rows), [.. Enumerable.Range(0, HistoryTables.MinutePlaces).Select(place => HistoryTables.MinuteKey(place))]);
            sum += rows.Select(row => row[0]).OfType<byte[]>().Sum(row => PeriodCounts.Decode(row).Series.Values.Sum(series => series.Succeeded));
        }

        return sum;
    }

    private static async Task RunAsync(TestGrid grid, int jobs)
    {
        var handles = await Task.WhenAll(Enumerable.Range(0, jobs).Select(_ => grid.Jobs.SubmitAsync("echo", "x")));
        await Task.WhenAll(handles.Select(handle => handle.WaitAsync())).WaitAsync(Patience);
    }

    private static async Task<JobHistory> UntilAsync(TestGrid grid, Func<JobHistory, bool> fits)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var history = await grid.Jobs.GetHistoryAsync(new() { Step = HistoryStep.Hour });
            if (fits(history)) return history;
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                Assert.Fail($"{history.Total}, {history.Silent} silent, {string.Join(", ", history.Events.Select(happening => $"{happening.What} {happening.Name}"))}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}
