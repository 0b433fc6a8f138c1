namespace OrleansJobs;

/// <summary>The grid as a client reaches it: its grains, what it is made of, and patience with its silences.</summary>
internal sealed class GridConnection(IGrainFactory grains, TimeProvider time, JobClientOptions options)
{
    private readonly NamedGrains<IJobGrain> _jobs = new(grains);
    private readonly NumberedGrains<IJobPartitionGrain> _partitions = new(grains);
    private readonly NumberedGrains<IPartitionSchedules> _schedules = new(grains);
    private readonly NumberedGrains<IPartitionKeys> _keys = new(grains);
    private readonly NumberedGrains<IPartitionTopics> _topics = new(grains);
    private readonly NumberedGrains<IPartitionQueueLimits> _queueLimits = new(grains);
    private readonly NumberedGrains<IPartitionLogs> _logs = new(grains);
    private readonly NumberedGrains<IJobGridGrain> _whole = new(grains);
    private GridInfo? _info;

    /// <summary>What the grid is made of, where that is known by now.</summary>
    public GridInfo? Info => _info;

    public JobClientOptions Options => options;
    public TimeProvider Time => time;
    public IJobGridGrain Grid => _whole[0];

    public IJobGrain Job(string id) => _jobs[id];

    public IJobPartitionGrain Partition(int number) => _partitions[number];

    public IPartitionSchedules Schedules(int partition) => _schedules[partition];

    public IPartitionKeys Keys(int partition) => _keys[partition];

    public IPartitionTopics Topics(int partition) => _topics[partition];

    public IPartitionQueueLimits QueueLimits(int partition) => _queueLimits[partition];

    public IPartitionLogs Logs(int partition) => _logs[partition];

    /// <summary>One try.</summary>
    public async ValueTask<GridInfo> GetInfoAsync(CancellationToken cancellation) =>
        _info ??= await TryAsync(Grid.GetInfo(), cancellation);

    /// <summary>One try.</summary>
    public async ValueTask<IJobPartitionGrain> PartitionOfAsync(string id, CancellationToken cancellation) =>
        Partition(JobIds.PartitionOf(id, (await GetInfoAsync(cancellation)).Partitions));

    public Task<T> TryAsync<T>(Task<T> call, CancellationToken cancellation) => call.WaitAsync(options.TryTimeout, time, cancellation);

    /// <summary>Asks, and asks again where the answer is lost, until the deadline.</summary>
    /// <exception cref="GridUnavailableException"/>
    public async Task<T> AskAsync<T>(Func<Task<T>> question, CancellationToken cancellation)
    {
        var outage = new Outage(time, options.Deadline);
        while (true)
        {
            var asked = time.GetTimestamp();
            try
            {
                return await TryAsync(question(), cancellation);
            }
            catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
            {
                if (!outage.GoesOn(asked)) throw new GridUnavailableException($"The grid did not answer within {options.Deadline.TotalSeconds:0.###} s: {exception.Message}", exception);
            }

            await outage.DelayAsync(cancellation);
        }
    }
}
