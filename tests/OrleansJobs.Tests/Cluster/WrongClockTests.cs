using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Cluster;

/// <summary>A silo whose clock jumps while it runs, beside a Redis whose clock is right.</summary>
public class WrongClockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SkewedTime _time = new(TimeProvider.System);

    [Theory]
    [InlineData(8)]
    [InlineData(-10 * 24 * 60)]
    public async Task WhileTheClockIsWrong_NothingStartsExpiresOrIsPurged_AndThenAllGoesOn(int minutesAhead)
    {
        await using var grid = await TestGrid.StartAsync(time: _time);
        var done = await grid.Jobs.SubmitAsync("echo", "done", new() { Retention = TimeSpan.FromMinutes(5) });
        await done.ResultAsync<string>().WaitAsync(Patience);
        var scheduled = await grid.Jobs.SubmitAsync("echo", "later", new() { Countdown = TimeSpan.FromMinutes(5), ExpiresAfter = TimeSpan.FromMinutes(6) });

        _time.Offset = TimeSpan.FromMinutes(minutesAhead);
        var trouble = await grid.Grid.GetTrouble();
        // Each submit looks for what is ready in its partition: two for each, so that all have looked.
        var ids = Enumerable.Range(0, 1000).Select(i => $"w{i}").GroupBy(id => JobIds.PartitionOf(id, TestGrid.Partitions)).SelectMany(partition => partition.Take(2));
        var waiting = new List<JobHandle>();
        foreach (var id in ids) waiting.Add(await grid.Jobs.SubmitAsync("echo", id, new() { Id = id }));
        var (started, found) = (grid.Handlers.Starts.Count, await done.GetStatusAsync());
        _time.Offset = TimeSpan.Zero;

        Assert.Contains("The clock of this silo says", trouble);
        Assert.Equal(1, started);
        Assert.Equal(JobState.Success, found.State);
        await Task.WhenAll(waiting.Select(job => job.ResultAsync<string>())).WaitAsync(Patience);
        Assert.Null(await grid.Grid.GetTrouble());
        Assert.Equal(JobState.Pending, (await scheduled.GetStatusAsync()).State);
        Assert.Equal(JobState.Success, (await done.GetStatusAsync()).State);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var job in waiting)
        {
            var status = await job.GetStatusAsync();
            Assert.InRange(status.SubmittedAt, now.AddMinutes(-5), now.AddSeconds(1));
            Assert.InRange(status.FinishedAt!.Value, status.SubmittedAt, now.AddSeconds(1));
        }
    }

    /// <summary>It is given to nobody meanwhile, and a silo that knew of it would stand empty for it.</summary>
    [Fact]
    public async Task WhileTheClockIsWrong_NobodyIsToldOfASuspect()
    {
        var (entered, ends) = (new SemaphoreSlim(0), new TaskCompletionSource());
        await using var grid = await TestGrid.StartAsync(silos: 2, jobs: (handlers, _) => handlers.AddJob("deaf", (object? _, JobContext _, CancellationToken _) =>
        {
            entered.Release();
            return ends.Task;
        }), configure: options =>
        {
            options.Slots = 4;
            options.PoisonCrashes = 1;
            options.TrialTime = TimeSpan.FromMinutes(10);
        }, time: _time);
        var (stays, goes) = (grid.Cluster.Silos[0], grid.Cluster.Silos[1]);
        // Both silos are full, so that the one which stays does not stand empty, and suspects wait.
        var jobs = new List<JobHandle>();
        for (var i = 0; i < 8; i++) jobs.Add(await grid.Jobs.SubmitAsync("deaf", 0));
        for (var i = 0; i < 8; i++) Assert.True(await entered.WaitAsync(Patience));
        var lost = new List<string>();
        foreach (var job in jobs)
        {
            if ((await job.GetStatusAsync()).Silo == goes.SiloAddress.ToParsableString()) lost.Add(job.Id);
        }

        Assert.Equal(4, lost.Count);
        await grid.Cluster.KillSiloAsync(goes);
        Assert.True(await stays.ServiceProvider.GetRequiredService<IClusterMembershipService>().TryKill(goes.SiloAddress));
        var partition = grid.Cluster.Client.GetGrain<IPartitionWork>(JobIds.PartitionOf(lost[0], TestGrid.Partitions));
        var question = new ExchangeRequest { Worker = new WorkerProfile { Silo = stays.SiloAddress, SiloName = "s", Types = ["deaf"] } };
        await Eventually.AnswersAsync(TellsOfSuspectsAsync, told => told);

        _time.Offset = TimeSpan.FromMinutes(8);
        var told = (await partition.Exchange(question)).Suspects;
        _time.Offset = TimeSpan.Zero;
        ends.SetResult();

        Assert.False(told);

        async Task<bool> TellsOfSuspectsAsync()
        {
            try
            {
                return (await partition.Exchange(question)).Suspects;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // It was on the silo that is lost.
                return false;
            }
        }
    }
}
