using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Processes;

/// <summary>What an autoscaler does, played with processes: it reads one address, starts silos, and stops them by SIGTERM.</summary>
public sealed class ScalingTests
{
    private const int Slots = 8;

    private static readonly Dictionary<string, string> Options = new()
    {
        ["JobGrid:Slots"] = $"{Slots}", ["JobGrid:Partitions"] = "16", ["JobGrid:DrainTime"] = "00:00:20",
    };

    [Fact]
    public async Task Silos_WhenAddedUnderLoadAndStoppedAfterIt_LoseNothingAndRepeatNothing()
    {
        await using var grid = await ProcessGrid.StartAsync(1, Options);
        var ids = new List<string>();

        // More than one silo gets done soon: the figure that an autoscaler reads says so.
        ids.AddRange(await grid.SubmitManyAsync(Enumerable.Repeat("""{"type":"sleep","args":{"ms":400} }""", 400)));
        var before = await ScalingAsync(grid);
        Assert.Equal(Slots, before.Slots);
        Assert.True(before.Load > 10 * Slots, $"load {before.Load}");
        Assert.Equal(before.Load, before.Backlog + before.Running);

        var added = new[] { grid.Cluster.AddSilo(), grid.Cluster.AddSilo() };
        foreach (var silo in added) silo.Start(grid.Cluster.Settings);
        foreach (var silo in added) await grid.Cluster.UntilReadyAsync(silo);
        await grid.UntilAsync("the new silos' slots are counted", async () => (await ScalingAsync(grid)).Slots == 3 * Slots);

        // On a busy machine the first silo may be done with all of it before the others are up, so there is new work until each has had some.
        await grid.UntilAsync("each silo runs jobs", async () =>
        {
            ids.AddRange(await grid.SubmitManyAsync(Enumerable.Repeat("""{"type":"sleep","args":{"ms":400} }""", Slots)));
            return grid.Marks.Select(mark => mark.Silo).Distinct().Count() == 3;
        });
        await grid.UntilAsync("the backlog has fallen", async () => (await ScalingAsync(grid)).Backlog == 0);

        // Now little: jobs go on trickling in while two silos leave, one after the other.
        using var stop = new CancellationTokenSource();
        var trickle = TrickleAsync(grid, ids, stop.Token);
        foreach (var silo in added) Assert.Equal(0, await ProcessGrid.TerminateAsync(silo));
        await stop.CancelAsync();
        await trickle;
        await grid.UntilAsync("the slots of the silos that left are gone", async () => (await ScalingAsync(grid)).Slots == Slots);
        await grid.UntilAsync("nothing is left to do", async () => (await ScalingAsync(grid)).Load == 0);

        var marks = grid.Marks.GroupBy(mark => mark.Id).ToDictionary(group => group.Key, group => group.ToList());
        Assert.Equal(ids.Count, ids.Distinct().Count());
        foreach (var id in ids)
        {
            Assert.Equal("SUCCESS", await grid.StateAsync(id));
            Assert.Equal([RunMarkKind.Started, RunMarkKind.Returned], marks[id].Select(mark => mark.Kind));
        }

        Assert.Empty(marks.Keys.Except(ids));
    }

    [Fact]
    public async Task Partitions_WhenASiloJoins_MoveToItOnce()
    {
        const int Partitions = 16;
        await using var grid = await ProcessGrid.StartAsync(1, Options);
        await grid.AddSiloAsync();
        await grid.UntilAsync("each silo has its share", async () =>
            (await grid.GetAsync("/stats")).GetProperty("silos").EnumerateArray().Select(silo => silo.GetProperty("partitions").GetInt32()).SequenceEqual([Partitions / 2, Partitions / 2]));

        // A partition that comes to life again where it was goes to and fro, and each time its jobs wait.
        var log = grid.Cluster.Silos.SelectMany(silo => File.ReadLines(silo.Log)).ToList();
        for (var partition = 0; partition < Partitions; partition++)
            Assert.InRange(log.Count(line => line.Contains($"Partition {partition} opened as generation")), 1, 3);
    }

    [Fact]
    public async Task Checkpoints_WhenTheDrainIsTooShortForTheJob_SpareItTheWorkItHasDone()
    {
        await using var grid = await ProcessGrid.StartAsync(2, new Dictionary<string, string>(Options) { ["JobGrid:DrainTime"] = "00:00:01" });
        var id = await grid.SubmitAsync("""{"type":"checkpointed","args":{"steps":60,"stepMs":100} }""");
        await grid.UntilAsync("the job runs", () => Task.FromResult(grid.Marks.Any(mark => mark.Id == id)));
        var first = grid.Marks.First(mark => mark.Id == id).Silo;
        Assert.Equal(0, await ProcessGrid.TerminateAsync(grid.Cluster.Silos.Single(silo => silo.Life == first)));
        await grid.UntilAsync("the job has ended", async () => await grid.StateAsync(id) == "SUCCESS");

        var job = await grid.JobAsync(id);
        Assert.True(job.GetProperty("result").GetProperty("from").GetInt32() > 0, "It began again from the beginning.");
        // Handed back: the second run is still the first attempt.
        Assert.Equal(1, job.GetProperty("attempt").GetInt32());
        Assert.Equal(2, grid.Marks.Count(mark => mark.Id == id && mark.Kind == RunMarkKind.Started));
    }

    [Fact]
    public async Task NewType_WhenNoSiloKnowsIt_WaitsForOneThatDoes()
    {
        await using var grid = await ProcessGrid.StartAsync(1, Options);
        var settings = grid.Cluster.Settings with { More = new Dictionary<string, string>(grid.Cluster.Settings.More) { ["Faults:NewType"] = "true" } };
        var newer = grid.Cluster.AddSilo();
        newer.Start(settings);
        await grid.Cluster.UntilReadyAsync(newer);

        // The first of the new release goes again; what was submitted meanwhile waits, and nobody is failed for it.
        var first = await grid.SubmitAsync("""{"type":"new-type","args":{} }""");
        await grid.UntilAsync("the new silo ran it", async () => await grid.StateAsync(first) == "SUCCESS");
        Assert.Equal(0, await ProcessGrid.TerminateAsync(newer));
        var waiting = await grid.SubmitAsync("""{"type":"new-type","args":{} }""");
        var other = await grid.SubmitAsync("""{"type":"quick","args":{} }""");
        await grid.UntilAsync("an old type still runs", async () => await grid.StateAsync(other) == "SUCCESS");
        Assert.Equal("PENDING", await grid.StateAsync(waiting));

        newer.Start(settings);
        await grid.Cluster.UntilReadyAsync(newer);
        await grid.UntilAsync("it ran once a silo knew it", async () => await grid.StateAsync(waiting) == "SUCCESS");
    }

    private static async Task TrickleAsync(ProcessGrid grid, List<string> ids, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            ids.Add(await grid.SubmitAsync("""{"type":"sleep","args":{"ms":300} }"""));
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task<(long Load, long Backlog, long Running, int Slots)> ScalingAsync(ProcessGrid grid)
    {
        var stats = await grid.GetAsync("/stats/scaling");
        return (stats.GetProperty("load").GetInt64(), stats.GetProperty("backlog").GetInt64(), stats.GetProperty("running").GetInt64(), stats.GetProperty("slots").GetInt32());
    }
}
