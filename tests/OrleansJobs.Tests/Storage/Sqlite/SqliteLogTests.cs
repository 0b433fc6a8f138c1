using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>The log beside the file: however much is read or removed, it is used anew, and what is written waits for none of that.</summary>
public sealed class SqliteLogTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhileSomebodyAlwaysReads_TheLogIsUsedAnew()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        await SqliteFolder.FillAsync(writer, 0, 1000);
        using var stop = new CancellationTokenSource();
        // As many as may read at a time, each for as long as a page of a list takes.
        var readers = Enumerable.Range(0, 8).Select(_ => ReadOnAsync(store, stop.Token)).ToArray();
        var most = 0L;
        for (var round = 1; round <= 30; round++)
        {
            await SqliteFolder.FillAsync(writer, round * 1000, 1000);
            most = Math.Max(most, _folder.LogBytes);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0, "it came to read"));
        Assert.InRange(most, 1, SqliteFolder.MostLog);
    }

    [Fact]
    public async Task ALogThatGrewBehindAReader_ShrinksWhenThatIsGone()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        await SqliteFolder.FillAsync(writer, 0, 1000);
        using var gate = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = store.Readers.ReadAsync(
            statements =>
            {
                SqliteFolder.Number(statements, $"SELECT count(*) FROM {SqliteTables.Rows(TestLayout.Heads)}");
                began.SetResult();
                return gate.Wait(TimeSpan.FromSeconds(60));
            },
            default);
        await began.Task;
        var round = 1;
        for (; round <= 40 && _folder.LogBytes <= SqliteFolder.MostLog; round++) await SqliteFolder.FillAsync(writer, round * 1000, 1000);
        Assert.True(_folder.LogBytes > SqliteFolder.MostLog, "nothing of the log could be used anew");

        gate.Set();
        Assert.True(await reading);
        for (var last = round + 40; round <= last && _folder.LogBytes > SqliteFolder.MostLog; round++) await SqliteFolder.FillAsync(writer, round * 1000, 1000);
        Assert.InRange(_folder.LogBytes, 1, SqliteFolder.MostLog);
    }

    [Fact]
    public async Task WhileRoomIsGivenBack_TheLogStaysSmall()
    {
        var store = _folder.Open();
        var writer = await PartitionWriter.OpenAsync(store);
        for (var from = 0; from < 20_000; from += 1000) await SqliteFolder.FillAsync(writer, from, 1000);
        for (var from = 0; from < 20_000; from += 1000)
        {
            await writer.CommitAsync(commit =>
            {
                for (var i = from; i < from + 1000; i++) commit.Remove(TestLayout.Heads, $"key-{i}");
            });
        }

        // Some 80 MB are given back as soon as nobody writes, and nothing is written after it.
        await UntilAsync(async () => await store.Readers.ReadAsync(statements => SqliteFolder.Number(statements, "PRAGMA freelist_count"), default) <= 1024);
        Assert.InRange(_folder.LogBytes, 0, 16 * SqliteFolder.MegaByte);
    }

    /// <summary>Lists and counts may look at a million rows; a partition that needs its next page does not stand behind them.</summary>
    [Fact]
    public async Task WhatPartitionsNeed_DoesNotWaitForLists()
    {
        var store = _folder.Open();
        using var gate = new ManualResetEventSlim();
        using var cancelled = new CancellationTokenSource();
        var lists = Enumerable.Range(0, 8).Select(_ => store.Readers.ReadAsync(Wait, cancelled.Token, isWide: true)).ToArray();
        await store.ReadRowsAsync(0, TestLayout.Whole, ["none"]).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        // Whoever waits for them goes, and two of them still read: their places are not free.
        await cancelled.CancelAsync();
        foreach (var list in lists) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => list);
        var next = store.Readers.ReadAsync(Wait, default, isWide: true);
        await store.ReadRowsAsync(0, TestLayout.Whole, ["none"]).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(next.IsCompleted);
        Assert.Equal(2, _reading);
        gate.Set();
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30)));

        bool Wait(SqliteStatements statements)
        {
            Interlocked.Increment(ref _reading);
            return gate.Wait(TimeSpan.FromSeconds(60));
        }
    }

    [Theory]
    [InlineData(60_000, 60_000), InlineData(60_000, 10), InlineData(10, 60_000), InlineData(60_000, 0)]
    public async Task ManyMembers_AreCountedFromTheShorterEnd(int below, int above)
    {
        var writer = await PartitionWriter.OpenAsync(_folder.Open());
        var members = below + above;
        for (var from = 0; from < members; from += 20_000)
        {
            await writer.CommitAsync(commit =>
            {
                for (var i = from; i < Math.Min(members, from + 20_000); i++) commit.Put(TestLayout.Told["set"], $"m{i}", i);
            });
        }

        // With very many on both sides it is at least so many, and no more are looked at.
        var expected = Math.Min(below, above) < SqliteReads.MostCounted ? below : SqliteReads.MostCounted;
        Assert.Equal(expected, Assert.Single(await writer.Store.CountAsync(0, TestLayout.Told, ["set"], below - 1)));
    }

    private int _reading;

    private static async Task<int> ReadOnAsync(SqlitePartitionStore store, CancellationToken stop)
    {
        var reads = 0;
        for (; !stop.IsCancellationRequested; reads++)
            await store.Readers.ReadAsync(statements => SqliteFolder.Number(statements, $"SELECT sum(length(row)) FROM (SELECT row FROM {SqliteTables.Rows(TestLayout.Heads)} LIMIT 1000)"), default);
        return reads;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "room is given back");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
