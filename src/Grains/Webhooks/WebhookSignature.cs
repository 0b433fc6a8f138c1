using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Webhooks;

/// <summary>Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body.</summary>
internal static class WebhookSignature
{
    private const string Prefix = "whsec_";

    /// <returns>Null where the secret is none.</returns>
    public static byte[]? KeyOf(string? secret)
    {
        if (secret is null || !secret.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var key = new byte[64];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) && length >= 24 ? key[..length] : null;
    }

    /// <summary>One for each key, so that a receiver that knows one of them takes it.</summary>
    public static string Of(IEnumerable<byte[]> keys, string id, DateTimeOffset time, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{time.ToUnixTimeSeconds()}.")), .. body];
        return string.Join(' ', keys.Select(key => "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed))));
    }
}
