using Orleans.Runtime;

namespace OrleansJobs.Tests.Client;

public class SubmitManyTests
{
    private readonly FakeGrid _grid = new(partitions: 4, limits: new() { MaxBatch = 10 });
    private readonly ManualTime _time = new();
    private readonly JobClient _jobs;

    public SubmitManyTests() => _jobs = new JobClient(_grid.Factory, _time);

    [Fact]
    public async Task SubmitMany_AnswersInOrder_WithFewCallsOneAfterTheOtherForEachPartition()
    {
        var jobs = Jobs(100);
        var receipts = await _jobs.SubmitManyAsync(jobs);

        Assert.Equal(jobs.Select(job => job.Id), receipts.Select(receipt => receipt.Id));
        Assert.All(_grid.Calls, call => Assert.All(call.Jobs, job => Assert.Equal(call.Partition, JobIds.PartitionOf(job.Id, 4))));
        Assert.Equal(jobs.GroupBy(job => JobIds.PartitionOf(job.Id, 4)).Sum(group => (group.Count() + 9) / 10), _grid.Calls.Count);
        Assert.All(Enumerable.Range(0, 4), partition => Assert.Equal(1, _grid.Partition(partition).MostCalls));
    }

    [Fact]
    public async Task SubmitMany_OfArguments_MakesAJobOfEach()
    {
        _grid.Types = [new JobTypeInfo { Name = "thumbnail", Queue = "media" }];
        var receipts = await _jobs.SubmitManyAsync("thumbnail", Enumerable.Range(0, 5), new() { Priority = 7 });

        Assert.Equal(5, receipts.Select(receipt => receipt.Id).Distinct().Count());
        Assert.Equal(["0", "1", "2", "3", "4"], _grid.Submitted.Select(job => System.Text.Encoding.UTF8.GetString(job.Args)).Order());
        Assert.All(_grid.Submitted, job => Assert.Equal(("thumbnail", "media", 7), (job.Type, job.Queue, job.Priority)));
    }

    [Fact]
    public async Task SubmitMany_OfArgumentsUnderOneId_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _jobs.SubmitManyAsync("thumbnail", [1, 2], new() { Id = "one" }));

    [Fact]
    public async Task SubmitMany_OfNothing_IsNothing() => Assert.Empty(await _jobs.SubmitManyAsync([]));

    [Fact]
    public async Task SubmitMany_WhenOneBreaksARule_DoesNotHoldUpTheOthers()
    {
        var jobs = Jobs(5);
        jobs[2] = jobs[2] with { Priority = 10 };
        var receipts = await _jobs.SubmitManyAsync(jobs);

        Assert.Equal([0, 0, (int)SubmitOutcome.Rejected, 0, 0], receipts.Select(receipt => (int)receipt.Outcome));
        Assert.Equal("/priority", Assert.Single(receipts[2].Problems).Pointer);
        Assert.Equal(4, _grid.Submitted.Count());
    }

    [Fact]
    public async Task SubmitMany_WhenAnswersAreLost_SendsOnlyThoseAgain()
    {
        _grid.Decide = job => job.MayExist ? SubmitOutcome.Replayed : job.Id.EndsWith('3') ? SubmitOutcome.Unavailable : SubmitOutcome.Accepted;
        var receipts = await _time.RunAsync(_jobs.SubmitManyAsync(Jobs(40)));

        Assert.Equal(44, _grid.Submitted.Count());
        Assert.All(receipts, receipt => Assert.Equal(receipt.Id.EndsWith('3') ? SubmitOutcome.Replayed : SubmitOutcome.Accepted, receipt.Outcome));
    }

    [Fact]
    public async Task SubmitMany_WhenTheGridIsAway_AnswersForAllWithinTheDeadline()
    {
        await _jobs.SubmitManyAsync(Jobs(1));
        _grid.Trouble = () => new SiloUnavailableException("away");
        var started = _time.GetUtcNow();

        var receipts = await _time.RunAsync(_jobs.SubmitManyAsync(Jobs(200)));

        Assert.InRange(_time.GetUtcNow() - started, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Unavailable, receipt.Outcome));
        Assert.Contains(receipts, receipt => receipt.Reason!.EndsWith("it was not sent.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SubmitMany_WhenTheGridIsAwayFromTheStart_SaysSo()
    {
        _grid.Trouble = () => new SiloUnavailableException("away");
        await Assert.ThrowsAsync<GridUnavailableException>(() => _time.RunAsync(_jobs.SubmitManyAsync(Jobs(2))));
    }

    private static JobSubmission[] Jobs(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new JobSubmission { Id = $"job-{i}", Type = "a", Args = [(byte)'1'] })];
}
