using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task OpenAsync_TheFirstTime_FindsNothing()
    {
        var opening = (await OpenAsync()).Opening;

        Assert.False(opening.Existed);
        Assert.Equal(0, opening.LastStamp);
        Assert.Empty(opening.Rows(Marks));
        Assert.Empty(opening.Sets(Told));
        Assert.Empty(opening.Sets(Shown));
        Assert.Empty(opening.Counts(Numbers));
        Assert.Empty(opening.Counts(Tallies));
        Assert.Null(opening.First(Ranks));
        Assert.Null(opening.First(Turns));
    }

    [Fact]
    public async Task OpenAsync_AfterCommits_FindsWhatTheLayoutSays()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            foreach (var (set, member, score) in (IEnumerable<(SetName, string, long)>)
                     [
                         (Told["x"], "a", 500), (Told["x"], "b", 400), (Told["y"], "c", 1), (Shown["x"], "d", -7), (Quiet["x"], "e", 1),
                         (Ranks.Only, "a", 9000), (Ranks.Only, "b", 8000), (Turns.Only, "a", 1),
                     ])
            {
                commit.Put(set, member, score);
            }

            commit.Put(Heads, "c", Bytes("head"));
            commit.Put(Marks, "c", Bytes("mark"));
            commit.Put(Marks, "d", Bytes("gone soon"));
            commit.Append(Lines, "log", 3, "a");
            commit.Append(Notes, "log", 8, "b");
            commit.Count(Numbers, "n", 3);
            commit.Count(Numbers, "gone soon", 1);
            commit.Count(Tallies, "n", -5);
        });
        await writer.CommitAsync(commit =>
        {
            commit.Remove(Told["y"], "c", 1);
            commit.Remove(Turns.Only, "a", 1);
            commit.Remove(Marks, "d");
            commit.Remove(Notes, "log", 8);
            commit.Count(Numbers, "gone soon", -1);
        });

        var opening = await writer.ReopenAsync();

        Assert.True(opening.Existed);
        Assert.True(opening.Generation > writer.Opening.Generation);
        Assert.Equal(8, opening.LastStamp);
        Assert.Equal(["c=mark"], Of(opening.Rows(Marks)));
        Assert.Equal(["x:2:400"], Of(opening.Sets(Told)));
        Assert.Equal(["x:1:-7"], Of(opening.Sets(Shown)));
        Assert.Equal(["n=3"], Of(opening.Counts(Numbers)));
        Assert.Equal(["n=-5"], Of(opening.Counts(Tallies)));
        Assert.Equal(8000, opening.First(Ranks));
        Assert.Null(opening.First(Turns));
    }

    [Fact]
    public async Task OpenAsync_GivesNoGenerationBelowTheStoresTime_NorOneThatTheCallerKnows()
    {
        var store = await NewStoreAsync();
        var floor = GenerationFloor.At(await store.ReadTimeAsync());
        var first = (await store.OpenAsync(0)).Generation;
        Assert.True(first >= floor, $"{first} is below {floor}.");

        var second = (await store.OpenAsync(0)).Generation;
        Assert.True(second > first);
        var known = second + 1_000_000;
        var third = (await store.OpenAsync(0, known)).Generation;
        Assert.True(third > known);
        var last = await store.OpenAsync(0, first);
        Assert.Equal(third + 1, last.Generation);
        await new PartitionWriter(store, 0, last).CommitAsync(commit => commit.Count(Numbers, "n", 1));
    }
}
