namespace OrleansJobs.Gateway.Grid;

/// <summary>The grains of the grid, as the gateway addresses them.</summary>
internal sealed class JobGrid(IGrainFactory grains, TimeProvider time)
{
    private readonly NamedGrains<IJobGrain> _jobs = new(grains);
    private readonly NamedGrains<IWorkSessionGrain> _sessions = new(grains);
    private readonly NumberedGrains<IJobPartitionGrain> _partitions = new(grains);
    private readonly NumberedGrains<IJobChangesGrain> _changes = new(grains);
    private readonly NumberedGrains<IPartitionSchedules> _schedules = new(grains);
    private readonly NumberedGrains<IPartitionKeys> _keys = new(grains);
    private readonly NumberedGrains<IPartitionTopics> _topics = new(grains);
    private readonly NumberedGrains<IPartitionQueueLimits> _queueLimits = new(grains);
    private readonly NumberedGrains<IPartitionReports> _reports = new(grains);
    private readonly NumberedGrains<IPartitionLogs> _logs = new(grains);
    private readonly NumberedGrains<IJobGridGrain> _whole = new(grains);
    private readonly NumberedGrains<IStoreGrain> _store = new(grains);
    private GridInfo? _info;
    private long _learnedAt;

    /// <summary>How old the secret of derived ids may be. It changes with the store only: an emptied one is begun anew after all silos were stopped.</summary>
    public static readonly TimeSpan SecretFreshFor = TimeSpan.FromSeconds(5);

    /// <summary>Null: not asked for yet.</summary>
    public GridInfo? Info => _info;

    public IJobGridGrain Whole => _whole[0];

    public IStoreGrain Store => _store[0];

    /// <summary>What never changes while the grid runs; asked for once.</summary>
    public ValueTask<GridInfo> InfoAsync() => _info is { } info ? new(info) : LearnAsync();

    /// <summary>What job types are said to be.</summary>
    public IJobTypesGrain Types => grains.GetGrain<IJobTypesGrain>(0);

    /// <summary>The session of a worker outside of the silos.</summary>
    public IWorkSessionGrain WorkSession(string session) => _sessions[session];

    public IJobGrain Job(string id) => _jobs[id];

    public IJobPartitionGrain Partition(string id, GridInfo info) => _partitions[JobIds.PartitionOf(id, info.Partitions)];

    public IPartitionSchedules Schedules(int partition) => _schedules[partition];

    public IPartitionSchedules SchedulesOf(string id, GridInfo info) => _schedules[JobIds.PartitionOf(id, info.Partitions)];

    public IPartitionKeys Keys(int partition) => _keys[partition];

    public IPartitionTopics Topics(int partition) => _topics[partition];

    /// <summary>The partition that knows all bindings.</summary>
    public async ValueTask<IPartitionTopics> BindingsAsync() => _topics[TopicHome.Of((await InfoAsync()).Partitions)];

    public IPartitionQueueLimits QueueLimits(int partition) => _queueLimits[partition];

    /// <summary>Where those report whom a job has called.</summary>
    public IPartitionReports Reports(string id, GridInfo info) => _reports[JobIds.PartitionOf(id, info.Partitions)];

    /// <summary>Where the log of a job is read.</summary>
    public IPartitionLogs Logs(string id, GridInfo info) => _logs[JobIds.PartitionOf(id, info.Partitions)];

    /// <summary>What a partition commits.</summary>
    public IJobChangesGrain Changes(int partition) => _changes[partition];

    public async ValueTask<IJobPartitionGrain> PartitionAsync(string id) => Partition(id, await InfoAsync());

    /// <summary>What ids are derived with; asked for again now and then.</summary>
    public async ValueTask<byte[]> IdSecretAsync()
    {
        var info = _info is { } known && time.GetElapsedTime(Volatile.Read(ref _learnedAt)) < SecretFreshFor ? known : await LearnAsync();
        return info.IdSecret;
    }

    private async ValueTask<GridInfo> LearnAsync()
    {
        var asked = time.GetTimestamp();
        _info = await Whole.GetInfo();
        Volatile.Write(ref _learnedAt, asked);
        return _info;
    }
}
