using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace OrleansJobs.Partitions;

/// <summary>Puts each partition where <see cref="PartitionAssignment"/> says.</summary>
[Serializable, GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("oj.partitionPlacement")]
internal sealed class PartitionPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());

internal sealed class PartitionPlacementDirector(Microsoft.Extensions.Options.IOptions<Hosting.JobGridOptions> options) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var owners = PartitionAssignment.Assign(options.Value.Partitions, context.GetCompatibleSilos(target));
        var partition = target.GrainIdentity.GetIntegerKey();
        return partition >= 0 && partition < owners.Length
            ? Task.FromResult(owners[partition])
            : throw new ArgumentException($"There is no partition {partition}; the grid has {options.Value.Partitions}.");
    }
}
