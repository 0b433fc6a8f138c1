namespace OrleansJobs.Tests.Cluster;

/// <summary>What a real partition tells those who listen.</summary>
public sealed class ChangesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task APartition_TellsEachStepOfAJob_WithoutItsResult()
    {
        await using var grid = await TestGrid.StartAsync();
        var partition = JobIds.PartitionOf("told", TestGrid.Partitions);
        var changes = grid.Cluster.Client.GetGrain<IJobChangesGrain>(partition);
        var place = default(ChangePlace);
        Assert.True((await ReadAsync()).HasGap);

        var job = await grid.Jobs.SubmitAsync("gate", (object?)null, new() { Id = "told", Tags = new Dictionary<string, string> { ["k"] = "v" } });
        var running = await UntilAsync(JobState.Progress);
        Assert.Equal(("told", "gate", "default", new JobTag("k", "v")), (running.Id, running.Type, running.Queue, Assert.Single(running.Tags)));
        grid.Handlers.Release("told");
        var ended = await UntilAsync(JobState.Success);
        Assert.Null(ended.Result);
        Assert.True(ended.Version > running.Version);
        Assert.Equal("through", await job.ResultAsync<string>());

        await job.DeleteAsync();
        Assert.Equal(new ChangedJob("told", null), Assert.Single((await ReadAsync()).Jobs));

        async Task<JobStatus> UntilAsync(JobState state)
        {
            while (true)
            {
                if ((await ReadAsync()).Jobs.LastOrDefault().Status is { } status && status.State == state) return status;
            }
        }

        async Task<JobChanges> ReadAsync()
        {
            var read = await changes.ReadChanges(place, Patience);
            Assert.True(read.HasGap || read.Jobs.Length > 0, "Nothing was told.");
            place = read.Place;
            return read;
        }
    }

    [Fact]
    public async Task MoreThanAPartitionCanTell_IsAGap()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.Partitions = 1);
        var changes = grid.Cluster.Client.GetGrain<IJobChangesGrain>(0);
        var place = (await changes.ReadChanges(default, Patience)).Place;
        await grid.Jobs.SubmitManyAsync("echo", Enumerable.Repeat("x", 500), new() { Countdown = TimeSpan.FromHours(1) });
        var missed = await changes.ReadChanges(place, Patience);
        while (!missed.HasGap) missed = await changes.ReadChanges(missed.Place, Patience);
        Assert.Empty(missed.Jobs);

        var next = await grid.Jobs.SubmitAsync("echo", "x", new() { Countdown = TimeSpan.FromHours(1) });
        Assert.Equal(next.Id, Assert.Single((await changes.ReadChanges(missed.Place, Patience)).Jobs).Id);
    }
}
