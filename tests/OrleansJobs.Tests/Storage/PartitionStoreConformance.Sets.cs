using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    private const long LastExact = (1L << 53) - 1;

    /// <summary>Sets of every part that has some: what is read of them must not depend on which.</summary>
    public static readonly TheoryData<string> SetKinds = ["ranks", "told", "quiet"];

    private protected static SetName SetOf(string kind) => kind switch { "ranks" => Ranks.Only, "told" => Told["set"], _ => Quiet["set"] };

    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task Sets_AreInTheOrderOfScoreThenMember(string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        string[] members = ["b", "B", "a", "_", "-", "0", "aa", "Z", "k-1", "K.1", "é", "日本", "~", "\u007f", "\u0001", "a b", "a\n", "\uffee"];
        await writer.CommitAsync(commit =>
        {
            foreach (var member in members) commit.Put(set, member, 5);
            commit.Put(set, "later", 6);
            commit.Put(set, "sooner", 4);
            commit.Put(Shown["set"], "x", 1);
        });
        string[] ordered = ["sooner:4", .. members.Order(StringComparer.Ordinal).Select(member => $"{member}:5"), "later:6"];

        Assert.Equal(ordered, Of(await writer.ReadPageAsync(set)));
        Assert.Equal(ordered, await writer.ReadSetAsync(set));
        Assert.Equal(ordered.Reverse(), await writer.ReadSetAsync(set, descending: true));
        Assert.Empty(await writer.ReadPageAsync(set, limit: 0));
        Assert.Empty(await writer.ReadPageAsync(Told["no such set"]));
        Assert.Empty(await writer.ReadSetAsync(Quiet["no such set"]));
    }

    [Theory]
    [InlineData(1, "told")]
    [InlineData(3, "ranks")]
    [InlineData(3, "quiet")]
    [InlineData(1000, "told")]
    public async Task ReadPageAsync_PageByPage_GivesEachOnce(int size, string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        var random = new Random(7);
        var expected = Enumerable.Range(0, 200).Select(i => (Score: (long)random.Next(4), Member: $"m{random.Next()}{(i % 2 == 0 ? "A" : "é")}")).ToList();
        await writer.CommitAsync(commit =>
        {
            foreach (var (score, member) in expected) commit.Put(set, member, score);
        });
        expected.Sort((x, y) => x.Score != y.Score ? x.Score.CompareTo(y.Score) : string.CompareOrdinal(x.Member, y.Member));

        var found = new List<(long, string)>();
        var after = SetPlace.Start;
        while (await writer.ReadPageAsync(set, size, after) is { Length: > 0 } page)
        {
            Assert.Equal(Math.Min(size, expected.Count - found.Count), page.Length);
            found.AddRange(page.Select(line => (line.Score, line.Member)));
            after = new(page[^1].Score, page[^1].Member);
        }

        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task ReadPageAsync_FromAPlaceThatIsNoMembers_StartsBehindIt()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            foreach (var (member, score) in (IEnumerable<(string, long)>)[("e", 1), ("b", 2), ("d", 2), ("a", 3)]) commit.Put(Told["set"], member, score);
        });

        Assert.Equal(["d:2", "a:3"], await AfterAsync(2, "c"));
        Assert.Equal(["b:2", "d:2", "a:3"], await AfterAsync(2, ""));
        Assert.Equal(["a:3"], await AfterAsync(2, "zzz"));
        Assert.Equal(["b:2", "d:2", "a:3"], await AfterAsync(1, "zzz"));
        Assert.Empty(await AfterAsync(3, "a"));
        Assert.Empty(await AfterAsync(long.MaxValue, ""));

        async Task<string[]> AfterAsync(long score, string member) => Of(await writer.ReadPageAsync(Told["set"], after: new(score, member)));
    }

    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task ReadPageAsync_BringsRowsUntilTheBudgetIsPassed(string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 100; i++)
            {
                commit.Put(Heads, $"m{i:00}", new byte[90]);
                commit.Put(Bodies, $"m{i:00}", new byte[10]);
                commit.Put(set, $"m{i:00}", i);
            }
        });

        Assert.Equal(0, await RowsAsync(0));
        Assert.Equal(1, await RowsAsync(1));
        Assert.Equal(1, await RowsAsync(100));
        Assert.Equal(2, await RowsAsync(101));
        Assert.Equal(50, await RowsAsync(5000));
        Assert.Equal(100, await RowsAsync(int.MaxValue));

        async Task<int> RowsAsync(int budget)
        {
            var page = await writer.ReadPageAsync(set, byteBudget: budget);
            Assert.Equal(100, page.Length);
            var count = page.TakeWhile(line => line.Rows is not null).Count();
            Assert.All(page.Take(count), line => Assert.Equal((90, 10), (line.Rows!.Value[0]!.Length, line.Rows.Value[1]!.Length)));
            Assert.All(page.Skip(count), line => Assert.Null(line.Rows));
            return count;
        }
    }

    [Fact]
    public async Task ReadPageAsync_WhereAMembersRowIsMissing_BringsTheOthers()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", Bytes("A"));
            commit.Put(Heads, "c", Bytes("C"));
            commit.Put(Bodies, "b", Bytes("headless"));
            foreach (var member in (string[])["a", "b", "c"]) commit.Put(Told["set"], member, 1);
        });

        Assert.Equal(["A,-,-", "none", "C,-,-"], (await writer.ReadPageAsync(Told["set"])).Select(line => Text(line.Rows!.Value)));
    }

    [Fact]
    public async Task CountAsync_CountsUpToAScore_SetBySet()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            foreach (var sets in (OrderedSets[])[Told, Quiet])
            {
                commit.Put(sets["x"], "a", 1);
                commit.Put(sets["x"], "b", 2);
                commit.Put(sets["x"], "c", 3);
                commit.Put(sets["y"], "d", 2);
                commit.Put(sets["z"], "e", 9);
            }

            commit.Put(Shown["x"], "f", 0);
        });

        foreach (var sets in (OrderedSets[])[Told, Quiet])
        {
            Assert.Equal([2, 0, 1, 0], await CountAsync(sets, 2, "x", "none", "y", "z"));
            Assert.Equal([1, 3, 3], await CountAsync(sets, LastExact, "z", "x", "x"));
            Assert.Equal([0], await CountAsync(sets, 0, "x"));
            Assert.Empty(await CountAsync(sets, 2));
        }

        async Task<IEnumerable<long>> CountAsync(OrderedSets sets, long upTo, params string[] names) => await writer.Store.CountAsync(0, sets, names, upTo);
    }

    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task AMemberThatIsRemovedAndPut_Moves(string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        await writer.CommitAsync(commit =>
        {
            commit.Put(set, "a", 1);
            commit.Put(set, "b", 2);
        });
        await writer.CommitAsync(commit => commit.Put(set, "a", 1));
        Assert.Equal(["a:1", "b:2"], await writer.ReadSetAsync(set));

        await writer.CommitAsync(commit =>
        {
            commit.Put(set, "a", 3);
            commit.Remove(set, "a", 1);
        });
        Assert.Equal(["b:2", "a:3"], await writer.ReadSetAsync(set));

        await writer.CommitAsync(commit =>
        {
            commit.Put(set, "b", 4);
            commit.Remove(set, "b", 2);
        });
        Assert.Equal(["a:3", "b:4"], await writer.ReadSetAsync(set));
        var opening = await writer.ReopenAsync();
        Assert.Equal(kind == "told" ? ["set:2:3"] : [], Of(opening.Sets(Told)));
        Assert.Equal(kind == "ranks" ? 3 : null, opening.First(Ranks));
    }

    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task ReadSetAsync_GivesThoseBetweenScores(string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        await writer.CommitAsync(commit =>
        {
            foreach (var (member, score) in (IEnumerable<(string, long)>)[("b", 20), ("a", 30), ("c", 10), ("aa", 20), ("d", -5)]) commit.Put(set, member, score);
        });

        Assert.Equal(["d:-5", "c:10", "aa:20", "b:20", "a:30"], await writer.ReadSetAsync(set));
        Assert.Equal(["d:-5"], await writer.ReadSetAsync(set, to: 9));
        Assert.Equal(["c:10"], await writer.ReadSetAsync(set, from: 0, to: 10));
        Assert.Equal(["aa:20", "b:20", "a:30"], await writer.ReadSetAsync(set, from: 20));
        Assert.Equal(["aa:20", "b:20"], await writer.ReadSetAsync(set, from: 11, to: 29));
        Assert.Equal(["b:20", "aa:20"], await writer.ReadSetAsync(set, from: 11, to: 29, descending: true));
        Assert.Equal(["d:-5", "c:10"], await writer.ReadSetAsync(set, limit: 2));
        Assert.Equal(["a:30", "b:20"], await writer.ReadSetAsync(set, limit: 2, descending: true));
        Assert.Empty(await writer.ReadSetAsync(set, to: -6));
        Assert.Empty(await writer.ReadSetAsync(set, from: 31));
        Assert.Empty(await writer.ReadSetAsync(set, from: 20, to: 19));
        Assert.Empty(await writer.ReadSetAsync(set, limit: 0));
    }

    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task Scores_AreExactBelowTwoToThe53(string kind)
    {
        var (writer, set) = (await OpenAsync(), SetOf(kind));
        await writer.CommitAsync(commit =>
        {
            commit.Put(set, "b", LastExact - 1);
            commit.Put(set, "a", LastExact);
            commit.Put(set, "c", -5);
            commit.Put(set, "d", -LastExact);
            commit.Put(Shown["x"], "e", LastExact);
        });

        string[] all = [$"d:{-LastExact}", "c:-5", $"b:{LastExact - 1}", $"a:{LastExact}"];
        Assert.Equal(all, Of(await writer.ReadPageAsync(set)));
        Assert.Equal(all[3..], Of(await writer.ReadPageAsync(set, after: new(LastExact - 1, "b"))));
        Assert.Equal(all[1..], Of(await writer.ReadPageAsync(set, after: new(-LastExact, "d"))));
        Assert.Equal(all, await writer.ReadSetAsync(set));
        Assert.Equal(all[..3], await writer.ReadSetAsync(set, to: LastExact - 1));
        Assert.Equal(all[3..], await writer.ReadSetAsync(set, from: LastExact));
        if (kind == "told") Assert.Equal(3, Assert.Single(await writer.Store.CountAsync(0, Told, ["set"], LastExact - 1)));
        Assert.Equal([$"x:1:{LastExact}"], Of((await writer.ReopenAsync()).Sets(Shown)));
    }
}
