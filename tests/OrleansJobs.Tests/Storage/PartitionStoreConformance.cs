using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

/// <summary>What every store must do, whatever is kept in it. Each test has a store of its own, empty, with <see cref="TestLayout"/>.</summary>
public abstract partial class PartitionStoreConformance
{
    protected abstract Task<IPartitionStore> NewStoreAsync();

    /// <summary>Takes everything out of a store from outside.</summary>
    protected abstract Task EmptyAsync(IPartitionStore store);

    private async Task<PartitionWriter> OpenAsync() => await PartitionWriter.OpenAsync(await NewStoreAsync());

    [Fact]
    public async Task OpenGridAsync_WhenThereIsNone_CreatesIt()
    {
        var store = await NewStoreAsync();
        Assert.Null(await store.ReadGridAsync());

        var grid = await store.OpenGridAsync(32);

        Assert.Equal(32, grid.Partitions);
        Assert.NotEmpty(grid.Incarnation);
        Assert.Equal(64, grid.Secret.Length);
        Assert.DoesNotContain(grid.Secret, $"{grid}");
        Assert.Equal(grid, await store.OpenGridAsync(32));
        Assert.Equal(grid, await store.ReadGridAsync());
    }

    [Fact]
    public async Task OpenGridAsync_WithAnotherNumberOfPartitions_SaysBothAndChangesNothing()
    {
        var store = await NewStoreAsync();
        var grid = await store.OpenGridAsync(32);

        var error = await Assert.ThrowsAsync<GridMismatchException>(async () => await store.OpenGridAsync(16));

        Assert.Equal((16, 32), (error.Configured, error.Stored));
        Assert.Equal(grid, await store.ReadGridAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task OpenGridAsync_WithoutPartitions_IsRefused(int partitions)
    {
        var store = await NewStoreAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.OpenGridAsync(partitions));
        Assert.Null(await store.ReadGridAsync());
    }

    [Fact]
    public async Task OpenGridAsync_WhenTheStoreWasEmptied_DrawsAnotherIncarnation()
    {
        var store = await NewStoreAsync();
        var before = await store.OpenGridAsync(32);
        await EmptyAsync(store);

        Assert.Null(await store.ReadGridAsync());
        var after = await store.OpenGridAsync(32);
        Assert.NotEqual(before.Incarnation, after.Incarnation);
        Assert.NotEqual(before.Secret, after.Secret);
    }

    [Fact]
    public async Task PutAsync_KeepsTheLatestRowOfEachKey_TableByTable()
    {
        var store = await NewStoreAsync();
        Assert.Empty(await store.ReadAsync(Shared));
        await store.PutAsync(Shared, new Dictionary<string, byte[]> { ["a"] = Bytes("1"), ["b"] = Bytes("2") });
        await store.PutAsync(Common, new Dictionary<string, byte[]> { ["a"] = Bytes("other") });
        await store.PutAsync(Shared, new Dictionary<string, byte[]> { ["b"] = Bytes("3"), ["é"] = [] });
        await store.PutAsync(Shared, new Dictionary<string, byte[]>());

        Assert.Equal(["a=1", "b=3", "é="], Of(await store.ReadAsync(Shared)));
        Assert.Equal(["a=other"], Of(await store.ReadAsync(Common)));

        await EmptyAsync(store);
        Assert.Empty(await store.ReadAsync(Shared));
    }

    [Fact]
    public async Task Partitions_KnowNothingOfEachOther()
    {
        var store = await NewStoreAsync();
        var one = await PartitionWriter.OpenAsync(store, 1);
        var eleven = await PartitionWriter.OpenAsync(store, 11);
        await one.CommitAsync(FillEachPart);

        Assert.Equal(["none"], await eleven.ReadRowsAsync("a"));
        Assert.Empty(await eleven.ReadSetAsync(Ranks.Only));
        Assert.Empty(await eleven.ReadPageAsync(Told["set"]));
        Assert.Empty(await eleven.ReadSetAsync(Quiet["set"]));
        Assert.Empty(await eleven.ReadLinesAsync());
        var opening = await eleven.ReopenAsync();
        Assert.Equal(0, opening.LastStamp);
        Assert.Empty(opening.Rows(Marks));
        Assert.Empty(opening.Sets(Told));
        Assert.Empty(opening.Counts(Numbers));

        await one.CommitAsync(commit => commit.Put(Heads, "b", []));
        eleven = await PartitionWriter.OpenAsync(store, 11);
        await eleven.CommitAsync(FillEachPart);
    }

    [Fact]
    public async Task ReadTimeAsync_IsTheStoresClock()
    {
        var store = await NewStoreAsync();
        var before = TimeProvider.System.GetUtcNow();
        var read = await store.ReadTimeAsync();
        // Both run on this machine; Redis tells microseconds.
        Assert.InRange(read, before.AddMicroseconds(-1), TimeProvider.System.GetUtcNow());
        Assert.True(await store.ReadTimeAsync() >= read);
    }

    [Fact]
    public async Task ReadFullnessAsync_OfAnEmptyStore_IsNextToNothing() => Assert.InRange(await (await NewStoreAsync()).ReadFullnessAsync(), 0, 0.01);

    private static void FillEachPart(PartitionCommit commit)
    {
        foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Put(table, "a", Bytes(table.Name));
        foreach (var set in (SetName[])[Ranks.Only, Turns.Only, Told["set"], Shown["set"], Quiet["set"]]) commit.Put(set, "a", 1);
        commit.Append(Lines, "log", 1, "a");
        commit.Append(Notes, "log", 2, "a");
        foreach (var counters in (CounterTable[])[Numbers, Tallies]) commit.Count(counters, "n", 1);
    }
}
