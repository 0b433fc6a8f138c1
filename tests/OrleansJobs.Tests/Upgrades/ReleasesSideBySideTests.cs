using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Upgrades;

/// <summary>A rollout and its way back, with processes of two builds on one Redis.</summary>
public sealed class ReleasesSideBySideTests : IDisposable
{
    private const int Jobs = 200;
    private static readonly Dictionary<string, string> Options = new() { ["JobGrid:Slots"] = "8", ["JobGrid:Partitions"] = "16" };
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-next-");

    [Fact]
    public async Task Silos_OfTwoReleases_ShareTheWorkAndRollForwardAndBack()
    {
        var next = await NextRelease.BuildAsync(_folder.FullName);
        await using var grid = await ProcessGrid.StartAsync(2, Options);
        var settings = grid.Cluster.Settings;
        var nextSettings = settings with { Driver = next };
        var (first, second, newer) = (grid.Cluster.Silos[0], grid.Cluster.Silos[1], grid.Cluster.AddSilo());
        var ids = new List<string>();

        // Side by side: jobs posted to either release run on both, and both say the same of them.
        await StartAsync(newer, nextSettings);
        ids.AddRange(await grid.SubmitManyAsync(Sleeps(Jobs)));
        ids.AddRange(await grid.SubmitManyAsync(Sleeps(Jobs), newer.Address));
        var own = await grid.SubmitAsync($$"""{"type":"{{NextRelease.OwnType}}","args":{} }""");
        await DoneAsync([.. ids, own]);
        Assert.Equal(3, grid.Marks.Select(mark => mark.Silo).Distinct().Count());
        Assert.Equal([newer.Life], grid.Marks.Where(mark => mark.Id == own).Select(mark => mark.Silo).Distinct());
        foreach (var id in ids.Where((_, i) => i % 20 == 0))
            Assert.Equal((await grid.JobAsync(id)).GetRawText(), (await grid.GetAsync($"/jobs/{id}", newer.Address)).GetRawText());

        // What the next release stores and does not start is run by this one after the way back.
        Assert.True(await grid.PostAsync("/queues/held/pause"));
        ids.AddRange(await grid.SubmitManyAsync(Enumerable.Repeat("""{"type":"quick","args":{},"queue":"held"}""", Jobs), newer.Address));

        using var stop = new CancellationTokenSource();
        var trickle = TrickleAsync();
        foreach (var (silo, release) in new[] { (first, nextSettings), (second, nextSettings), (newer, settings), (first, settings), (second, settings) })
        {
            Assert.Equal(0, await ProcessGrid.TerminateAsync(silo));
            await StartAsync(silo, release);
        }

        await stop.CancelAsync();
        await trickle;
        Assert.True(await grid.PostAsync("/queues/held/resume"));
        await DoneAsync(ids);
        var runs = grid.Marks.Where(mark => mark.Kind == RunMarkKind.Started).GroupBy(mark => mark.Id).ToDictionary(group => group.Key, group => group.Count());
        Assert.All(ids, id => Assert.Equal(1, runs[id]));

        async Task StartAsync(SiloProcess silo, SiloSettings release)
        {
            silo.Start(release);
            await grid.Cluster.UntilReadyAsync(silo);
        }

        Task DoneAsync(IReadOnlyList<string> jobs)
        {
            // An end is for good: what was seen to be done is not asked for again.
            var done = 0;
            return grid.UntilAsync("all jobs are done", async () =>
            {
                while (done < jobs.Count && await grid.StateAsync(jobs[done]) == "SUCCESS") done++;
                return done == jobs.Count;
            });
        }

        async Task TrickleAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                ids.Add(await grid.SubmitAsync("""{"type":"sleep","args":{"ms":50} }"""));
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IEnumerable<string> Sleeps(int count) => Enumerable.Repeat("""{"type":"sleep","args":{"ms":20} }""", count);
}
