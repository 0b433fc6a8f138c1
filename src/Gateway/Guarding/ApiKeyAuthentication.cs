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
        if (keys.Find(header[0].AsSpan(Bearer.Length).Trim()) is not { } key) return Task.FromResult(AuthenticateResult.Fail("No such key."));
        ApiKeys.Use(Context, key);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(key.Principal, Scheme.Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return new Problem(ProblemTypes.Unauthorized, "Send an API key as Authorization: Bearer <key>.").WriteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Problem(ProblemTypes.Forbidden, "The key lacks the scope that this address needs.").WriteAsync(Context);
}
