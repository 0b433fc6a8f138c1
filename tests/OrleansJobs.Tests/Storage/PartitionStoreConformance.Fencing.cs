using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task CommitAsync_WhenOpenedAgainSince_IsFenced()
    {
        var old = await OpenAsync();
        await old.CommitAsync(commit => commit.Put(Heads, "a", Bytes("a")));
        var current = await PartitionWriter.OpenAsync(old.Store);

        Assert.Equal(CommitOutcome.Fenced, await old.SendAsync(commit => commit.Put(Heads, "b", Bytes("b"))));

        Assert.Equal(["a,-,-", "none"], await current.ReadRowsAsync("a", "b"));
        await current.CommitAsync(commit => commit.Put(Heads, "c", Bytes("c")));
    }

    [Fact]
    public async Task CommitAsync_SentAgain_IsAppliedOnce()
    {
        var writer = await OpenAsync();
        var commit = writer.Next(FillEachPart);

        Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(commit));
        Assert.Equal(CommitOutcome.Applied, await writer.Store.CommitAsync(commit));

        Assert.Equal(["1:a"], await writer.ReadLinesAsync());
        Assert.Equal(["n=1"], Of((await writer.ReopenAsync()).Counts(Numbers)));
    }

    [Fact]
    public async Task CommitAsync_SentAgainAfterReopening_IsFenced()
    {
        var old = await OpenAsync();
        var commit = old.Next(commit => commit.Count(Numbers, "n", 1));
        await old.Store.CommitAsync(commit);
        var current = await PartitionWriter.OpenAsync(old.Store);

        Assert.Equal(CommitOutcome.Fenced, await old.Store.CommitAsync(commit));
        await current.CommitAsync(commit => commit.Count(Numbers, "n", 1));
        Assert.Equal(CommitOutcome.Fenced, await old.Store.CommitAsync(commit));
        Assert.Equal(["n=2"], Of((await old.ReopenAsync()).Counts(Numbers)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1L << 40)]
    public async Task CommitAsync_OutOfOrder_IsFenced(long sequence)
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(_ => { });
        await writer.CommitAsync(_ => { });

        Assert.Equal(CommitOutcome.Fenced, await writer.Store.CommitAsync(writer.At(sequence, commit => commit.Count(Numbers, "n", 1))));

        await writer.CommitAsync(_ => { });
        Assert.Empty((await writer.ReopenAsync()).Counts(Numbers));
    }

    [Fact]
    public async Task CommitAsync_WhenNeverOpened_IsLost()
    {
        var store = await NewStoreAsync();
        var writer = new PartitionWriter(store, 0, new(1, existed: false, lastStamp: 0));
        Assert.Equal(CommitOutcome.Lost, await writer.SendAsync(FillEachPart));
        Assert.Equal(["none"], await writer.ReadRowsAsync("a"));
        Assert.False((await writer.ReopenAsync()).Existed);
    }

    [Fact]
    public async Task CommitAsync_WhenTheStoreWasEmptied_IsLost()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.Put(Heads, "a", []));
        await EmptyAsync(writer.Store);

        Assert.Equal(CommitOutcome.Lost, await writer.SendAsync(commit => commit.Put(Heads, "b", [])));
        Assert.Equal(CommitOutcome.Lost, await writer.SendAsync(commit => commit.Remove(Heads, "a")));
        Assert.False((await writer.ReopenAsync()).Existed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task CommitAsync_WithASequenceBelowOne_IsRefused(long sequence)
    {
        var writer = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(writer.At(sequence, _ => { })));
        await writer.CommitAsync(_ => { });
    }

    /// <summary>Stamps grow over all logs of a partition together.</summary>
    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void Append_WhereStampsDoNotGrow_IsRefused(long first, long second)
    {
        var commit = new PartitionCommit(0, 1, 1);
        Assert.Throws<ArgumentException>(() =>
        {
            commit.Append(Lines, "x", first, "a");
            commit.Append(Notes, "y", second, "b");
        });
    }

    [Fact]
    public async Task CommitAsync_WithAStampThatWasPassed_IsRefusedWhole()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.Append(Lines, "x", 10, "a"));
        var late = writer.At(2, commit =>
        {
            FillEachPart(commit);
            commit.Append(Lines, "x", 11, "b");
        });

        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(late));

        Assert.Equal(["none"], await writer.ReadRowsAsync("a"));
        Assert.Equal(["10:a"], await writer.ReadLinesAsync());
        // The stamp stays passed when its line has gone.
        await writer.CommitAsync(commit => commit.Remove(Lines, "x", 10));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(writer.At(3, commit => commit.Append(Notes, "y", 10, "b"))));
        await writer.CommitAsync(commit => commit.Append(Notes, "y", 11, "b"));
        Assert.Equal(11, (await writer.ReopenAsync()).LastStamp);
    }
}
