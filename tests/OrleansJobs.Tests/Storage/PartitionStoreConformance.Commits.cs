using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task Removes_GoBeforePuts_OfWhatHasTheSameName()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(FillEachPart);
        // Said the other way round, which must not matter.
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", Bytes("new"));
            commit.Put(Marks, "a", Bytes("new"));
            foreach (var set in (SetName[])[Ranks.Only, Told["set"], Quiet["set"]]) commit.Put(set, "a", 2);
            commit.Append(Lines, "log", 3, "a");

            foreach (var table in (RowTable[])[Heads, Bodies, Marks]) commit.Remove(table, "a");
            foreach (var set in (SetName[])[Ranks.Only, Turns.Only, Told["set"], Quiet["set"]]) commit.Remove(set, "a", 1);
            commit.Remove(Lines, "log", 1);
        });

        Assert.Equal(["new,-,tails"], await writer.ReadRowsAsync("a"));
        Assert.Equal(["a:2"], await writer.ReadSetAsync(Ranks.Only));
        Assert.Empty(await writer.ReadSetAsync(Turns.Only));
        Assert.Equal(["a:2"], await writer.ReadSetAsync(Told["set"]));
        Assert.Equal(["a:2"], await writer.ReadSetAsync(Quiet["set"]));
        Assert.Equal(["3:a"], await writer.ReadLinesAsync());
        Assert.Equal(["2:a"], await writer.ReadLinesAsync(of: Notes));
        var opening = await writer.ReopenAsync();
        Assert.Equal(["a=new"], Of(opening.Rows(Marks)));
        Assert.Equal(["set:1:2"], Of(opening.Sets(Told)));
        Assert.Equal(2, opening.First(Ranks));
    }

    [Fact]
    public async Task ThePutsOfOneKey_AreAppliedInOrder()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", Bytes("1"));
            commit.Put(Heads, "b", Bytes("1"));
            commit.Put(Heads, "a", Bytes("2"));
            commit.Put(Told["x"], "a", 2);
            commit.Put(Told["y"], "a", 1);
            commit.Put(Told["x"], "a", 2);
        });

        Assert.Equal(["2,-,-", "1,-,-"], await writer.ReadRowsAsync("a", "b"));
        Assert.Equal(["a:2"], await writer.ReadSetAsync(Told["x"]));
        Assert.Equal(["a:1"], await writer.ReadSetAsync(Told["y"]));
    }

    [Fact]
    public async Task Removes_OfWhatIsNotThere_ChangeNothing()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(Remove);
        await writer.CommitAsync(FillEachPart);
        await writer.CommitAsync(Remove);

        Assert.Equal(["heads,bodies,tails"], await writer.ReadRowsAsync("a"));
        Assert.Equal(["a:1"], await writer.ReadSetAsync(Told["set"]));
        Assert.Equal(["1:a"], await writer.ReadLinesAsync());
        Assert.Equal(["set:1:1"], Of((await writer.ReopenAsync()).Sets(Told)));

        static void Remove(PartitionCommit commit)
        {
            foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Remove(table, "x");
            foreach (var set in (SetName[])[Ranks.Only, Turns.Only, Told["set"], Told["none"], Shown["none"], Quiet["set"], Quiet["none"]]) commit.Remove(set, "x", 1);
            commit.Remove(Lines, "log", 7);
            commit.Remove(Lines, "none", 1);
        }
    }

    [Fact]
    public async Task Counts_AddUp()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Count(Numbers, "up", 1L << 40);
            commit.Count(Numbers, "down", -1);
            commit.Count(Numbers, "twice", 1);
            commit.Count(Numbers, "twice", 1);
            commit.Count(Numbers, "nothing", 1);
            commit.Count(Numbers, "nothing", -1);
            commit.Count(Tallies, "up", 7);
        });
        await writer.CommitAsync(commit =>
        {
            commit.Count(Numbers, "up", 2);
            commit.Count(Numbers, "down", -2);
            commit.Count(Numbers, "twice", -2);
        });

        var opening = await writer.ReopenAsync();

        Assert.Equal(["down=-3", $"up={(1L << 40) + 2}"], Of(opening.Counts(Numbers)));
        Assert.Equal(["up=7"], Of(opening.Counts(Tallies)));
    }

    [Fact]
    public void IsEmpty_WhereNothingIsLeftToDo()
    {
        var commit = new PartitionCommit(0, 1, 1);
        Assert.True(commit.IsEmpty);
        commit.Count(Numbers, "n", 1);
        Assert.False(commit.IsEmpty);
        commit.Count(Numbers, "n", -1);
        Assert.True(commit.IsEmpty);
        commit.Remove(Notes, "log", 1);
        Assert.False(commit.IsEmpty);
    }

    [Fact]
    public async Task CommitAsync_OfAMebibyte_KeepsEveryByte()
    {
        var writer = await OpenAsync();
        var (head, mark) = (new byte[1 << 20], new byte[1 << 20]);
        new Random(1).NextBytes(head);
        new Random(2).NextBytes(mark);
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", head);
            commit.Put(Marks, "a", mark);
            commit.Put(Bodies, "a", []);
        });

        var rows = Assert.Single(await writer.Store.ReadRowsAsync(0, Whole, ["a"]));

        Assert.Equal(head, rows[0]);
        Assert.Empty(rows[1]!);
        Assert.Null(rows[2]);
        Assert.Equal(mark, Assert.Single((await writer.ReopenAsync()).Rows(Marks)).Value);
    }

    [Fact]
    public async Task CommitAsync_OfFiveThousandOfEachKind_AppliesAll()
    {
        const int N = 5000;
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < N; i++)
            {
                foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Put(table, $"m{i}", Bytes($"{table.Name}{i}"));
                commit.Put(Told[$"set{i % 3}"], $"m{i}", i);
                commit.Put(Shown["only"], $"m{i}", i);
                commit.Put(Quiet[$"set{i}"], $"m{i}", i);
                commit.Put(Ranks.Only, $"m{i}", i);
                commit.Append(Lines, $"log{i % 3}", (2 * i) + 1, $"m{i}");
                commit.Append(Notes, $"log{i % 500}", (2 * i) + 2, $"m{i}");
                commit.Count(Numbers, $"n{i}", i + 1);
            }
        });

        string[] keys = [.. Enumerable.Range(0, N).Select(i => $"m{i}")];
        Assert.Equal(Enumerable.Range(0, N).Select(i => $"heads{i},bodies{i},tails{i}"), await writer.ReadRowsAsync(keys));
        Assert.Equal(Enumerable.Range(0, N).Select(i => $"m{i}:{i}"), await writer.ReadSetAsync(Ranks.Only, limit: 2 * N));
        Assert.Equal(Enumerable.Range(0, N).Reverse().Select(i => $"{(2 * i) + 1}:m{i}"), await writer.ReadLinesAsync(limit: 2 * N));
        Assert.Equal(Enumerable.Range(0, N).Reverse().Take(50).Select(i => $"{(2 * i) + 2}:m{i}"), await writer.ReadLinesAsync(limit: 50, of: Notes));
        Assert.Equal(["m4999:4999"], await writer.ReadSetAsync(Quiet["set4999"]));
        Assert.All(await writer.Store.CountAsync(0, Quiet, [.. Enumerable.Range(0, N).Select(i => $"set{i}")], N), count => Assert.Equal(1, count));
        var opening = await writer.ReopenAsync();
        Assert.Equal((N, N), (opening.Counts(Numbers).Length, opening.Rows(Marks).Length));
        Assert.Equal(["set0:1667:0", "set1:1667:1", "set2:1666:2"], Of(opening.Sets(Told)));
        Assert.Equal(["only:5000:0"], Of(opening.Sets(Shown)));

        var again = await PartitionWriter.OpenAsync(writer.Store);
        await again.CommitAsync(commit =>
        {
            for (var i = 0; i < N; i++)
            {
                foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Remove(table, $"m{i}");
                commit.Remove(Told[$"set{i % 3}"], $"m{i}", i);
                commit.Remove(Shown["only"], $"m{i}", i);
                commit.Remove(Quiet[$"set{i}"], $"m{i}", i);
                commit.Remove(Ranks.Only, $"m{i}", i);
                commit.Remove(Lines, $"log{i % 3}", (2 * i) + 1);
                commit.Remove(Notes, $"log{i % 500}", (2 * i) + 2);
                commit.Count(Numbers, $"n{i}", -i - 1);
            }
        });

        Assert.All(await again.ReadRowsAsync(keys), row => Assert.Equal("none", row));
        Assert.Empty(await again.ReadSetAsync(Ranks.Only));
        Assert.Empty(await again.ReadSetAsync(Quiet["set0"]));
        Assert.Empty(await again.ReadLinesAsync());
        Assert.Empty(await again.ReadLinesAsync(of: Notes));
        Assert.Empty(await NamesAsync(again.Store, again.Partition));
        opening = await again.ReopenAsync();
        Assert.Equal((0, 0), (opening.Counts(Numbers).Length, opening.Rows(Marks).Length));
        Assert.Empty(opening.Sets(Told));
        Assert.Empty(opening.Sets(Shown));
        Assert.Null(opening.First(Ranks));
        Assert.Equal(2 * N, opening.LastStamp);
    }
}
