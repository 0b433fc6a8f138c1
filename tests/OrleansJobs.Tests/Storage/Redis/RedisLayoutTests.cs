using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>Stored are names: a release with more parts, or with the same in another order, finds what there is.</summary>
public class RedisLayoutTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task AnotherOrderAndMoreParts_ReadWhatWasStored_AndTheOtherWayRound()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        var (now, next) = (Parts.Now(), Parts.Next());
        var (older, newer) = (new RedisPartitionStore(redis, "layouts", now.Layout), new RedisPartitionStore(redis, "layouts", next.Layout));

        await WriteAsync(older, now, 1);
        await HoldsAsync(older, now, 1);
        await HoldsAsync(newer, next, 1);
        // Those that were added do not disturb a release that does not know them, as one that is still running or comes back.
        await WriteAsync(newer, next, 2);
        await HoldsAsync(newer, next, 2);
        await HoldsAsync(older, now, 2);
        await WriteAsync(older, now, 3);
        await HoldsAsync(newer, next, 3);
        Assert.Equal(["k=2"], Of((await newer.OpenAsync(0)).Rows(next.Added!)));
    }

    private static async Task WriteAsync(IPartitionStore store, Parts parts, int value)
    {
        var row = Bytes($"{value}");
        await store.PutAsync(parts.Shared, new Dictionary<string, byte[]> { ["k"] = row });
        await (await PartitionWriter.OpenAsync(store)).CommitAsync(commit =>
        {
            foreach (var table in (RowTable?[])[parts.Rows, parts.Marks, parts.Added])
            {
                if (table is not null) commit.Put(table, "k", row);
            }

            foreach (var set in (SetName[])[parts.Single.Only, parts.Told["set"], parts.Quiet["set"]]) commit.Put(set, "a", value);
            commit.Append(parts.Lines, "log", value, "a");
            commit.Count(parts.Numbers, "n", 1);
            if (value > 1) commit.Remove(parts.Lines, "log", value - 1);
        });
    }

    private static async Task HoldsAsync(IPartitionStore store, Parts parts, int value)
    {
        Assert.Equal([$"k={value}"], Of(await store.ReadAsync(parts.Shared)));
        Assert.Equal($"{value},{value}", Text(Assert.Single(await store.ReadRowsAsync(0, new(parts.Rows, parts.Marks), ["k"]))));
        Assert.Equal([$"a:{value}"], Of(await store.ReadPageAsync(0, parts.Told["set"], SetPlace.Start, 10, new(parts.Rows))));
        Assert.Equal([$"a:{value}"], Of(await store.ReadSetAsync(0, parts.Quiet["set"], new(0, 10, 10))));
        Assert.Equal([$"{value}:a"], Of(await store.ReadLogsAsync(0, parts.Lines, new(long.MaxValue, 0, 10))));
        var opening = await store.OpenAsync(0);
        Assert.Equal((true, value, value), (opening.Existed, opening.LastStamp, opening.First(parts.Single)));
        Assert.Equal([$"k={value}"], Of(opening.Rows(parts.Marks)));
        Assert.Equal([$"set:1:{value}"], Of(opening.Sets(parts.Told)));
        Assert.Equal([$"n={value}"], Of(opening.Counts(parts.Numbers)));
    }

    private sealed record Parts(
        StoreLayout Layout, GridTable Shared, RowTable Rows, RowTable Marks, OrderedSet Single, OrderedSets Told, OrderedSets Quiet, MergedLogs Lines,
        CounterTable Numbers, RowTable? Added)
    {
        public static Parts Now()
        {
            var layout = new StoreLayout();
            return new(
                layout, layout.GridRows("shared"), layout.Rows("rows"), layout.Rows("marks", readAtOpening: true), layout.Set("single"),
                layout.Sets("told", readAtOpening: true), layout.Sets("quiet"), layout.Logs("lines"), layout.Counters("numbers"), Added: null);
        }

        /// <summary>The same last first, each behind a new one of its kind.</summary>
        public static Parts Next()
        {
            var layout = new StoreLayout();
            layout.Counters("addednumbers");
            var numbers = layout.Counters("numbers");
            layout.Logs("addedlines");
            var lines = layout.Logs("lines");
            layout.Sets("addedquiet");
            var quiet = layout.Sets("quiet");
            layout.Sets("addedtold", readAtOpening: true);
            var told = layout.Sets("told", readAtOpening: true);
            layout.Set("addedsingle");
            var single = layout.Set("single");
            var added = layout.Rows("addedmarks", readAtOpening: true);
            var marks = layout.Rows("marks", readAtOpening: true);
            layout.Rows("addedrows");
            var rows = layout.Rows("rows");
            layout.GridRows("addedshared");
            return new(layout, layout.GridRows("shared"), rows, marks, single, told, quiet, lines, numbers, added);
        }
    }
}
