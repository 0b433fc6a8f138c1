using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using OrleansJobs.Tests.Storage.Sqlite;
using OrleansJobs.Workers;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Histories;

/// <summary>History behaves alike in every store.</summary>
public abstract class HistoryStoreTests
{
    private const long Minute = 60_000;

    internal abstract Task<IPartitionStore> StoreAsync();

    [Fact]
    public async Task WhatWasCounted_IsThereAfterAnotherOpening()
    {
        var store = await StoreAsync();
        await store.OpenGridAsync(1);
        var driver = await HistoryDriver.OpenAsync(store);
        driver.Hold("default", "work", 4);
        for (var minute = 0; minute < 200; minute++)
        {
            await driver.RunAsync("job" + minute, minute % 3 == 0 ? ReportKind.Failed : ReportKind.Succeeded, waits: 10, runs: 500);
            driver.Now += Minute;
            await driver.TickAsync();
            if (minute % 50 == 49) await driver.ReopenAsync();
        }

        await driver.LeaveAsync();
        var before = (Minutes: await driver.AskAsync(), Hours: await driver.AskAsync(HistoryStep.Hour));
        await driver.ReopenAsync();
        var after = (Minutes: await driver.AskAsync(), Hours: await driver.AskAsync(HistoryStep.Hour));
        Assert.Equal(before.Minutes.Points, after.Minutes.Points);
        Assert.Equal(before.Hours.Points, after.Hours.Points);
        Assert.Equal((200, 67, 133), (after.Hours.Total.Submitted, after.Hours.Total.Failed, after.Hours.Total.Succeeded));
        Assert.Equal(4, after.Hours.Points[^1].Figures.Waiting);
        Assert.InRange(after.Hours.Total.RunTime.P50.TotalMilliseconds, 455, 550);
    }

    public sealed class InMemory : HistoryStoreTests
    {
        internal override Task<IPartitionStore> StoreAsync() => Task.FromResult<IPartitionStore>(new MemoryPartitionStore(GridLayout.Layout));
    }

    public sealed class InAFile : HistoryStoreTests, IDisposable
    {
        private readonly SqliteFolder _folder = new();
        private SqlitePartitionStore? _store;

        public void Dispose()
        {
            _store?.Dispose();
            _folder.Dispose();
        }

        internal override Task<IPartitionStore> StoreAsync() =>
            Task.FromResult<IPartitionStore>(_store = new SqlitePartitionStore(GridLayout.Layout, new SqliteStoreOptions { Path = _folder.Path("history.db"), BackupFolder = _folder.Path("backups") }));
    }

    public sealed class InRedis(RedisFixture fixture) : HistoryStoreTests, IClassFixture<RedisFixture>, IAsyncLifetime
    {
        private IConnectionMultiplexer _redis = null!;

        public async Task InitializeAsync() => _redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);

        public async Task DisposeAsync() => await _redis.DisposeAsync();

        internal override Task<IPartitionStore> StoreAsync() => Task.FromResult<IPartitionStore>(new RedisPartitionStore(_redis, "history", GridLayout.Layout));
    }
}
