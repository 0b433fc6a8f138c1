using Orleans.Placement;
using Orleans.Runtime.Placement;
using OrleansJobs.Membership;

namespace OrleansJobs.Partitions;

/// <summary>Puts each partition where <see cref="PartitionAssignment"/> says.</summary>
[Serializable, GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("oj.partitionPlacement")]
internal sealed class PartitionPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());

internal sealed class PartitionPlacementDirector(GridSilos silos) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var view = silos.Current;
        var partition = target.GrainIdentity.GetIntegerKey();
        if (view.Active.IsEmpty) throw new SiloUnavailableException("No silo that hosts the job grid is active.");
        return partition >= 0 && partition < view.Partitions
            ? Task.FromResult(view.Owners[partition])
            : throw new ArgumentException($"There is no partition {partition}; the grid has {view.Partitions}.");
    }
}
