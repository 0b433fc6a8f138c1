using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage;

/// <summary>What jobs make of tables, sets and logs.</summary>
public class JobRowsTests
{
    private static readonly JobTables Jobs = GridLayout.Jobs;

    private PartitionWriter _writer = null!;

    [Fact]
    public async Task ReadAsync_GivesTheRecordsOfAJob()
    {
        var rows = await WithAsync(commit =>
        {
            foreach (var table in (RowTable[])[Jobs.Specs, Jobs.Tracks, Jobs.Leases, Jobs.Outcomes]) commit.Put(table, "all", Bytes(table.Name));
            commit.Put(Jobs.Specs, "new", Bytes("spec"));
        });

        Assert.Equal(["spec,-,-,-", "none", "jobs,tracks,leases,outcomes"], (await rows.ReadAsync(["new", "nobody", "all"])).Select(JobText));
        Assert.Equal("spec,-,-,-", JobText(await rows.ReadAsync("new")));
        Assert.Null(await rows.ReadAsync("nobody"));
    }

    [Fact]
    public async Task ReadListedAsync_LeavesOutArgumentsAndResults()
    {
        var (args, result) = (Record(RecordFields.SpecArgs), Record(RecordFields.OutcomeResult));
        var rows = await WithAsync(commit =>
        {
            commit.Put(Jobs.Specs, "a", args);
            commit.Put(Jobs.Outcomes, "a", result);
        });

        var listed = Assert.Single(await rows.ReadListedAsync(["a"], 1000))!;
        Assert.Equal(Record(0), listed.Spec);
        Assert.Equal(Record(0), listed.Outcome);
        Assert.Equal((args, result), ((await rows.ReadAsync("a"))!.Spec, (await rows.ReadAsync("a"))!.Outcome));

        static byte[] Record(int field)
        {
            var writer = new RecordWriter(1000);
            writer.Number(1, 7);
            if (field > 0) writer.Bytes(field, new byte[1000]);
            writer.Bytes(20, [1, 2, 3]);
            return writer.ToArray();
        }
    }

    [Fact]
    public async Task ReadLaneAsync_GivesWaitingJobsInOrder_ThoseBeyondTheBudgetWithoutRecords()
    {
        var rows = await WithAsync(commit =>
        {
            foreach (var (id, due) in (IEnumerable<(string, long)>)[("b", 1), ("a", 2), ("c", 1)])
            {
                commit.Put(Jobs.Lanes["q/4/t"], id, due);
                commit.Put(Jobs.Specs, id, Bytes(id));
            }

            commit.Put(Jobs.Lanes["q/5/t"], "d", 9);
        });

        Assert.Equal(["b:1:True", "c:1:False", "a:2:False"], Lane(await rows.ReadLaneAsync("q/4/t", LanePosition.Start, 10, 1)));
        Assert.Equal(["c:1:True", "a:2:True"], Lane(await rows.ReadLaneAsync("q/4/t", new(1, "b"), 10, 100)));
        Assert.Equal(["2", "0"], (await rows.CountDueAsync(["q/4/t", "q/5/t"], 1)).Select(count => $"{count}"));

        static IEnumerable<string> Lane(LaneEntry[] entries) => entries.Select(entry => $"{entry.Id}:{entry.Score}:{entry.Job is not null}");
    }

    [Fact]
    public async Task ReadLogAsync_FiltersByQueueAndType()
    {
        var rows = await WithAsync(commit =>
        {
            (string Queue, string Type)[] kinds = [("q1", "t1"), ("q", "t1"), ("q", "t2"), ("q1", "t"), ("1", "q/t1")];
            for (var i = 1; i <= 10; i++) commit.Append(Jobs.Log, JobTables.LogName(kinds[i % 5].Queue, kinds[i % 5].Type), i, $"j{i}");
        });

        Assert.Equal(Enumerable.Range(1, 10).Reverse().Select(i => $"{i}:j{i}"), await ReadAsync(null, null));
        Assert.Equal(["7:j7", "6:j6", "2:j2", "1:j1"], await ReadAsync("q", null));
        Assert.Equal(["10:j10", "8:j8", "5:j5", "3:j3"], await ReadAsync("q1", null));
        Assert.Equal(["10:j10", "6:j6", "5:j5", "1:j1"], await ReadAsync(null, "t1"));
        Assert.Equal(["6:j6", "1:j1"], await ReadAsync("q", "t1"));
        Assert.Empty(await ReadAsync("q2", null));
        Assert.Empty(await ReadAsync("q", "t"));

        async Task<string[]> ReadAsync(string? queue, string? type) => Of(await rows.ReadLogAsync(long.MaxValue, 0, 100, null, queue, type));
    }

    [Fact]
    public async Task ReadLogAsync_OfAnIndex_IgnoresTheLogs()
    {
        var rows = await WithAsync(commit =>
        {
            for (var i = 1; i <= 4; i++) commit.Append(Jobs.Log, "q/t", i, $"j{i}");
            foreach (var i in (int[])[1, 3, 4]) commit.Put(Jobs.Indexes["tag:k=v"], $"j{i}", i);
            commit.Put(Jobs.Indexes["tag:k=w"], "j2", 2);
        });

        Assert.Equal(["4:j4", "3:j3", "1:j1"], await ReadAsync("tag:k=v"));
        Assert.Equal(["3:j3"], await ReadAsync("tag:k=v", before: 4, limit: 1));
        Assert.Equal(["4:j4"], await ReadAsync("tag:k=v", after: 3));
        Assert.Empty(await ReadAsync("tag:k=v", before: 4, after: 3));
        Assert.Empty(await ReadAsync("tag:k=v", before: 3, after: 4));
        Assert.Equal(3, (await ReadAsync("tag:k=v", after: long.MinValue)).Length);
        Assert.Equal(["2:j2"], await ReadAsync("tag:k=w"));
        Assert.Empty(await ReadAsync("tag:k"));

        async Task<string[]> ReadAsync(string index, long before = long.MaxValue, long after = 0, int limit = 100) =>
            Of(await rows.ReadLogAsync(before, after, limit, index, "other", "other"));
    }

    [Fact]
    public async Task ReadExpiredAndReadDeadlinesAsync_GiveTheSoonestFirst()
    {
        var rows = await WithAsync(commit =>
        {
            foreach (var (id, at) in (IEnumerable<(string, long)>)[("b", 20), ("a", 30), ("c", 10), ("aa", 20)])
            {
                commit.Put(Jobs.Retention.Only, id, at);
                commit.Put(Jobs.Deadlines.Only, id, at + 1);
            }
        });

        Assert.Empty(await rows.ReadExpiredAsync(9, 10));
        Assert.Equal(["c", "aa", "b"], await rows.ReadExpiredAsync(29, 10));
        Assert.Equal(["c", "aa"], await rows.ReadExpiredAsync(100, 2));
        Assert.Equal(["c:11", "aa:21", "b:21"], Of(await rows.ReadDeadlinesAsync(3)));
        Assert.Equal(11, (await _writer.ReopenAsync()).First(Jobs.Deadlines));
    }

    private async Task<JobRows> WithAsync(Action<PartitionCommit> fill)
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        _writer = await PartitionWriter.OpenAsync(store, 7);
        await _writer.CommitAsync(fill);
        return new(store, 7);
    }

    private static string JobText(StoredJob? job) =>
        job is null ? "none" : Text(new StoredRows([job.Spec, job.Track, job.Lease, job.Outcome]));
}
