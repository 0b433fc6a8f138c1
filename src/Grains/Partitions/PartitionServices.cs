using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Membership;
using OrleansJobs.Storage;
using OrleansJobs.Topics;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>What every partition of a silo works with.</summary>
internal sealed class PartitionServices(
    IPartitionStore store, IOptions<JobGridOptions> options, TimeProvider time, ILocalWorker localWorker, IWorkerDirectory workers,
    IClusterMembershipService membership, ILocalSiloDetails silo, GridHealth health, StandstillGuard standstill, ClockGuard clock, KnownGenerations generations,
    JobMeters meters, PartitionKeeper keeper, GridSilos silos, BindingCache bindings)
{
    public IPartitionStore Store { get; } = store;
    public JobGridOptions Options { get; } = options.Value;
    public TimeProvider Time { get; } = time;
    public ILocalWorker LocalWorker { get; } = localWorker;
    public IWorkerDirectory Workers { get; } = workers;
    public IClusterMembershipService Membership { get; } = membership;

    /// <summary>The silos that host the grid; the membership knows of others as well.</summary>
    public GridSilos Silos { get; } = silos;
    public SiloAddress Silo { get; } = silo.SiloAddress;
    public GridHealth Health { get; } = health;
    public StandstillGuard Standstill { get; } = standstill;
    public ClockGuard Clock { get; } = clock;
    public KnownGenerations Generations { get; } = generations;
    public JobMeters Meters { get; } = meters;

    /// <summary>What events are made into, once for all partitions here.</summary>
    public BindingCache Bindings { get; } = bindings;

    /// <summary>The partitions of this silo are about to be closed.</summary>
    public CancellationToken Closing { get; } = keeper.Closing;
}
