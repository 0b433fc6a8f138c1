using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    /// <summary>The names of sets and logs that the store keeps for a partition, however it does. Of sets that are not read at openings it need not keep any.</summary>
    protected abstract Task<string[]> NamesAsync(IPartitionStore store, int partition);

    [Fact]
    public async Task Names_GoWithTheLastMemberOfTheirSetOrLineOfTheirLog()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Put(Told["set:1"], "a", 1);
            commit.Put(Told["set:1"], "b", 1);
            commit.Put(Shown["set:2"], "c", 1);
            commit.Append(Lines, "log/1", 1, "a");
            commit.Append(Lines, "log/1", 2, "b");
            commit.Append(Notes, "log/2", 3, "c");
        });
        await Are("log/1", "log/2", "set:1", "set:2");

        await writer.CommitAsync(commit =>
        {
            commit.Remove(Told["set:1"], "a", 1);
            commit.Remove(Shown["set:2"], "c", 1);
        });
        await Are("log/1", "log/2", "set:1");

        await writer.CommitAsync(commit =>
        {
            commit.Remove(Lines, "log/1", 1);
            commit.Remove(Notes, "log/2", 3);
        });
        await Are("log/1", "set:1");

        // What leaves and comes within one commit stays.
        await writer.CommitAsync(commit =>
        {
            commit.Remove(Told["set:1"], "b", 1);
            commit.Put(Told["set:1"], "d", 5);
            commit.Remove(Lines, "log/1", 2);
            commit.Append(Lines, "log/1", 4, "d");
        });
        await Are("log/1", "set:1");
        Assert.Equal(["4:d"], await writer.ReadLinesAsync());
        Assert.Equal(["set:1:1:5"], Texts.Of((await writer.ReopenAsync()).Sets(Told)));

        writer = await PartitionWriter.OpenAsync(writer.Store);
        await writer.CommitAsync(commit =>
        {
            commit.Remove(Told["set:1"], "d", 5);
            commit.Remove(Lines, "log/1", 4);
        });
        await Are();

        async Task Are(params string[] names) => Assert.Equal(names, (await NamesAsync(writer.Store, writer.Partition)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ASetOfTheSameNameInAnotherPart_IsAnother()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            foreach (var sets in (OrderedSets[])[Told, Shown, Quiet]) commit.Put(sets["x"], sets.Name, 1);
            commit.Append(Lines, "x", 1, "line");
            commit.Append(Notes, "x", 2, "note");
        });
        await writer.CommitAsync(commit =>
        {
            commit.Remove(Told["x"], "told", 1);
            commit.Remove(Lines, "x", 1);
            commit.Remove(Lines, "x", 2);
        });

        Assert.Empty(await writer.ReadSetAsync(Told["x"]));
        Assert.Equal(["shown:1"], await writer.ReadSetAsync(Shown["x"]));
        Assert.Equal(["quiet:1"], await writer.ReadSetAsync(Quiet["x"]));
        Assert.Empty(await writer.ReadLinesAsync());
        Assert.Equal(["2:note"], await writer.ReadLinesAsync(of: Notes));
        var opening = await writer.ReopenAsync();
        Assert.Empty(opening.Sets(Told));
        Assert.Equal(["x:1:1"], Texts.Of(opening.Sets(Shown)));
    }
}
