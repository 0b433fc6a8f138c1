using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs;

/// <summary>Job ids: 1 to 128 of <c>A-Z a-z 0-9 . _ -</c>. Those the grid makes are UUIDv7.</summary>
public static class JobIds
{
    public const int MaxLength = 128;

    /// <summary>
    /// What ids begin with that are derived from something else, such as an idempotency key. Nobody's own id may: it would stand where a derived one
    /// will be looked for.
    /// </summary>
    public const string DerivedPrefix = "oj-";
    private const ulong HashStart = 14695981039346656037UL;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>A fresh UUIDv7, in lower-case hexadecimal with hyphens.</summary>
    public static string New(TimeProvider? time = null) =>
        Guid.CreateVersion7((time ?? TimeProvider.System).GetUtcNow()).ToString();

    /// <summary>
    /// A fresh id for a job that comes alone. Those that come in the same millisecond belong to the same partition, and share its next write,
    /// whoever submits them; the milliseconds take turns.
    /// </summary>
    /// <param name="partitions">Null: not known yet, and left to chance.</param>
    internal static string NewBesideOthers(int? partitions, TimeProvider time) =>
        partitions is { } count ? NewIn((int)(time.GetUtcNow().ToUnixTimeMilliseconds() % count), count, time) : New(time);

    /// <summary>
    /// A fresh UUIDv7 of a job that is to belong to a certain partition, so that the jobs of a batch can share one way there and one write.
    /// Its last four digits are counted on from where chance has put them.
    /// </summary>
    internal static string NewIn(int partition, int partitions, TimeProvider time)
    {
        const int Length = 36, Head = 32, Tails = 1 << 16;
        Span<char> id = stackalloc char[Length];
        while (true)
        {
            Guid.CreateVersion7(time.GetUtcNow()).TryFormat(id, out _);
            var head = Hash(HashStart, id[..Head]);
            var digits = id[Head..];
            var tail = ushort.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            for (var i = 0; i < Tails; i++, tail++)
            {
                tail.TryFormat(digits, out _, "x4", CultureInfo.InvariantCulture);
                if (Partition(Hash(head, digits), partitions) == partition) return new(id);
            }
        }
    }

    /// <summary>When one of those that the grid makes was made, in Unix milliseconds, by the clock of who made it; null: it is another.</summary>
    internal static long? MadeAt(string id) => id.Length == 36 && id[8] == '-' && id[14] == '7'
        && uint.TryParse(id.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
        && ushort.TryParse(id.AsSpan(9, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low) ? ((long)high << 16) | low : null;

    /// <summary>Whether it may name a job. <c>.</c> and <c>..</c> may not: they are no path segments.</summary>
    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExcept(Allowed) && id is not ("." or "..");

    /// <summary>Whether it is one of those that are derived, and therefore nobody's own.</summary>
    public static bool IsDerived(string? id) => id is not null && id.StartsWith(DerivedPrefix, StringComparison.Ordinal);

    /// <summary>
    /// The id of the one job that an idempotency key stands for. The scope keeps one caller's keys apart from another's, the grid's secret keeps
    /// them from being guessed.
    /// </summary>
    /// <param name="secret">See <see cref="GridInfo.IdSecret"/>.</param>
    /// <param name="place">The job's place in a batch that came under the key; null where it came alone.</param>
    internal static string FromKey(ReadOnlySpan<byte> secret, string scope, string key, int? place = null)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{scope.Length}:{scope}{place}:{key}");
        return DerivedPrefix + Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    /// <summary>An id that begins as given and belongs to a certain partition: the first of its tails, counted from 0, that does.</summary>
    internal static string EndedIn(string head, int partition, int partitions)
    {
        var hash = Hash(HashStart, head);
        Span<char> digits = stackalloc char[8];
        for (var tail = 0; ; tail++)
        {
            tail.TryFormat(digits, out _, "x8", CultureInfo.InvariantCulture);
            if (Partition(Hash(hash, digits), partitions) == partition) return string.Concat(head, digits);
        }
    }

    /// <summary>The partition that a job belongs to, for ever: FNV-1a over the id's characters, finished so that low bits mix.</summary>
    public static int PartitionOf(string id, int partitions) => Partition(Hash(HashStart, id), partitions);

    private static ulong Hash(ulong hash, ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash;
    }

    private static int Partition(ulong hash, int partitions)
    {
        hash ^= hash >> 32;
        hash *= 0xd6e8feb86659fd93UL;
        hash ^= hash >> 32;
        return (int)(hash % (uint)partitions);
    }
}
