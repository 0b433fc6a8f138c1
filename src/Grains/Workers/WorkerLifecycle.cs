using OrleansJobs.Trials;

namespace OrleansJobs.Workers;

/// <summary>
/// Starts the worker once the silo is active, and drains it before anything else of the silo stops: while it drains, the silo still calls
/// and is called.
/// </summary>
internal sealed class WorkerLifecycle(WorkerEngine engine) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Stage = ServiceLifecycleStage.Active + 1;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(WorkerLifecycle), Stage, Start, engine.DrainAsync);

    private Task Start(CancellationToken cancellation)
    {
        engine.Start();
        return Task.CompletedTask;
    }
}

/// <summary>The grid by grain calls.</summary>
internal sealed class WorkerGrid(IGrainFactory grains, TimeProvider time) : IWorkerGrid
{
    private readonly NumberedGrains<IPartitionWork> _partitions = new(grains);
    private readonly NamedGrains<IJobFeed> _feeds = new(grains);

    private readonly NumberedGrains<Flows.IPartitionFlows> _flows = new(grains);
    private readonly NumberedGrains<Logs.ILogIntake> _logs = new(grains);
    private readonly NumberedGrains<IJobPartitionGrain> _jobs = new(grains);
    private readonly KnownTypes _types = new(new GridConnection(grains, time, new JobClientOptions()));

    public IPartitionWork Partition(int partition) => _partitions[partition];

    public IJobFeed Feed(string id) => _feeds[id];

    public Logs.ILogIntake LogsOf(int partition) => _logs[partition];

    public Flows.IPartitionFlows Flows(int partition) => _flows[partition];

    public IJobPartitionGrain Jobs(int partition) => _jobs[partition];

    public ValueTask<TypeDefaults> DefaultsOfAsync(string type, CancellationToken cancellation) => _types.OfAsync(type, cancellation);

    public TypeDefaults? KnownDefaultsOf(string type) => _types.Known(type);

    public ITrialGrain Trials => grains.GetGrain<ITrialGrain>(0);
}
