using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Flows;

/// <summary>Ids of children: derived from the flow, its run and the child's name, so that starting a child again finds it.</summary>
internal static class FlowIds
{
    /// <summary>Groups of up to so many children live in the flow's own partition, where nothing has to travel; larger ones are spread over all.</summary>
    public const int MostAtHome = 64;

    /// <param name="submittedAt">Of the flow, in Unix milliseconds: another flow that takes its id later has other children.</param>
    /// <param name="index">The place in a group; -1: the child has a name of its own.</param>
    /// <param name="isSpread">It belongs to a group that is spread over all partitions.</param>
    public static string Child(string flow, long submittedAt, int run, string name, int index, bool isSpread, int partitions)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{flow}/{submittedAt}/{run}/{index}/{name}");
        var head = JobIds.DerivedPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
        return JobIds.EndedIn(head, isSpread ? index % partitions : JobIds.PartitionOf(flow, partitions), partitions);
    }
}
