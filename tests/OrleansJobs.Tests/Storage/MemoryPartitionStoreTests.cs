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
}
