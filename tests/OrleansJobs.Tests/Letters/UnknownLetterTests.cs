using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Letters;

/// <summary>Letters of a later release.</summary>
public class UnknownLetterTests
{
    private const byte Unknown = 0x7f;

    [Fact]
    public async Task WhatMayBePassedOver_IsPassedOver_AndNothingElse()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var box = grid.Cluster.Client.GetGrain<ILetterBox>(0);
        await box.Deliver(new LetterBatch(1, 0, [new Letter(5, (LetterKind)(Unknown | Letter.PassedOver), [1])]));
        await Assert.ThrowsAnyAsync<Exception>(() => box.Deliver(new LetterBatch(1, 5, [new Letter(6, (LetterKind)Unknown, [1])])));
        // Kinds that there are must be known to all.
        Assert.DoesNotContain(Enum.GetValues<LetterKind>(), kind => new Letter(1, kind, []).MayBePassedOver);
    }
}
