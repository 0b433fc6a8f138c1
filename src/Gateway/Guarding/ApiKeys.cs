using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>A key that is known now, as its hash.</summary>
internal sealed class ApiKey(ApiKeyOptions options)
{
    private readonly CancellationTokenSource _withdrawn = new();

    public string Id { get; } = options.Id;
    public byte[] Hash { get; } = Convert.FromHexString(options.Sha256);
    public RateLimitOptions? RateLimit { get; } = options.RateLimit;

    /// <summary>Ends what was begun with the key and goes on, such as a stream of events.</summary>
    public CancellationToken Withdrawn => _withdrawn.Token;

    public ClaimsPrincipal Principal { get; } = new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, options.Id),
            .. options.Scopes.Select(scope => new Claim(Caller.ScopeClaim, scope)),
            .. options.Queues.Select(queue => new Claim(Caller.QueueClaim, queue)),
            .. options.Types.Select(type => new Claim(Caller.TypeClaim, type)),
        ],
        ApiKeyAuthentication.SchemeName));

    public void Withdraw() => _withdrawn.Cancel();
}

/// <summary>The keys of the configuration, and those of <see cref="KeyFolder"/>.</summary>
internal sealed class ApiKeys(IOptions<JobGatewayOptions> options, KeyFolder folder)
{
    /// <summary>Longer ones are nobody's key and are not hashed.</summary>
    private const int MaxLength = 256;
    private static readonly object Item = new();

    private readonly ApiKey[] _configured = [.. options.Value.Keys.Select(key => new ApiKey(key))];

    /// <summary>Whose key it is. Every key is compared, each in constant time, so that the time taken says nothing.</summary>
    public ApiKey? Find(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxLength) return null;
        Span<byte> text = stackalloc byte[MaxLength * 3], hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], hash);
        return Find(folder.Keys, hash) ?? Find(_configured, hash);
    }

    /// <summary>Notes with which key a request was let in.</summary>
    public static void Use(HttpContext context, ApiKey key) => context.Items[Item] = key;

    /// <summary>Null: by another scheme, by a watch token, or by nothing.</summary>
    public static ApiKey? Of(HttpContext context) => context.Items.TryGetValue(Item, out var key) ? (ApiKey)key! : null;

    private static ApiKey? Find(ApiKey[] keys, ReadOnlySpan<byte> hash)
    {
        ApiKey? found = null;
        foreach (var key in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(key.Hash, hash)) found = key;
        }

        return found;
    }
}
