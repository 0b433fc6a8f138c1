using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// Watch tokens: whoever holds one may read the status and the events of one job and nothing else, for as long as the job is kept. A token
/// is a keyed hash of the job's id, so nothing is stored for it.
/// </summary>
internal sealed class WatchTokens(IOptions<JobGatewayOptions> options)
{
    public const string Parameter = "watchToken";
    private const int Length = 16;
    private static readonly object Used = new();

    private readonly byte[] _key = options.Value.WatchTokenKey is { } key
        ? SHA256.HashData(Encoding.UTF8.GetBytes(key))
        : RandomNumberGenerator.GetBytes(32);

    public string Of(string id)
    {
        Span<byte> token = stackalloc byte[Length];
        Compute(id, token);
        return Base64Url.EncodeToString(token);
    }

    public bool IsValid(string? token, string id)
    {
        if (token is null || token.Length != Base64Url.GetEncodedLength(Length)) return false;
        Span<byte> given = stackalloc byte[Length], expected = stackalloc byte[Length];
        if (!Base64Url.TryDecodeFromChars(token, given, out var written) || written != Length) return false;
        Compute(id, expected);
        return CryptographicOperations.FixedTimeEquals(given, expected);
    }

    /// <summary>Notes that this request was let in by a token, so that limits of keys do not apply to it.</summary>
    public static void Use(HttpContext context) => context.Items[Used] = Used;

    public static bool WasUsed(HttpContext context) => context.Items.ContainsKey(Used);

    private void Compute(string id, Span<byte> token)
    {
        Span<byte> text = stackalloc byte[8 + JobIds.MaxLength], hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        "watch:"u8.CopyTo(text);
        var length = 6 + Encoding.ASCII.GetBytes(id, text[6..]);
        HMACSHA256.HashData(_key, text[..length], hash);
        hash[..Length].CopyTo(token);
    }
}
