using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>API keys as bearer tokens.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "OrleansJobs.ApiKey";
    private const string Bearer = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (header.Count == 0) return Task.FromResult(AuthenticateResult.NoResult());
        if (header.Count > 1 || !header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return Task.FromResult(AuthenticateResult.Fail("Not a bearer token."));
        return Task.FromResult(keys.Find(header[0].AsSpan(Bearer.Length).Trim()) is { } principal
            ? AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name))
            : AuthenticateResult.Fail("No such key."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return new Problem(ProblemTypes.Unauthorized, "Send an API key as Authorization: Bearer <key>.").WriteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Problem(ProblemTypes.Forbidden, "The key lacks the scope that this address needs.").WriteAsync(Context);
}

/// <summary>The keys of the configuration, as hashes.</summary>
internal sealed class ApiKeys
{
    /// <summary>Longer ones are nobody's key and are not hashed.</summary>
    private const int MaxLength = 256;
    private readonly (byte[] Hash, ClaimsPrincipal Principal)[] _keys;

    public ApiKeys(IOptions<JobGatewayOptions> options) =>
        _keys = [.. options.Value.Keys.Select(key => (Convert.FromHexString(key.Sha256), PrincipalOf(key)))];

    /// <summary>Who a key belongs to. Every key is compared, each in constant time, so that the time taken says nothing.</summary>
    public ClaimsPrincipal? Find(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxLength) return null;
        Span<byte> text = stackalloc byte[MaxLength * 3], hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], hash);
        ClaimsPrincipal? found = null;
        foreach (var (known, principal) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash)) found = principal;
        }

        return found;
    }

    private static ClaimsPrincipal PrincipalOf(ApiKeyOptions key) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, key.Id),
            .. key.Scopes.Select(scope => new Claim(Caller.ScopeClaim, scope)),
            .. key.Queues.Select(queue => new Claim(Caller.QueueClaim, queue)),
        ],
        ApiKeyAuthentication.SchemeName));
}
