namespace OrleansJobs.Gateway.Grid;

/// <summary>The grains of the grid, as the gateway addresses them.</summary>
internal sealed class JobGrid(IGrainFactory grains)
{
    private readonly NamedGrains<IJobGrain> _jobs = new(grains);
    private readonly NumberedGrains<IJobPartitionGrain> _partitions = new(grains);
    private readonly NumberedGrains<IJobGridGrain> _whole = new(grains);
    private GridInfo? _info;

    /// <summary>Null: not asked for yet.</summary>
    public GridInfo? Info => _info;

    public IJobGridGrain Whole => _whole[0];

    /// <summary>What never changes while the grid runs; asked for once.</summary>
    public ValueTask<GridInfo> InfoAsync() => _info is { } info ? new(info) : LearnAsync();

    public IJobGrain Job(string id) => _jobs[id];

    public IJobPartitionGrain Partition(string id, GridInfo info) => _partitions[JobIds.PartitionOf(id, info.Partitions)];

    public async ValueTask<IJobPartitionGrain> PartitionAsync(string id) => Partition(id, await InfoAsync());

    private async ValueTask<GridInfo> LearnAsync() => _info = await Whole.GetInfo();
}
