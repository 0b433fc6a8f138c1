using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Metadata;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;

namespace OrleansJobs.Membership;

/// <summary>
/// Marks a silo that hosts the grid, in the manifest that every silo gives to the others: having the assembly, or being a silo of the cluster,
/// is not hosting the grid. The mark says how many partitions there are.
/// </summary>
internal sealed class GridMark(IOptions<JobGridOptions> options) : IGrainPropertiesProvider
{
    private const string Property = "oj.partitions";

    public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        if (grainClass == typeof(JobPartitionGrain)) properties[Property] = options.Value.Partitions.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The partitions of the grid that the silo of this manifest hosts; null where it hosts none.</summary>
    public static int? PartitionsOf(GrainManifest silo)
    {
        foreach (var grain in silo.Grains.Values)
        {
            if (grain.Properties.TryGetValue(Property, out var text)) return int.Parse(text, CultureInfo.InvariantCulture);
        }

        return null;
    }
}
