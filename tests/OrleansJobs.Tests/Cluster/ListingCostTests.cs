using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Cluster;

/// <summary>What a page of the list takes out of the store.</summary>
public sealed class ListingCostTests
{
    private const int Jobs = 80;
    private const int ResultBytes = 100_000;
    private static readonly string Args = new('a', 50_000);

    [Fact]
    public async Task APageOfOne_ReadsNeitherResultsNorArguments_NorMoreJobsThanItNeeds()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var grid = await TestGrid.StartAsync(redis: redis);
        await using var connection = await RedisConnection.ConnectAsync(redis.ConnectionString);
        var finished = new List<JobHandle>();
        for (var i = 0; i < Jobs; i++) finished.Add(await grid.Jobs.SubmitAsync("large", ResultBytes, new() { Tags = new Dictionary<string, string> { ["kind"] = "large" } }));
        foreach (var job in finished) await job.WaitAsync();
        var waiting = await grid.Jobs.SubmitAsync("echo", Args, new() { Countdown = TimeSpan.FromHours(1) });

        var before = await RedisTraffic.SentAsync(connection);
        var page = await grid.Grid.List(new() { Limit = 1 });
        var sent = await RedisTraffic.SentAsync(connection) - before;
        Assert.Equal(waiting.Id, Assert.Single(page.Jobs).Id);
        // Of eight partitions.
        Assert.InRange(sent, 1, 60_000);

        before = await RedisTraffic.SentAsync(connection);
        var seen = new List<JobStatus>();
        for (JobPage? next = null; next is null || next.Cursor is not null; seen.AddRange(next.Jobs))
            next = await grid.Grid.List(new() { Limit = 7, State = JobState.Success, Type = "large", Cursor = next?.Cursor });
        Assert.Equal(finished.Select(job => job.Id).Order(), seen.Select(job => job.Id).Order());
        Assert.All(seen, job => Assert.Equal((null, JobState.Success, "large", new JobTag("kind", "large")), (job.Result, job.State, job.Type, Assert.Single(job.Tags))));
        Assert.InRange(await RedisTraffic.SentAsync(connection) - before, 1, ResultBytes * Jobs / 4);
    }
}
