using OrleansJobs.Jobs;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Waiting jobs by when they are due.</summary>
public class DueListTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Whatever partitions stop at, page by page each job comes once, in order.</summary>
    [Fact]
    public void PagesOfPartitions_BecomePagesOfAll_WithoutAGap()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var partitions = Enumerable.Range(0, random.Next(1, 6)).Select(partition => Enumerable.Range(0, random.Next(30))
                .Select(i => new DuePlace(1000 + random.Next(10), $"p{partition}-{i}")).Order().ToList()).ToList();
            var seen = new List<DuePlace>();
            var (limit, pages) = (random.Next(1, 8), 0);
            string? cursor = null;
            do
            {
                Assert.True(DueMerge.TryParse(cursor, out var after));
                var page = DueMerge.Merge([.. partitions.Select(all => Page(all, after, limit, random))], limit);
                Assert.True(page.Jobs.Length <= limit && pages++ < 500, $"seed {seed}");
                seen.AddRange(page.Jobs.Select(job => new DuePlace(job.DueAt.ToUnixTimeMilliseconds(), job.Id)));
                cursor = page.Cursor;
            }
            while (cursor is not null);
            Assert.Equal(partitions.SelectMany(all => all).Order(), seen);
        }

        // What a partition finds behind a place: as many as fit, or as its work for a page allows.
        static DuePage Page(List<DuePlace> all, DuePlace after, int limit, Random random)
        {
            var rest = all.Where(place => place.CompareTo(after) > 0).ToList();
            var looked = rest.Take(Math.Min(limit, random.Next(1, 10))).ToList();
            return new()
            {
                Jobs = [.. looked.Select(place => new DueJob(place.Due, new() { Id = place.Id, Type = "t", Queue = "q", DueAt = DateTimeOffset.FromUnixTimeMilliseconds(place.Due) }))],
                LookedUpTo = looked.Count < rest.Count ? looked[^1] : null,
            };
        }
    }

    [Theory]
    [InlineData("7")]
    [InlineData(".a")]
    [InlineData("x.a")]
    [InlineData("7.")]
    [InlineData("7.a b")]
    public void ACursorOfSomethingElse_IsNone(string cursor) => Assert.False(DueMerge.TryParse(cursor, out _));

    [Theory]
    // Whether the store has to be read, since memory holds the front of each lane only.
    [InlineData(16)]
    [InlineData(256)]
    public async Task JobsThatWait_AreListedSoonestFirst_MovedAndRunNow(int window)
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.WindowJobs = window);
        var random = new Random(window);
        var expected = new List<(DateTimeOffset Due, string Id)>();
        var now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        for (var i = 0; i < 800; i++)
        {
            // Many at one instant.
            var due = now.AddHours(1 + random.Next(40));
            var job = await grid.Jobs.SubmitAsync("echo", "x", new() { Eta = due, Queue = i % 3 == 0 ? "other" : null, Priority = i % 2, Tags = new Dictionary<string, string> { ["half"] = $"{i % 2}" } });
            expected.Add((due, job.Id));
        }

        // What is no plain future job: one that waits for another, and one that has ended.
        await grid.Jobs.SubmitAsync("echo", "x", new() { After = [expected[0].Id] });
        await (await grid.Jobs.SubmitAsync("echo", "x")).WaitAsync().WaitAsync(Patience);
        expected = [.. expected.OrderBy(job => job.Due).ThenBy(job => job.Id, StringComparer.Ordinal)];
        Assert.Equal(expected, await ListAsync(grid, new()));
        Assert.Equal((await ListAsync(grid, new() { Queue = "other" })).Count, (await ListAsync(grid, new() { Queue = "other", Type = "echo", State = JobState.Pending })).Count);
        Assert.Equal(400, (await ListAsync(grid, new() { Tags = [new("half", "1")] })).Count);
        Assert.Empty(await ListAsync(grid, new() { Type = "gate" }));

        var (last, first) = (grid.Jobs.Get(expected[^1].Id), grid.Jobs.Get(expected[0].Id));
        await last.MoveAsync(now.AddMinutes(30));
        await first.MoveAsync(null);
        await first.WaitAsync().WaitAsync(Patience);
        var list = await ListAsync(grid, new());
        Assert.Equal((799, last.Id), (list.Count, list[0].Id));
    }

    private static async Task<List<(DateTimeOffset Due, string Id)>> ListAsync(TestGrid grid, JobQuery query)
    {
        var found = new List<(DateTimeOffset, string)>();
        string? cursor = null;
        do
        {
            var page = await grid.Jobs.ListAsync(query with { Order = ListOrder.Due, Limit = 37, Cursor = cursor });
            found.AddRange(page.Jobs.Select(job => (job.DueAt, job.Id)));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return found;
    }
}
