namespace OrleansJobs.Gateway.Grid;

/// <summary>The grains of the grid, as the gateway addresses them.</summary>
internal sealed class JobGrid(IGrainFactory grains)
{
    private GridInfo? _info;

    public IJobGridGrain Whole => grains.GetGrain<IJobGridGrain>(0);

    /// <summary>What never changes while the grid runs; asked for once.</summary>
    public ValueTask<GridInfo> InfoAsync() => _info is { } info ? new(info) : LearnAsync();

    public IJobGrain Job(string id) => grains.GetGrain<IJobGrain>(id);

    public IJobPartitionGrain Partition(string id, GridInfo info) => grains.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, info.Partitions));

    public async ValueTask<IJobPartitionGrain> PartitionAsync(string id) => Partition(id, await InfoAsync());

    private async ValueTask<GridInfo> LearnAsync() => _info = await Whole.GetInfo();
}
