using OrleansJobs.Storage;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

/// <summary>What every store must do. Each test has a store of its own, empty.</summary>
public abstract partial class PartitionStoreConformance
{
    protected abstract Task<IPartitionStore> NewStoreAsync();

    /// <summary>Takes everything out of a store from outside.</summary>
    protected abstract Task EmptyAsync(IPartitionStore store);

    private async Task<PartitionWriter> OpenAsync() => await PartitionWriter.OpenAsync(await NewStoreAsync());

    [Fact]
    public async Task OpenGridAsync_WhenThereIsNone_CreatesIt()
    {
        var store = await NewStoreAsync();
        Assert.Null(await store.ReadGridAsync());

        var grid = await store.OpenGridAsync(32);

        Assert.Equal(32, grid.Partitions);
        Assert.NotEmpty(grid.Incarnation);
        Assert.Equal(64, grid.Secret.Length);
        Assert.DoesNotContain(grid.Secret, $"{grid}");
        Assert.Equal(grid, await store.OpenGridAsync(32));
        Assert.Equal(grid, await store.ReadGridAsync());
    }

    [Fact]
    public async Task OpenGridAsync_WithAnotherNumberOfPartitions_SaysBothAndChangesNothing()
    {
        var store = await NewStoreAsync();
        var grid = await store.OpenGridAsync(32);

        var error = await Assert.ThrowsAsync<GridMismatchException>(async () => await store.OpenGridAsync(16));

        Assert.Equal((16, 32), (error.Configured, error.Stored));
        Assert.Equal(grid, await store.ReadGridAsync());
    }

    [Fact]
    public async Task OpenGridAsync_WhenTheStoreWasEmptied_DrawsAnotherIncarnation()
    {
        var store = await NewStoreAsync();
        var before = await store.OpenGridAsync(32);
        await EmptyAsync(store);

        Assert.Null(await store.ReadGridAsync());
        var after = await store.OpenGridAsync(32);
        Assert.NotEqual(before.Incarnation, after.Incarnation);
        Assert.NotEqual(before.Secret, after.Secret);
    }

    [Fact]
    public async Task OpenAsync_TheFirstTime_FindsNothing()
    {
        var opening = (await OpenAsync()).Opening;

        Assert.False(opening.Existed);
        Assert.Empty(opening.Leases);
        Assert.Empty(opening.Lanes);
        Assert.Empty(opening.Counts);
        Assert.Equal(0, opening.LastStamp);
        Assert.Null(opening.NextDeadline);
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
        Assert.Equal(third + 1, (await store.OpenAsync(0, first)).Generation);
        Assert.Equal(CommitOutcome.Applied, await store.CommitAsync(new(0, third + 1, 1) { CountDeltas = { ["n"] = 1 } }));
    }

    /// <summary>The token that a generation makes has to fit 63 bits for as long as anybody may run this.</summary>
    [Fact]
    public void GenerationFloor_LeavesTokensPositiveAndGrowing_UntilTheYear2100()
    {
        var late = GenerationFloor.At(new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var token = FencingToken.Make(late, FencingToken.MaxCounter);
        Assert.True(token > 0);
        Assert.Equal(late, FencingToken.GenerationOf(token));
        Assert.True(FencingToken.Make(late + 1, 0) > token);
        Assert.Equal(late + 1, GenerationFloor.At(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(63)));
    }

    [Fact]
    public async Task ReadTimeAsync_IsTheStoresClock()
    {
        var store = await NewStoreAsync();
        var before = TimeProvider.System.GetUtcNow();
        var read = await store.ReadTimeAsync();
        // Both run on this machine; Redis tells microseconds.
        Assert.InRange(read, before.AddMicroseconds(-1), TimeProvider.System.GetUtcNow());
        Assert.True(await store.ReadTimeAsync() >= read);
    }

    [Fact]
    public async Task OpenAsync_AfterCommits_FindsLeasesLanesCountsStampAndDeadline()
    {
        var writer = await OpenAsync();
        await writer.CommitAsync(commit =>
        {
            commit.Jobs.AddRange([Job("a", 3), Job("b", 7), Job("c", 8)]);
            commit.LaneAdds.AddRange([new("q/4/t", "a", 500), new("q/4/t", "b", 400), new("q/9/t", "c", 1)]);
            commit.Leases.Add(new("c", Bytes("lease")));
            commit.Deadlines.AddRange([new("a", 9000), new("b", 8000)]);
            commit.CountDeltas["PENDING/q/t"] = 3;
            commit.CountDeltas["x"] = 1;
        });
        await writer.CommitAsync(commit =>
        {
            commit.LaneRemoves.Add(new("q/9/t", "c"));
            commit.CountDeltas["x"] = -1;
        });

        var opening = await writer.Store.OpenAsync(writer.Partition);

        Assert.True(opening.Existed);
        Assert.True(opening.Generation > writer.Opening.Generation);
        Assert.Equal(("c", "lease"), (Assert.Single(opening.Leases).Key, Text(opening.Leases[0].Value)));
        Assert.Equal(new LaneSummary("q/4/t", 2, 400), Assert.Single(opening.Lanes));
        Assert.Equal(new("PENDING/q/t", 3), Assert.Single(opening.Counts));
        Assert.Equal(8, opening.LastStamp);
        Assert.Equal(8000, opening.NextDeadline);
    }

    [Fact]
    public async Task Partitions_KnowNothingOfEachOther()
    {
        var store = await NewStoreAsync();
        var one = await PartitionWriter.OpenAsync(store, 1);
        var eleven = await PartitionWriter.OpenAsync(store, 11);
        await one.CommitAsync(commit =>
        {
            commit.Jobs.Add(Job("a", 1));
            commit.LaneAdds.Add(new("lane", "a", 1));
        });

        Assert.Null(await eleven.ReadAsync("a"));
        Assert.Empty(await eleven.ReadLaneAsync("lane"));
        Assert.Empty(await eleven.ReadLogAsync());
        await eleven.CommitAsync(commit => commit.Jobs.Add(Job("a", 1)));
    }

    [Fact]
    public async Task PutTypesAsync_KeepsTheLatestOfEach()
    {
        var store = await NewStoreAsync();
        Assert.Empty(await store.ReadTypesAsync());
        await store.PutTypesAsync(new Dictionary<string, byte[]> { ["a"] = Bytes("1"), ["b"] = Bytes("2") });
        await store.PutTypesAsync(new Dictionary<string, byte[]> { ["b"] = Bytes("3") });
        await store.PutTypesAsync(new Dictionary<string, byte[]>());

        var types = await store.ReadTypesAsync();

        Assert.Equal(["a=1", "b=3"], types.Select(type => $"{type.Key}={Text(type.Value)}").Order());
    }

    [Fact]
    public async Task ReadFullnessAsync_WithoutALimit_IsZero() => Assert.Equal(0, await (await NewStoreAsync()).ReadFullnessAsync());
}
