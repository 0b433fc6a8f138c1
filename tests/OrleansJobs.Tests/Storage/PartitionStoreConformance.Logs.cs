using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.TestLayout;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task ReadLogsAsync_MergesLogsNewestFirst()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= 60; i++) commit.Append(Lines, Log(i), i, Member(i));
        });

        Assert.Equal(Expected(_ => true), await writer.ReadLinesAsync());
        Assert.Equal(Expected(_ => true).Take(7), await writer.ReadLinesAsync(limit: 7));
        Assert.Equal(Expected(i => i % 2 == 1), await writer.ReadLinesAsync(fits: log => log.StartsWith('1')));
        Assert.Equal(Expected(i => i % 3 == 2), await writer.ReadLinesAsync(fits: log => log.EndsWith('2')));
        Assert.Equal(Expected(i => i % 6 == 1), await writer.ReadLinesAsync(fits: "1/1".Equals));
        Assert.Equal(Expected(i => i is > 10 and < 20), await writer.ReadLinesAsync(before: 20, after: 10));
        Assert.Equal(Expected(i => i is < 20 && i % 2 == 0).Take(3), await writer.ReadLinesAsync(before: 20, fits: log => log.StartsWith('0'), limit: 3));
        Assert.Empty(await writer.ReadLinesAsync(fits: _ => false));
        Assert.Empty(await writer.ReadLinesAsync(before: 1));
        Assert.Empty(await writer.ReadLinesAsync(before: 11, after: 10));
        Assert.Empty(await writer.ReadLinesAsync(before: 10, after: 20));
        Assert.Empty(await writer.ReadLinesAsync(limit: 0));
        Assert.Equal(60, (await writer.ReadLinesAsync(before: long.MaxValue, after: long.MinValue)).Length);
        Assert.Empty(await writer.ReadLinesAsync(before: long.MinValue, after: long.MinValue));
        Assert.Empty(await writer.ReadLinesAsync(before: long.MaxValue, after: long.MaxValue));
        Assert.Empty(await writer.ReadLinesAsync(of: Notes));

        static string Log(int i) => $"{i % 2}/{i % 3}";

        static IEnumerable<string> Expected(Func<int, bool> fits) => Enumerable.Range(1, 60).Reverse().Where(fits).Select(i => $"{i}:{Member(i)}");

        // Some that a store could keep in another form, and some that only look so.
        static string Member(int i) => (i % 5) switch
        {
            0 => $"019ac8f0-0000-7000-8000-{i:x12}",
            1 => $"019AC8F0-0000-7000-8000-{i:x12}",
            2 => $"\u0001{i:d16}",
            3 => $"é {i}",
            _ => $"m{i}",
        };
    }

    [Fact]
    public async Task ReadLogsAsync_WhereOneLogIsAllOld_TakesTheNewOnesOnly()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= 50; i++) commit.Append(Lines, i <= 25 ? "old" : i % 10 == 0 ? "rare" : "new", i, $"m{i}");
        });

        Assert.Equal(["50:m50", "49:m49", "48:m48"], await writer.ReadLinesAsync(limit: 3));
        Assert.Equal(Enumerable.Range(21, 30).Reverse().Select(i => $"{i}:m{i}"), await writer.ReadLinesAsync(limit: 30));
    }

    [Fact]
    public async Task Stamps_AreExactBelowTwoToThe53()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Append(Lines, "x", LastExact - 1, "a");
            commit.Append(Lines, "y", LastExact, "b");
        });

        Assert.Equal([$"{LastExact}:b", $"{LastExact - 1}:a"], await writer.ReadLinesAsync());
        Assert.Equal([$"{LastExact - 1}:a"], await writer.ReadLinesAsync(before: LastExact));
        Assert.Equal([$"{LastExact}:b"], await writer.ReadLinesAsync(after: LastExact - 1));
        Assert.Equal(LastExact, (await writer.ReopenAsync()).LastStamp);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadLogsAsync_WhereMostLinesAreGone_GivesTheOthersInOrder(int seed)
    {
        const int Count = 4000;
        const int Batch = 300;
        var random = new Random(seed);
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= Count; i++) Append(commit, i);
        });
        var left = Enumerable.Range(1, Count).ToHashSet();
        // Oldest first, in any order, and all but a few in a row.
        var leaving = seed switch
        {
            1 => Enumerable.Range(1, Count).Where(i => i % 97 != 0),
            2 => Enumerable.Range(1, Count).OrderBy(_ => random.Next()).SkipLast(40),
            _ => Enumerable.Range(1, Count).Reverse().Where(i => i is < 1000 or > 1020),
        };

        foreach (var batch in leaving.ToList().Chunk(Batch))
        {
            await RemoveAsync(batch);
            left.ExceptWith(batch);
            var (before, limit) = (random.Next(Count + 2), random.Next(1, 50));
            Assert.Equal(Expected(i => i < before).Take(limit), await writer.ReadLinesAsync(limit, before));
            Assert.Equal(Expected(i => i > before && i % 3 == 1).Take(limit), await writer.ReadLinesAsync(limit, after: before, fits: log => log.EndsWith('1')));
        }

        Assert.Equal(Expected(_ => true), await writer.ReadLinesAsync(Count));
        Assert.Equal(Expected(i => i % 2 == 0 && i % 3 == 2), await writer.ReadLinesAsync(Count, fits: "0/2".Equals));

        await writer.CommitAsync(commit => Append(commit, Count + 1));
        left.Add(Count + 1);
        Assert.Equal(Expected(_ => true), await writer.ReadLinesAsync(Count));
        // Those of each log that are left one by one: its name stays until the last.
        foreach (var log in left.GroupBy(Log).ToList())
        {
            foreach (var i in log)
            {
                Assert.Contains(log.Key, await NamesAsync(writer.Store, writer.Partition));
                await RemoveAsync([i]);
            }

            Assert.DoesNotContain(log.Key, await NamesAsync(writer.Store, writer.Partition));
        }

        Assert.Empty(await writer.ReadLinesAsync());
        Assert.Empty(await NamesAsync(writer.Store, writer.Partition));

        IEnumerable<string> Expected(Func<int, bool> fits) => left.Where(fits).OrderDescending().Select(i => $"{i}:m{i}");

        Task RemoveAsync(int[] lines) => writer.CommitAsync(commit =>
        {
            foreach (var i in lines) commit.Remove(Lines, Log(i), i);
        });

        static string Log(int i) => $"{i % 2}/{i % 3}";

        static void Append(PartitionCommit commit, int i) => commit.Append(Lines, Log(i), i, $"m{i}");
    }
}
