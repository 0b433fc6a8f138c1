using OrleansJobs.Records;
using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

public abstract partial class PartitionStoreConformance
{
    [Fact]
    public async Task ReadAsync_OfNoIds_IsEmpty() => Assert.Empty(await (await NewStoreAsync()).ReadAsync(0, []));

    [Fact]
    public async Task ReadListedAsync_LeavesOutAFieldOfEach_AndEndsAtTheBudget()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 40; i++)
            {
                commit.Jobs.Add(new($"j{i:00}", Record(4, 1000), "q", "t", i + 1));
                commit.Tracks.Add(new($"j{i:00}", Record(0, 0)));
                commit.Outcomes.Add(new($"j{i:00}", Record(2, 64_000), 1));
            }

            commit.Jobs.Add(new("without", Record(0, 0), "q", "t", 100));
        });
        string[] all = [.. Enumerable.Range(0, 40).Select(i => $"j{i:00}")];
        var (lean, counted) = (Record(0, 0), 3 * Record(0, 0).Length + 64_000 / 64 + 1000 / 64);

        var listed = await writer.Store.ReadListedAsync(0, ["without", "nobody", .. all], new(4, 2, int.MaxValue));
        Assert.Equal(42, listed.Length);
        Assert.Equal(lean, listed[0]!.Spec);
        Assert.Null(listed[0]!.Outcome);
        Assert.Null(listed[1]);
        Assert.All(listed.Skip(2), job => Assert.Equal((lean, lean, lean), (job!.Spec, job.Track, job.Outcome), new SameBytes()));

        Assert.Empty(await writer.Store.ReadListedAsync(0, [], new(4, 2, 1000)));
        Assert.Empty(await writer.Store.ReadListedAsync(0, all, new(4, 2, 0)));
        Assert.Single(await writer.Store.ReadListedAsync(0, all, new(4, 2, 1)));
        Assert.Equal(20, (await writer.Store.ReadListedAsync(0, all, new(4, 2, 20 * counted))).Length);
        Assert.Equal(all.Length, (await writer.Store.ReadListedAsync(0, all, new(4, 2, 40 * counted))).Length);

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

    private sealed class SameBytes : IEqualityComparer<(byte[], byte[]?, byte[]?)>
    {
        public bool Equals((byte[], byte[]?, byte[]?) x, (byte[], byte[]?, byte[]?) y) =>
            x.Item1.SequenceEqual(y.Item1) && x.Item2!.SequenceEqual(y.Item2!) && x.Item3!.SequenceEqual(y.Item3!);

        public int GetHashCode((byte[], byte[]?, byte[]?) records) => records.Item1.Length;
    }

    [Fact]
    public async Task ReadLaneAsync_IsInTheOrderOfDueThenOfBytes()
    {
        var writer = await OpenAsync();
        string[] ids = ["b", "B", "a", "_", "-", "0", "aa", "Z", "k-1", "K.1"];
        await writer.CommitAsync(commit =>
        {
            foreach (var id in ids) commit.LaneAdds.Add(new("lane", id, 5));
            commit.LaneAdds.AddRange([new("lane", "later", 6), new("lane", "sooner", 4), new("other", "x", 1)]);
        });

        var lane = await writer.ReadLaneAsync("lane");

        Assert.Equal(["sooner", .. ids.Order(StringComparer.Ordinal), "later"], lane.Select(entry => entry.Id));
        Assert.Equal([4, 5, 6], lane.Select(entry => entry.Due).Distinct());
        Assert.Empty(await writer.ReadLaneAsync("lane", limit: 0));
        Assert.Empty(await writer.ReadLaneAsync("no such lane"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task ReadLaneAsync_PageByPage_GivesEachOnce(int page)
    {
        var writer = await OpenAsync();
        var random = new Random(7);
        var expected = Enumerable.Range(0, 200).Select(i => (Due: (long)random.Next(4), Id: $"j{random.Next()}{(i % 2 == 0 ? "A" : "a")}")).ToList();
        await writer.CommitAsync(commit => commit.LaneAdds.AddRange(expected.Select(line => new LaneAdd("lane", line.Id, line.Due))));
        expected.Sort((x, y) => x.Due != y.Due ? x.Due.CompareTo(y.Due) : string.CompareOrdinal(x.Id, y.Id));

        var found = new List<(long, string)>();
        var after = LanePosition.Start;
        while (await writer.ReadLaneAsync("lane", page, after) is { Length: > 0 } entries)
        {
            found.AddRange(entries.Select(entry => (entry.Due, entry.Id)));
            after = new(entries[^1].Due, entries[^1].Id);
        }

        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task ReadLaneAsync_FromAPlaceThatIsNoJobs_StartsBehindIt()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.LaneAdds.AddRange([new("lane", "a", 1), new("lane", "b", 2), new("lane", "d", 2), new("lane", "a", 3)]));

        Assert.Equal(["d", "a"], await Ids(new(2, "c")));
        Assert.Equal(["b", "d", "a"], await Ids(new(2, "")));
        Assert.Equal(["a"], await Ids(new(2, "zzz")));
        Assert.Equal(["b", "d", "a"], await Ids(new(1, "zzz")));
        Assert.Empty(await Ids(new(3, "a")));
        Assert.Empty(await Ids(new(long.MaxValue, "")));

        async Task<IEnumerable<string>> Ids(LanePosition after) => (await writer.ReadLaneAsync("lane", after: after)).Select(entry => entry.Id);
    }

    [Fact]
    public async Task ReadLaneAsync_BringsRecordsUntilTheBudgetIsPassed()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 0; i < 100; i++)
            {
                commit.Jobs.Add(Job($"j{i:00}", i + 1, spec: new string('s', 90)));
                commit.Tracks.Add(new($"j{i:00}", Bytes(new string('t', 10))));
                commit.LaneAdds.Add(new("lane", $"j{i:00}", i));
            }
        });

        Assert.Equal(0, await Records(0));
        Assert.Equal(1, await Records(1));
        Assert.Equal(1, await Records(100));
        Assert.Equal(2, await Records(101));
        Assert.Equal(50, await Records(5000));
        Assert.Equal(100, await Records(int.MaxValue));

        async Task<int> Records(int budget)
        {
            var lane = await writer.ReadLaneAsync("lane", byteBudget: budget);
            Assert.Equal(100, lane.Length);
            var count = lane.TakeWhile(entry => entry.Job is not null).Count();
            Assert.All(lane.Take(count), entry => Assert.Equal((90, 10), (entry.Job!.Spec.Length, entry.Job.Track!.Length)));
            Assert.All(lane.Skip(count), entry => Assert.Null(entry.Job));
            return count;
        }
    }

    [Fact]
    public async Task ReadLaneAsync_WhereAJobsRecordIsMissing_BringsTheOthers()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1, spec: "A"), Job("c", 2, spec: "C")]);
            commit.LaneAdds.AddRange([new("lane", "a", 1), new("lane", "b", 2), new("lane", "c", 3)]);
        });

        Assert.Equal(["A,-,-,-", "none", "C,-,-,-"], (await writer.ReadLaneAsync("lane")).Select(entry => Text(entry.Job)));
    }

    [Fact]
    public async Task CountDueAsync_CountsWhatIsDueByThen_LaneByLane()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.LaneAdds.AddRange([new("x", "a", 1), new("x", "b", 2), new("x", "c", 3), new("y", "d", 2), new("z", "e", 9)]));

        var counts = await writer.Store.CountDueAsync(0, ["x", "none", "y", "z"], now: 2);
        Assert.Equal([2, 0, 1, 0], counts);
        Assert.Empty(await writer.Store.CountDueAsync(0, [], now: 2));
    }

    [Fact]
    public async Task LaneAdds_OfAJobThatWaitsThere_MoveIt()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit => commit.LaneAdds.AddRange([new("lane", "a", 1), new("lane", "b", 2)]));
        await writer.CommitAsync(commit =>
        {
            commit.LaneAdds.Add(new("lane", "a", 3));
            commit.LaneRemoves.Add(new("lane", "a"));
        });

        Assert.Equal([("b", 2), ("a", 3)], (await writer.ReadLaneAsync("lane")).Select(entry => (entry.Id, entry.Due)));
        Assert.Equal(new LaneSummary("lane", 2, 2), Assert.Single((await writer.Store.OpenAsync(0)).Lanes));
    }

    [Fact]
    public async Task Instants_AreExactBelowTwoToThe53()
    {
        const long Last = (1L << 53) - 1;
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", Last - 1), Job("b", Last)]);
            commit.LaneAdds.AddRange([new("lane", "b", Last - 1), new("lane", "a", Last), new("lane", "c", -5)]);
            commit.Outcomes.AddRange([new("a", [], Last - 1), new("b", [], Last)]);
            commit.Deadlines.Add(new("a", Last));
            commit.IndexAdds.AddRange([new("i", "a", Last - 1), new("i", "b", Last)]);
        });

        Assert.Equal([("c", -5), ("b", Last - 1), ("a", Last)], (await writer.ReadLaneAsync("lane")).Select(entry => (entry.Id, entry.Due)));
        Assert.Equal([$"{Last}:b", $"{Last - 1}:a"], await writer.ReadLogAsync());
        Assert.Equal([$"{Last - 1}:a"], await writer.ReadLogAsync(before: Last));
        Assert.Equal([$"{Last}:b"], await writer.ReadLogAsync(after: Last - 1, index: "i"));
        Assert.Equal(["a"], await writer.Store.ReadExpiredAsync(0, Last - 1, 10));
        var opening = await writer.Store.OpenAsync(0);
        Assert.Equal((Last, Last), (opening.LastStamp, opening.NextDeadline));
    }

    [Fact]
    public async Task ReadLogAsync_MergesLogsNewestFirst()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= 60; i++) commit.Jobs.Add(Job(i % 5 == 0 ? Uuid(i) : $"j{i}", i, queue: $"q{i % 2}", type: $"t{i % 3}"));
        });
        var all = Enumerable.Range(1, 60).Reverse().ToList();

        Assert.Equal(Lines(_ => true), await writer.ReadLogAsync());
        Assert.Equal(Lines(_ => true).Take(7), await writer.ReadLogAsync(limit: 7));
        Assert.Equal(Lines(i => i % 2 == 1), await writer.ReadLogAsync(queue: "q1"));
        Assert.Equal(Lines(i => i % 3 == 2), await writer.ReadLogAsync(type: "t2"));
        Assert.Equal(Lines(i => i % 6 == 1), await writer.ReadLogAsync(queue: "q1", type: "t1"));
        Assert.Equal(Lines(i => i is > 10 and < 20), await writer.ReadLogAsync(before: 20, after: 10));
        Assert.Equal(Lines(i => i is < 20 && i % 2 == 0).Take(3), await writer.ReadLogAsync(before: 20, queue: "q0", limit: 3));
        Assert.Empty(await writer.ReadLogAsync(queue: "q"));
        Assert.Empty(await writer.ReadLogAsync(before: 1));
        Assert.Empty(await writer.ReadLogAsync(before: 11, after: 10));
        Assert.Empty(await writer.ReadLogAsync(before: 10, after: 20));
        Assert.Empty(await writer.ReadLogAsync(limit: 0));
        Assert.Equal(60, (await writer.ReadLogAsync(before: long.MaxValue, after: long.MinValue)).Length);
        Assert.Empty(await writer.ReadLogAsync(before: long.MinValue, after: long.MinValue));
        Assert.Empty(await writer.ReadLogAsync(before: long.MaxValue, after: long.MaxValue));

        IEnumerable<string> Lines(Func<int, bool> fits) => all.Where(fits).Select(i => i % 5 == 0 ? $"{i}:{Uuid(i)}" : $"{i}:j{i}");

        static string Uuid(int i) => $"019ac8f0-0000-7000-8000-{i:x12}";
    }

    [Fact]
    public async Task ReadLogAsync_WhereOneLogIsAllOld_TakesTheNewOnesOnly()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= 50; i++) commit.Jobs.Add(Job($"j{i}", i, type: i <= 25 ? "old" : i % 10 == 0 ? "rare" : "new"));
        });

        Assert.Equal(["50:j50", "49:j49", "48:j48"], await writer.ReadLogAsync(limit: 3));
        Assert.Equal(Enumerable.Range(21, 30).Reverse().Select(i => $"{i}:j{i}"), await writer.ReadLogAsync(limit: 30));
    }

    [Fact]
    public async Task ReadLogAsync_OfAnIndex_IgnoresTheLogs()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1), Job("b", 2), Job("c", 3), Job("d", 4)]);
            commit.IndexAdds.AddRange([new("tag:k=v", "a", 1), new("tag:k=v", "c", 3), new("tag:k=v", "d", 4), new("tag:k=w", "b", 2)]);
        });

        Assert.Equal(["4:d", "3:c", "1:a"], await writer.ReadLogAsync(index: "tag:k=v"));
        Assert.Equal(["3:c"], await writer.ReadLogAsync(index: "tag:k=v", limit: 1, before: 4));
        Assert.Equal(["4:d"], await writer.ReadLogAsync(index: "tag:k=v", after: 3));
        Assert.Empty(await writer.ReadLogAsync(index: "tag:k=v", before: 4, after: 3));
        Assert.Equal(3, (await writer.ReadLogAsync(index: "tag:k=v", after: long.MinValue)).Length);
        Assert.Equal(["2:b"], await writer.ReadLogAsync(index: "tag:k=w"));
        Assert.Empty(await writer.ReadLogAsync(index: "tag:k"));

        await writer.CommitAsync(commit =>
        {
            commit.IndexAdds.Add(new("tag:k=v", "a", 9));
            commit.IndexRemoves.AddRange([new("tag:k=v", "c", 3), new("tag:k=v", "a", 1)]);
        });
        Assert.Equal(["9:a", "4:d"], await writer.ReadLogAsync(index: "tag:k=v"));
    }

    [Fact]
    public async Task ReadExpiredAsync_GivesTheSoonestFirst()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
            commit.Outcomes.AddRange([new("b", Bytes("o"), 20), new("a", Bytes("o"), 30), new("c", Bytes("o"), 10), new("aa", Bytes("o"), 20)]));

        Assert.Empty(await writer.Store.ReadExpiredAsync(0, 9, 10));
        Assert.Equal(["c"], await writer.Store.ReadExpiredAsync(0, 10, 10));
        Assert.Equal(["c", "aa", "b"], await writer.Store.ReadExpiredAsync(0, 29, 10));
        Assert.Equal(["c", "aa"], await writer.Store.ReadExpiredAsync(0, 100, 2));
        Assert.Empty(await writer.Store.ReadExpiredAsync(0, 100, 0));
    }

    [Fact]
    public async Task ReadDeadlinesAsync_GivesTheSoonestFirst()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 1), Job("b", 2)]);
            commit.Deadlines.AddRange([new("a", 20), new("b", 10), new("c", 30)]);
        });

        Assert.Empty(await writer.Store.ReadDeadlinesAsync(0, 9, 10));
        Assert.Empty(await writer.Store.ReadDeadlinesAsync(0, 100, 0));
        var due = await writer.Store.ReadDeadlinesAsync(0, 20, 10);
        Assert.Equal([("b", 10), ("a", 20)], due.Select(entry => (entry.Id, entry.Due)));
        Assert.Equal("b", Assert.Single(await writer.Store.ReadDeadlinesAsync(0, 20, 1)).Id);

        await writer.CommitAsync(commit =>
        {
            commit.DeadlineRemoves.AddRange(["b", "a"]);
            commit.Deadlines.Add(new("a", 25));
        });
        Assert.Equal([("a", 25)], (await writer.Store.ReadDeadlinesAsync(0, 29, 10)).Select(entry => (entry.Id, entry.Due)));
        Assert.Equal(25, (await writer.Store.OpenAsync(0)).NextDeadline);
    }
}
