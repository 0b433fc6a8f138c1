using OrleansJobs.Records;
using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task Rows_AreAsTheLastCommitLeftThem()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", Bytes("A"));
            commit.Put(Heads, "b", Bytes("B"));
            commit.Put(Bodies, "a", Bytes("1"));
        });
        Assert.Equal(["A,1,-"], await writer.ReadRowsAsync("a"));

        await writer.CommitAsync(commit =>
        {
            commit.Remove(Bodies, "a");
            commit.Put(Tails, "a", Bytes("2"));
        });
        Assert.Equal(["A,-,2"], await writer.ReadRowsAsync("a"));

        await writer.CommitAsync(commit =>
        {
            commit.Put(Bodies, "a", Bytes("3"));
            commit.Put(Tails, "a", Bytes("4"));
        });
        Assert.Equal(["B,-,-", "none", "A,3,4", "A,3,4"], await writer.ReadRowsAsync("b", "nobody", "a", "a"));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1000)]
    public async Task AKey_ExistsWhereTheFirstTableHasARow(int byteBudget)
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Put(Bodies, "headless", Bytes("b"));
            commit.Put(Heads, "empty", []);
            commit.Put(Heads, "both", Bytes("h"));
            commit.Put(Bodies, "both", Bytes("b"));
        });

        Assert.Equal(["none", ",-", "h,b"], await ReadAsync(Heads, Bodies));
        Assert.Equal(["b,-", "none", "b,h"], await ReadAsync(Bodies, Heads));
        Assert.Equal(["none", "", "h"], await ReadAsync(Heads));

        async Task<string[]> ReadAsync(params RowTable[] tables) =>
            Array.ConvertAll(await writer.Store.ReadRowsAsync(0, new RowRead(tables) { ByteBudget = byteBudget }, ["headless", "empty", "both"]), Text);
    }

    [Fact]
    public async Task ReadRowsAsync_OfNoKeys_IsEmpty()
    {
        var store = await NewStoreAsync();
        Assert.Empty(await store.ReadRowsAsync(0, Whole, []));
        Assert.Empty(await store.ReadRowsAsync(0, Whole with { ByteBudget = 1000 }, []));
    }

    [Fact]
    public async Task ReadRowsAsync_LeavesOutAFieldOfEach_AndEndsAtTheBudget()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 40; i++)
            {
                commit.Put(Heads, $"r{i:00}", Record(4, 1000));
                commit.Put(Bodies, $"r{i:00}", Record(0, 0));
                commit.Put(Tails, $"r{i:00}", Record(2, 64_000));
            }

            commit.Put(Heads, "lean", Record(0, 0));
        });
        string[] all = [.. Enumerable.Range(0, 40).Select(i => $"r{i:00}")];
        var (lean, counted) = (Record(0, 0), (3 * Record(0, 0).Length) + (64_000 / 64) + (1000 / 64));

        var rows = await ReadAsync(["lean", "nobody", .. all], int.MaxValue);
        Assert.Equal(42, rows.Length);
        Assert.Equal([lean, null, null], rows[0].Values!);
        Assert.False(rows[1].Exist);
        Assert.All(rows.Skip(2), row => Assert.Equal([lean, lean, lean], row.Values!));

        Assert.Empty(await ReadAsync([], 1000));
        Assert.Empty(await ReadAsync(all, 0));
        Assert.Single(await ReadAsync(all, 1));
        Assert.Equal(20, (await ReadAsync(all, 20 * counted)).Length);
        Assert.Equal(21, (await ReadAsync(all, (20 * counted) + 1)).Length);
        Assert.Equal(all.Length, (await ReadAsync(all, 40 * counted)).Length);

        ValueTask<StoredRows[]> ReadAsync(string[] keys, int budget) =>
            writer.Store.ReadRowsAsync(0, new RowRead([new(Heads, 4), new(Bodies), new(Tails, 2)], budget), keys);

        // A field of each kind, before and behind the one that is left out.
        static byte[] Record(int field, int size)
        {
            var writer = new RecordWriter(size);
            writer.Number(1, long.MaxValue);
            writer.Double(3, 0.5);
            if (field > 0) writer.Bytes(field, new byte[size]);
            writer.Bytes(20, new byte[300]);
            writer.Signed(21, -1);
            return writer.ToArray();
        }
    }

    /// <summary>More than a script reads at a time.</summary>
    [Fact]
    public async Task ReadRowsAsync_OfThousandsOfKeys_GivesThemInOrder()
    {
        const int N = 9001;
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < N; i += 2) commit.Put(Heads, $"r{i}", Bytes($"{i}"));
        });

        var expected = Enumerable.Range(0, N).Reverse().Select(i => i % 2 == 0 ? $"{i}" : "none");
        string[] keys = [.. Enumerable.Range(0, N).Reverse().Select(i => $"r{i}")];
        Assert.Equal(expected, (await writer.Store.ReadRowsAsync(0, new(Heads), keys)).Select(Text));
        Assert.Equal(expected, (await writer.Store.ReadRowsAsync(0, new([new(Heads)], 1 << 20), keys)).Select(Text));
    }
}
