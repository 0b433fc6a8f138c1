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
        if (view.Active.IsEmpty || view.Partitions == 0) throw new SiloUnavailableException("No active silo has said yet that it hosts the job grid.");
        if (partition < 0 || partition >= view.Partitions) throw new ArgumentException($"There is no partition {partition}; the grid has {view.Partitions}.");
        var owner = view.Owners[partition];
        // One that is only taken to host the grid may not know the grain at all: who asks asks again, and by then it has said which.
        return view.HasSaidSo(owner) ? Task.FromResult(owner) : throw new SiloUnavailableException($"Silo {owner} has not said yet whether it hosts the job grid.");
    }
}
