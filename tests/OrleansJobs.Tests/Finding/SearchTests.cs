using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Finding;

/// <summary>Jobs are found by what is known of them, whatever they are kept in.</summary>
public sealed class SearchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("search").FullName;
    private SqlitePartitionStore? _sqlite;

    public void Dispose()
    {
        _sqlite?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AJobOfAnotherQueue_DoesNotHideThoseWhoseIdsBeginSo()
    {
        await using var grid = await StartAsync("memory");
        await grid.Jobs.SubmitAsync("echo", "x", new() { Id = "order-1", Queue = "other", Countdown = TimeSpan.FromHours(1) });
        await grid.Jobs.SubmitAsync("echo", "x", new() { Id = "order-12", Queue = "mail", Countdown = TimeSpan.FromHours(1) });
        foreach (var order in Enum.GetValues<ListOrder>())
        {
            Assert.Equal("order-12", Assert.Single((await grid.Jobs.ListAsync(new() { Id = "order-1", Queue = "mail", Order = order })).Jobs).Id);
            Assert.Equal("order-1", Assert.Single((await grid.Jobs.ListAsync(new() { Id = "order-1", Queue = "other", Order = order })).Jobs).Id);
            Assert.Equal("order-1", Assert.Single((await grid.Jobs.ListAsync(new() { Id = "order-1", Order = order })).Jobs).Id);
        }
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    [InlineData("redis")]
    public async Task EachFilter_FindsItsJobs_AndNoOthers(string kind)
    {
        await using var grid = await StartAsync(kind);
        var start = TimeProvider.System.GetUtcNow().AddMilliseconds(-1);
        var mine = await grid.Jobs.SubmitAsync("echo", "the Needle", new() { Id = "find-me-1" });
        var longer = await grid.Jobs.SubmitAsync("echo", "hay", new() { Id = "find-me-10" });
        var keyed = await grid.Jobs.SubmitAsync("echo", "hay", new() { Key = "tenant/7" });
        var failed = await grid.Jobs.SubmitAsync("fail", "the disk is Full", new() { Attempts = 1 });
        var other = await grid.Jobs.SubmitAsync("fail", "no route", new() { Attempts = 1 });
        var later = await grid.Jobs.SubmitAsync("echo", "a needle too", new() { Countdown = TimeSpan.FromHours(1) });
        foreach (var job in (JobHandle[])[mine, longer, keyed, failed, other]) await job.WaitAsync().WaitAsync(Patience);
        var end = TimeProvider.System.GetUtcNow().AddSeconds(1);

        await FindsAsync(new() { Id = "find-me-1" }, mine);
        await FindsAsync(new() { Id = "find-me" }, mine, longer);
        await FindsAsync(new() { Id = "find-me-2" });
        await FindsAsync(new() { Id = "find-me-1", Type = "fail" });
        await FindsAsync(new() { Id = "find-me-1", Args = "hay" });
        await FindsAsync(new() { Id = later.Id, Order = ListOrder.Due }, later);
        await FindsAsync(new() { Id = "find-me-1", Order = ListOrder.Due });
        await FindsAsync(new() { Key = "tenant/7" }, keyed);
        await FindsAsync(new() { Key = "tenant/8" });
        await FindsAsync(new() { Error = "DISK is" }, failed);
        await FindsAsync(new() { Error = "InvalidData" }, failed, other);
        await FindsAsync(new() { Args = "needle" }, mine, later);
        await FindsAsync(new() { Args = "needle", Order = ListOrder.Due }, later);
        await FindsAsync(new() { Args = "needle", Phase = JobPhase.Scheduled }, later);
        await FindsAsync(new() { Phase = JobPhase.Scheduled }, later);
        await FindsAsync(new() { SubmittedAfter = start, SubmittedBefore = end, Type = "fail" }, failed, other);
        await FindsAsync(new() { SubmittedBefore = start });
        await FindsAsync(new() { StartedAfter = start, Type = "echo" }, mine, longer, keyed);
        await FindsAsync(new() { StartedBefore = start });
        await FindsAsync(new() { FinishedAfter = start, FinishedBefore = end, State = JobState.Failure }, failed, other);
        await FindsAsync(new() { FinishedAfter = end });

        async Task FindsAsync(JobQuery query, params JobHandle[] expected)
        {
            var found = new List<string>();
            for (JobPage? page = null; page is null || page.Cursor is not null; found.AddRange(page.Jobs.Select(job => job.Id)))
                page = await grid.Jobs.ListAsync(query with { Limit = 1, Cursor = page?.Cursor });
            Assert.Equal(expected.Select(job => job.Id).Order(), found.Order());
        }
    }

    [Fact]
    public async Task ASearchThatFindsNothing_EndsAPageAtItsBound_SaysHowFarItIs_AndGoesOn()
    {
        const int Jobs = 2500;
        // All in one partition, whose bound for a page they are beyond.
        await using var grid = await StartAsync("memory", partitions: 1);
        var needle = await grid.Jobs.SubmitAsync("echo", "needle", new() { Countdown = TimeSpan.FromHours(1) });
        await grid.Jobs.SubmitManyAsync("echo", Enumerable.Repeat("hay", Jobs), new() { Countdown = TimeSpan.FromHours(1) });

        var pages = new List<JobPage>();
        for (string? cursor = null; pages.Count == 0 || cursor is not null; cursor = pages[^1].Cursor) pages.Add(await grid.Jobs.ListAsync(new() { Args = "needle", Cursor = cursor }));
        Assert.Equal(needle.Id, Assert.Single(pages.SelectMany(page => page.Jobs)).Id);
        Assert.InRange(pages.Count, 3, 5);
        Assert.All(pages[..^1], page => Assert.InRange(page.Reach!.LookedAt, 900, 1300));
        Assert.Null(pages[^1].Reach);
        var reached = pages[..^1].Select(page => page.Reach!.Reached).ToList();
        Assert.Equal(reached.OrderDescending(), reached);
        Assert.InRange(pages.Sum(page => page.Reach?.LookedAt ?? 0), 1900, Jobs);

        // Ids alone cost a tenth.
        var byId = await grid.Jobs.ListAsync(new() { Id = needle.Id[..^1] });
        Assert.Contains(needle.Id, byId.Jobs.Select(job => job.Id));
        Assert.Null((await grid.Jobs.ListAsync(new() { Id = "no-such" })).Cursor);
    }

    private async Task<TestGrid> StartAsync(string kind, int partitions = TestGrid.Partitions)
    {
        IPartitionStore? store = kind switch
        {
            "memory" => new MemoryPartitionStore(GridLayout.Layout),
            "sqlite" => _sqlite = new SqlitePartitionStore(GridLayout.Layout, new() { Path = Path.Combine(_folder, "jobs.db") }),
            _ => null,
        };
        return await TestGrid.StartAsync(store: store, configure: options => options.Partitions = partitions);
    }
}
