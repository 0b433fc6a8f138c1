using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

public class MemoryPartitionStoreTests : PartitionStoreConformance
{
    protected override Task<IPartitionStore> NewStoreAsync() => Task.FromResult<IPartitionStore>(new MemoryPartitionStore(TestLayout.Layout));

    protected override Task<string[]> NamesAsync(IPartitionStore store, int partition) => Task.FromResult(((MemoryPartitionStore)store).Names(partition));

    protected override Task EmptyAsync(IPartitionStore store)
    {
        ((MemoryPartitionStore)store).Clear();
        return Task.CompletedTask;
    }

    /// <summary>No other store looks: tests on this one find who does not know the score.</summary>
    [Theory]
    [MemberData(nameof(SetKinds))]
    public async Task AMember_IsPutAndRemovedWithTheScoreItHas_OrTheCommitThrows(string kind)
    {
        var (writer, set) = (await PartitionWriter.OpenAsync(await NewStoreAsync()), SetOf(kind));
        await writer.CommitAsync(commit => commit.Put(set, "a", 1));

        await RefusedAsync(commit => commit.Put(set, "a", 2));
        await RefusedAsync(commit => commit.Remove(set, "a", 2));
        await writer.Store.CommitAsync(writer.At(2, commit => commit.Remove(set, "absent", 7)));
        Assert.Equal(["a:1"], await writer.ReadSetAsync(set));

        async Task RefusedAsync(Action<PartitionCommit> fill) =>
            await Assert.ThrowsAsync<ArgumentException>(async () => await writer.Store.CommitAsync(writer.At(2, fill)));
    }
}
