using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Cluster;

/// <summary>What submitting a job again costs that has a large result by now.</summary>
public sealed class RepeatedSubmitTests
{
    private const int ResultBytes = 500_000;

    [Fact]
    public async Task Together_TheyComeWithoutTheResult_OneByOneWithIt()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var grid = await TestGrid.StartAsync(redis: redis);
        await using var connection = await RedisConnection.ConnectAsync(redis.ConnectionString);
        var job = new JobSubmission { Id = "repeated", Type = "large", Args = "500000"u8.ToArray() };
        job = job with { Fingerprint = SubmissionFingerprint.Of(job) };
        Assert.Equal(SubmitOutcome.Accepted, (await grid.Jobs.SubmitAsync(job)).Outcome);
        await grid.Jobs.Get(job.Id).WaitAsync();

        var before = await RedisTraffic.SentAsync(connection);
        var together = await grid.Jobs.SubmitManyAsync([.. Enumerable.Repeat(job, 50)]);
        var sent = await RedisTraffic.SentAsync(connection) - before;
        Assert.All(together, receipt => Assert.Equal((SubmitOutcome.Replayed, JobState.Success, null), (receipt.Outcome, receipt.Status!.State, receipt.Status.Result)));
        Assert.InRange(sent, 1, ResultBytes);

        // Some of these travel together as well, which their callers do not know.
        var oneByOne = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => grid.Jobs.SubmitAsync(job)));
        Assert.All(oneByOne, receipt => Assert.Equal(ResultBytes + 2, receipt.Status!.Result!.Length));
    }
}
