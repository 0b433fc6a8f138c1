using System.Buffers;
using System.Security.Cryptography;

namespace OrleansJobs;

/// <summary>
/// Names of keys, <c>prefix</c> or <c>prefix/name</c> such as <c>tenant/7</c>. All jobs of a key live in one partition, so that whatever is said about the key is
/// decided in one place.
/// </summary>
public static class JobKeys
{
    /// <summary>Characters of the part behind the prefix.</summary>
    public const int MaxNameLength = 128;
    public const int MaxUniqueLength = 256;
    public const int MaxWeight = 1000;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:@+~");

    /// <summary>Whether it is a key: a prefix of 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>, alone or with <c>/</c> and a name.</summary>
    public static bool IsKey(string? key)
    {
        if (key is null) return false;
        var slash = key.IndexOf('/');
        return slash < 0 ? IsPrefix(key) : IsPrefix(key[..slash]) && IsName(key[(slash + 1)..]);
    }

    /// <summary>Whether it may stand before the name of a key, and be what a rule is of.</summary>
    public static bool IsPrefix(string? prefix) => SubmissionRules.IsName(prefix) && prefix is not ("." or "..");

    /// <summary>Whether it may be the part behind the prefix: 1 to 128 of <c>A-Z a-z 0-9 . _ - : @ + ~</c>.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength } && !name.AsSpan().ContainsAnyExcept(Allowed) && name is not ("." or "..");

    public static string PrefixOf(string key) => key.IndexOf('/') is var slash and >= 0 ? key[..slash] : key;

    /// <summary>The unique value of a job that is to be unique and does not say by what: its type and its arguments, byte by byte.</summary>
    public static string UniqueOf(string type, ReadOnlySpan<byte> args) => $"{type}:{Convert.ToHexStringLower(SHA256.HashData(args).AsSpan(0, 16))}";

    /// <summary>What decides in which partition a job lives; null where its id alone does.</summary>
    internal static string? PlaceOf(string? key, JobUnique? unique) => key is not null ? "key/" + key : unique is not null ? "unique/" + unique.Value : null;

    /// <summary>The partition of a key.</summary>
    internal static int PartitionOf(string key, int partitions) => JobIds.PartitionOf("key/" + key, partitions);

    /// <summary>A submission with an id of ours in the partition where its key or its unique value belongs.</summary>
    internal static JobSubmission Placed(JobSubmission job, int partitions, TimeProvider time) => PlaceOf(job.Key, job.Unique) is { } place
        ? job with { Id = JobIds.NewIn(JobIds.PartitionOf(place, partitions), partitions, time) }
        : job;
}
