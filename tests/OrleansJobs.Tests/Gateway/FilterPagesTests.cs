using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Gateway;

public class FilterPagesTests
{
    private readonly FakeGrid _grid = new();
    private readonly ManualTime _time = new();
    private readonly FilterPages _pages;

    public FilterPagesTests() => _pages = new FilterPages(new JobGrid(_grid, _time), _time);

    [Fact]
    public async Task ALook_LessThanAMillisecondBeforeItsTime_DoesNotBecomeTheLastOne()
    {
        await NewestAsync("a");
        _time.Advance(TimeSpan.FromMilliseconds(999.5));
        await NewestAsync("a");
        _time.Advance(TimeSpan.FromSeconds(2));
        await NewestAsync("a");
        Assert.Equal(3, _grid.ListReads);
    }

    [Fact]
    public async Task AFilter_IsLookedAtOnceASecond_HoweverManyOthersThereAre()
    {
        for (var i = 0; i < 300; i++) await NewestAsync($"type-{i}");
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var again = _pages.NewestAsync(new() { Type = "type-0" }, _time.GetTimestamp());
        Assert.False(again.IsCompleted);
        Assert.Equal(300, _grid.ListReads);

        _time.Advance(FilterPages.Interval);
        await again;
        Assert.Equal(301, _grid.ListReads);
    }

    [Fact]
    public async Task ALookThatWasCutShort_GoesOnWhereItEnded_WithinABound()
    {
        var asked = new List<(string? Cursor, int Limit)>();
        _grid.Lists = query =>
        {
            asked.Add((query.Cursor, query.Limit));
            return new([Job($"job-{asked.Count}")], $"place-{asked.Count}");
        };
        Assert.Equal(["job-1", "job-2", "job-3"], (await _pages.NewestAsync(new() { Limit = 3 }, 0)).Jobs.Select(job => job.Id));
        Assert.Equal([(null, 3), ("place-1", 2), ("place-2", 1)], asked);

        asked.Clear();
        var page = await _pages.NewestAsync(new() { Limit = 100 }, 0);
        Assert.Equal((4, "place-4"), (asked.Count, page.Cursor));
    }

    [Fact]
    public async Task TwoFlows_HavePagesOfTheirOwn()
    {
        _grid.Lists = query => new([Job($"child-of-{query.Parent}")], null);
        foreach (var flow in (string[])["one", "other"])
            Assert.Equal($"child-of-{flow}", Assert.Single((await _time.RunAsync(_pages.NewestAsync(new() { Parent = flow }, 0))).Jobs).Id);
    }

    [Fact]
    public async Task ALookThatWasCancelledByTheGrid_IsNotTheAnswerToTheNext()
    {
        _grid.Fault = new TaskCanceledException("An activation that did not come to life in time.");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pages.NewestAsync(new(), 0));
        _grid.Fault = null;
        Assert.Empty((await _time.RunAsync(_pages.NewestAsync(new(), 0))).Jobs);
    }

    private Task<JobPage> NewestAsync(string type) => _time.RunAsync(_pages.NewestAsync(new() { Type = type }, _time.GetTimestamp()));

    private static JobStatus Job(string id) => new() { Id = id, Type = "longtask", Queue = "default", Version = 1 };
}
