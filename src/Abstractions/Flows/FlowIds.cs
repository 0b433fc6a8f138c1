using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;

namespace OrleansJobs.Flows;

/// <summary>Ids of children: derived from the flow, its run and the child's name, so that starting a child again finds it.</summary>
internal static class FlowIds
{
    /// <summary>Groups of up to so many children live in the flow's own partition, where nothing has to travel; larger ones are spread over all.</summary>
    public const int MostAtHome = 64;

    private const int HeadBytes = 12;
    private static readonly int HeadLength = JobIds.DerivedPrefix.Length + 2 * HeadBytes;

    /// <param name="submittedAt">Of the flow, in Unix milliseconds: another flow that takes its id later has other children.</param>
    /// <param name="index">The place in a group; -1: the child has a name of its own.</param>
    /// <param name="isSpread">It belongs to a group that is spread over all partitions.</param>
    public static string Child(string flow, long submittedAt, int run, string name, int index, bool isSpread, int partitions) =>
        JobIds.EndedIn(Head(flow, submittedAt, run, name, index), isSpread ? index % partitions : JobIds.PartitionOf(flow, partitions), partitions);

    /// <summary>The same child where its key is placed: all jobs of a key live in one partition.</summary>
    public static string In(string child, int partition, int partitions) => JobIds.EndedIn(child[..HeadLength], partition, partitions);

    /// <summary>Whether two ids are of one child, wherever it is placed.</summary>
    public static bool IsSame(string child, string other) => child.Length > HeadLength && string.CompareOrdinal(child, 0, other, 0, HeadLength) == 0;

    private static string Head(string flow, long submittedAt, int run, string name, int index)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes], text = stackalloc byte[256];
        if (Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"{flow}/{submittedAt}/{run}/{index}/{name}", out var written)) SHA256.HashData(text[..written], hash);
        else SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{flow}/{submittedAt}/{run}/{index}/{name}")), hash);
        return JobIds.DerivedPrefix + Convert.ToHexStringLower(hash[..HeadBytes]);
    }
}
