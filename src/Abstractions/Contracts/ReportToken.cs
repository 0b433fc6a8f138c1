using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs;

/// <summary>
/// What lets somebody who was called by a job report what became of the call, and of nothing else: the attempt's token, and a hash of it and the job's id that only the grid can make.
/// </summary>
internal static class ReportToken
{
    /// <summary>The headers of a call, of which the second comes back with the report.</summary>
    public const string AddressHeader = "orleansjobs-report-to";

    /// <inheritdoc cref="AddressHeader"/>
    public const string TokenHeader = "orleansjobs-report-token";

    private const int HashBytes = 18;
    private const int MaxLength = 64;

    /// <param name="secret">See <see cref="GridInfo.IdSecret"/>.</param>
    public static string Of(byte[] secret, string id, long token) => string.Create(CultureInfo.InvariantCulture, $"{token}.{Base64Url.EncodeToString(HashOf(secret, id, token))}");

    /// <returns>Null: it is none of this job.</returns>
    public static long? Read(byte[] secret, string id, string? text)
    {
        if (text is not { Length: > 2 and <= MaxLength } || text.IndexOf('.') is not (> 0 and var dot)) return null;
        if (!long.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var token)) return null;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Of(secret, id, token)), Encoding.UTF8.GetBytes(text)) ? token : null;
    }

    private static byte[] HashOf(byte[] secret, string id, long token) =>
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"report\n{token}\n{id}")))[..HashBytes];
}
