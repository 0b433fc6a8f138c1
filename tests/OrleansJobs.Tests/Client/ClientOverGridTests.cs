using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Samples;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Client;

/// <summary>The client against a real grid in this process.</summary>
public sealed class ClientOverGridTests(GridHost grid) : IClassFixture<GridHost>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly JobType<LongTaskArgs, int> LongTask = new("longtask");

    private readonly IJobClient _jobs = grid.Services.GetRequiredService<IJobClient>();

    [Fact]
    public async Task Submits_ManyAtATime_AreEachRunOnceUnderTheirOwnId()
    {
        var handles = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => _jobs.SubmitAsync("wordcount", new WordCountArgs(string.Join(' ', Enumerable.Repeat("w", i))))));
        var counts = await Task.WhenAll(handles.Select(handle => handle.ResultAsync<WordCount>())).WaitAsync(Patience);

        Assert.Equal(500, handles.Select(handle => handle.Id).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 500), counts.Select(count => count!.Total));
    }

    [Fact]
    public async Task Submits_ManyAtATimeUnderOneId_MakeOneJob()
    {
        var handles = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _jobs.SubmitAsync(LongTask, new(1, 0), new() { Id = "one-of-fifty" })));
        Assert.Single(handles, handle => handle.Receipt!.Outcome == SubmitOutcome.Accepted);
        await Assert.ThrowsAsync<JobConflictException>(() => _jobs.SubmitAsync(LongTask, new(2, 0), new() { Id = "one-of-fifty" }));
    }

    [Fact]
    public async Task SubmitMany_OfArguments_RunsEach()
    {
        var receipts = await _jobs.SubmitManyAsync("longtask", Enumerable.Repeat(new LongTaskArgs(1, 0), 100));
        var results = await Task.WhenAll(receipts.Select(receipt => _jobs.Get<int>(receipt.Id).ResultAsync())).WaitAsync(Patience);
        Assert.All(results, result => Assert.Equal(42, result));
    }

    [Fact]
    public async Task Job_TypedByHandler_IsWatchedCancelledRunAgainAndRemoved()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        JobHandle<int> job = await _jobs.SubmitAsync<LongTaskJob, LongTaskArgs?, int>(new LongTaskArgs(600, 100));
        await foreach (var status in job.WatchAsync(patience.Token))
        {
            if (status.State == JobState.Progress) break;
        }

        Assert.True(await job.CancelAsync("enough"));
        await Assert.ThrowsAsync<JobCancelledException>(() => job.ResultAsync(patience.Token));
        Assert.False(await job.CancelAsync());
        Assert.True(await job.RetryAsync());
        Assert.False(await job.RetryAsync());
        Assert.False(await job.DeleteAsync());
        Assert.True(await job.CancelAsync());
        Assert.Equal(JobState.Revoked, (await job.WaitAsync(patience.Token)).State);
        Assert.True(await job.DeleteAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.DeleteAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.GetStatusAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.WaitAsync(patience.Token));
        await Assert.ThrowsAsync<JobNotFoundException>(async () =>
        {
            await foreach (var _ in job.WatchAsync(patience.Token))
            {
            }
        });
    }

    [Fact]
    public async Task Watch_ResumedByVersion_ShowsOnlyWhatIsNewer()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var job = await _jobs.SubmitAsync(LongTask, new(8, 300));
        long seen = 0;
        await foreach (var status in job.WatchAsync(patience.Token))
        {
            seen = status.Version;
            if (status.Current >= 2) break;
        }

        var rest = new List<JobStatus>();
        await foreach (var status in job.WatchAsync(seen, patience.Token)) rest.Add(status);
        Assert.All(rest, status => Assert.True(status.Version > seen));
        Assert.Equal(JobState.Success, rest[^1].State);
        await foreach (var status in job.WatchAsync(rest[^1].Version, patience.Token)) Assert.Fail($"{status.Version} is not newer than {rest[^1].Version}");
    }
}
