using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// Watch tokens: whoever holds one may read the status and the events of one job and nothing else, for as long as the job is kept. A token
/// is the instant of the job's submit with a keyed hash of it and of the job's id, so nothing is stored for it, and it is worth nothing for a later
/// job of the same id.
/// </summary>
internal sealed class WatchTokens(IOptions<JobGatewayOptions> options)
{
    public const string Parameter = "watchToken";
    private const int HashLength = 16;
    private const int Length = sizeof(long) + HashLength;
    private static readonly object Granted = new();

    private readonly byte[] _key = options.Value.WatchTokenKey is { } key
        ? SHA256.HashData(Encoding.UTF8.GetBytes(key))
        : RandomNumberGenerator.GetBytes(32);

    /// <summary>What tells a job from others of its id, before and after: it never changes, whatever happens to the job.</summary>
    public static long IncarnationOf(JobStatus job) => job.SubmittedAt.ToUnixTimeMilliseconds();

    public string Of(JobStatus job)
    {
        Span<byte> token = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(token, IncarnationOf(job));
        Compute(job.Id, token[..sizeof(long)], token[sizeof(long)..]);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Whether it is a token for a job of this id.</summary>
    /// <param name="incarnation">Of the job that it is for: see <see cref="Visibility"/>.</param>
    public bool IsValid(string? token, string id, out long incarnation)
    {
        incarnation = 0;
        if (token is null || token.Length != Base64Url.GetEncodedLength(Length)) return false;
        Span<byte> given = stackalloc byte[Length], expected = stackalloc byte[HashLength];
        if (!Base64Url.TryDecodeFromChars(token, given, out var written) || written != Length) return false;
        Compute(id, given[..sizeof(long)], expected);
        incarnation = BinaryPrimitives.ReadInt64BigEndian(given);
        return CryptographicOperations.FixedTimeEquals(given[sizeof(long)..], expected);
    }

    /// <summary>Notes that this request was let in by tokens, and for which jobs: limits of keys do not apply to it.</summary>
    public static void Use(HttpContext context, IReadOnlyDictionary<string, long> jobs) => context.Items[Granted] = jobs;

    /// <summary>The jobs, by id, that tokens let this request see; null where none let it in.</summary>
    public static IReadOnlyDictionary<string, long>? Of(HttpContext context) =>
        context.Items.TryGetValue(Granted, out var jobs) ? (IReadOnlyDictionary<string, long>)jobs! : null;

    private void Compute(string id, ReadOnlySpan<byte> incarnation, Span<byte> token)
    {
        const int Head = 6;
        Span<byte> text = stackalloc byte[Head + sizeof(long) + JobIds.MaxLength], hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        "watch:"u8.CopyTo(text);
        incarnation.CopyTo(text[Head..]);
        var length = Head + sizeof(long) + Encoding.ASCII.GetBytes(id, text[(Head + sizeof(long))..]);
        HMACSHA256.HashData(_key, text[..length], hash);
        hash[..HashLength].CopyTo(token);
    }
}
