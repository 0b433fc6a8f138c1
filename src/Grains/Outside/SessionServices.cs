using Microsoft.Extensions.Options;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Logs;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What every session of a silo works with.</summary>
internal sealed class SessionServices(
    IOptions<JobGridOptions> options, TimeProvider time, IWorkerGrid grid, AttemptServices attempts, WorkerEngine worker, ClockGuard clock,
    AnnouncedTypes types, SessionsHere sessions, PartitionKeeper keeper)
{
    public JobGridOptions Options { get; } = options.Value;
    public OutsideOptions Outside { get; } = options.Value.Outside;
    public TimeProvider Time { get; } = time;
    public IWorkerGrid Grid { get; } = grid;
    public ChildResults Results { get; } = new(attempts);
    public ProgressCarrier Carrier { get; } = attempts.Carrier;

    public bool KeepsLogs { get; } = options.Value.Logs.MaxLines > 0;

    /// <summary>Takes the lines of an attempt in, and has them carried to its partition.</summary>
    public AttemptLog LogOf(LeaseName lease, int partition) => new(lease, partition, attempts.Logs, attempts.LogOptions);

    /// <summary>The same of a lease of which it is not known yet whose it is.</summary>
    public AttemptLog HeldBackLogOf(LeaseName lease, int partition) => new(lease, partition, attempts.Logs, attempts.LogOptions, isHeldBack: true);

    public LogCarrier Logs { get; } = attempts.Logs;

    /// <inheritdoc cref="AttemptServices.ListenerOf"/>
    public IProgressListener? ListenerOf(Lease lease) => attempts.ListenerOf(lease);

    /// <summary>The worker of this silo: it is told which queues are paused and which partitions have opened, for all that take jobs here.</summary>
    public WorkerEngine Worker { get; } = worker;
    public ClockGuard Clock { get; } = clock;
    public AnnouncedTypes Types { get; } = types;
    public SessionsHere Sessions { get; } = sessions;

    /// <summary>The silo has drained, and stops: sessions go on at another.</summary>
    public CancellationToken Closing { get; } = keeper.Closing;
}
