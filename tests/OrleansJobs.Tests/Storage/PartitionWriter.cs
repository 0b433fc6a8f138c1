using System.Text;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

/// <summary>An activation of a partition as the store sees it: it opens, and its commits follow one another.</summary>
internal sealed class PartitionWriter(IPartitionStore store, int partition, PartitionOpening opening)
{
    private long _sequence;

    public IPartitionStore Store => store;
    public int Partition => partition;
    public PartitionOpening Opening => opening;

    public static async Task<PartitionWriter> OpenAsync(IPartitionStore store, int partition = 0) =>
        new(store, partition, await store.OpenAsync(partition));

    /// <summary>The next commit, not sent yet.</summary>
    public PartitionCommit Next(Action<PartitionCommit> fill)
    {
        var commit = new PartitionCommit(partition, opening.Generation, ++_sequence);
        fill(commit);
        return commit;
    }

    public async Task<CommitOutcome> SendAsync(Action<PartitionCommit> fill) => await store.CommitAsync(Next(fill));

    /// <summary>Sends the next commit, which must be applied.</summary>
    public async Task CommitAsync(Action<PartitionCommit> fill) => Assert.Equal(CommitOutcome.Applied, await SendAsync(fill));

    public async Task<StoredJob?> ReadAsync(string id) => Assert.Single(await store.ReadAsync(partition, [id]));

    public async Task<LaneEntry[]> ReadLaneAsync(string lane, int limit = 1000, LanePosition? after = null, int byteBudget = int.MaxValue) =>
        await store.ReadLaneAsync(partition, lane, after ?? LanePosition.Start, limit, byteBudget);

    public async Task<string[]> ReadLogAsync(int limit = 1000, long before = long.MaxValue, long after = 0, string? index = null, string? queue = null, string? type = null) =>
        [.. (await store.ReadLogAsync(partition, new(before, after, limit, index, queue, type))).Select(line => $"{line.Stamp}:{line.Id}")];
}

internal static class Records
{
    public static JobPut Job(string id, long stamp, string queue = "q", string type = "t", string spec = "spec") => new(id, Bytes(spec), queue, type, stamp);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    /// <summary>A record in one line: spec, track, lease, outcome.</summary>
    public static string Text(StoredJob? job) =>
        job is null ? "none" : $"{Text(job.Spec)},{Text(job.Track) ?? "-"},{Text(job.Lease) ?? "-"},{Text(job.Outcome) ?? "-"}";
}
