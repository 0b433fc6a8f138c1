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
    public PartitionCommit Next(Action<PartitionCommit> fill) => At(++_sequence, fill);

    /// <summary>A commit of any sequence, not sent.</summary>
    public PartitionCommit At(long sequence, Action<PartitionCommit> fill)
    {
        var commit = new PartitionCommit(partition, opening.Generation, sequence);
        fill(commit);
        return commit;
    }

    public async Task<CommitOutcome> SendAsync(Action<PartitionCommit> fill) => await store.CommitAsync(Next(fill));

    /// <summary>Sends the next commit, which must be applied.</summary>
    public async Task CommitAsync(Action<PartitionCommit> fill) => Assert.Equal(CommitOutcome.Applied, await SendAsync(fill));

    /// <summary>The rows of keys, in a line each.</summary>
    public async Task<string[]> ReadRowsAsync(params string[] keys) => Array.ConvertAll(await store.ReadRowsAsync(partition, TestLayout.Whole, keys), Texts.Text);

    public async Task<string[]> ReadSetAsync(SetName set, long from = long.MinValue, long to = long.MaxValue, int limit = 1000, bool descending = false) =>
        Texts.Of(await store.ReadSetAsync(partition, set, new(from, to, limit, descending)));

    public async Task<PagedLine[]> ReadPageAsync(SetName set, int limit = 1000, SetPlace? after = null, int byteBudget = int.MaxValue) =>
        await store.ReadPageAsync(partition, set, after ?? SetPlace.Start, limit, TestLayout.Whole with { ByteBudget = byteBudget });

    public async Task<string[]> ReadLinesAsync(int limit = 1000, long before = long.MaxValue, long after = 0, Func<string, bool>? fits = null, MergedLogs? of = null) =>
        Texts.Of(await store.ReadLogsAsync(partition, of ?? TestLayout.Lines, new(before, after, limit, fits)));

    public async Task<PartitionOpening> ReopenAsync() => await store.OpenAsync(partition);
}
