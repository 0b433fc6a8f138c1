using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;
using Orleans.Concurrency;

namespace OrleansJobs.Tests.Keys;

/// <summary>Keys on a grid of several partitions: lists, changes that are sent again, and what is stored together.</summary>
public class KeyGridTests
{
    private const string Key = "tenant/7";

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public async Task JobsOfAKeyThatWait_AreListedSoonestFirst(int window)
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.WindowJobs = window);
        var random = new Random(window);
        var now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        var expected = new List<(DateTimeOffset Due, string Id)>();
        for (var i = 0; i < 300; i++)
        {
            // Many at one instant.
            var due = now.AddHours(1 + random.Next(20));
            var job = await grid.Jobs.SubmitAsync("echo", "x", new() { Eta = due, Key = i % 4 == 0 ? null : Key });
            expected.Add((due, job.Id));
        }

        var found = new List<(DateTimeOffset, string)>();
        string? cursor = null;
        do
        {
            var page = await grid.Jobs.ListAsync(new() { Order = ListOrder.Due, Limit = 37, Cursor = cursor });
            found.AddRange(page.Jobs.Select(job => (job.DueAt, job.Id)));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        Assert.Equal(expected.OrderBy(job => job.Due).ThenBy(job => job.Id, StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task AChangeOfAPrefixThatIsSentAgain_IsDone_AndOfAKeyThereIsNothingToDo()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        await grid.Jobs.Keys.PutAsync("tenant", new() { Concurrency = 1 });
        Assert.True(await grid.Jobs.Keys.DeleteAsync("tenant"));
        // Its answer may have been that not all had it.
        Assert.True(await grid.Jobs.Keys.DeleteAsync("tenant"));
        Assert.False(await grid.Jobs.Keys.DeleteAsync("never"));
        await grid.Jobs.Keys.PutAsync(Key, new() { Concurrency = 1 });
        Assert.True(await grid.Jobs.Keys.DeleteAsync(Key));
        Assert.False(await grid.Jobs.Keys.DeleteAsync(Key));
        // What nobody has paused leaves no name.
        await grid.Jobs.Keys.ResumeAsync("tenant/8");
        Assert.Empty(await grid.Cluster.Client.GetGrain<IPartitionKeys>(JobKeys.PartitionOf("tenant/8", TestGrid.Partitions)).KeyNames(10));
    }

    [Fact]
    public async Task WhatARateThatRefusesHasCounted_IsStoredWithTheJob()
    {
        var inner = new MemoryPartitionStore(GridLayout.Layout);
        var commits = new List<PartitionCommit>();
        var store = WatchedStore.Around(inner, (name, args) =>
        {
            if (name == nameof(IPartitionStore.CommitAsync)) lock (commits) commits.Add((PartitionCommit)args[0]!);
            return Task.FromResult<object?>(null);
        });
        await using var grid = await TestGrid.StartAsync(store: store, configure: options => options.Limits = options.Limits with { MaxBatch = 10_000 });
        await grid.Jobs.Keys.PutAsync("tenant", new() { Rate = new(1, 60_000, 1, Rejects: true) });
        var keyed = JobKeys.Placed(new JobSubmission { Id = "", Type = "nobody", Args = "null"u8.ToArray(), Key = Key }, TestGrid.Partitions, TimeProvider.System);
        var partition = JobIds.PartitionOf(keyed.Id, TestGrid.Partitions);
        // One commit is full with it.
        var plain = Enumerable.Range(0, PendingChanges.MaxEntries - 1).Select(_ => keyed with { Key = null, Id = JobIds.NewIn(partition, TestGrid.Partitions, TimeProvider.System) });
        var receipts = await grid.Cluster.Client.GetGrain<IJobPartitionGrain>(partition).SubmitMany(new Immutable<JobSubmission[]>([.. plain, keyed]));
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Accepted, receipt.Outcome));
        lock (commits)
        {
            var commit = Assert.Single(commits, commit => commit.Of(GridLayout.Jobs.Specs).Puts.Exists(row => row.Key == keyed.Id));
            Assert.Contains(commit.Of(GridLayout.Keys.Rates).Puts, row => row.Key == Key);
        }
    }
}
