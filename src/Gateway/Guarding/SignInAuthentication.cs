using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// People by the host's own cookie, programs by what they send along. Who is not let in is told so as any client of the gateway is, and never led to a
/// page to sign in at, which a program would take for its answer.
/// </summary>
internal sealed class SignInAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder, IOptions<JobGatewayOptions> gateway)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "OrleansJobs.SignIn";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var options = gateway.Value;
        // A key that is sent along is meant, also where a browser adds its cookie to it.
        if (Request.Headers.Authorization.Count > 0) return await Context.AuthenticateAsync(options.Scheme ?? ApiKeyAuthentication.SchemeName);
        var found = await Context.AuthenticateAsync(options.SignIn.Scheme);
        if (!found.Succeeded) return AuthenticateResult.NoResult();
        var user = SignedIn.Of(found.Principal, options.SignIn);
        SignedIn.Use(Context, user, found.Principal.Identity?.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(user, Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return new Problem(ProblemTypes.Unauthorized, "Sign in, or send an API key as Authorization: Bearer <key>.").WriteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Problem(ProblemTypes.Forbidden, SignedIn.Is(Context) ? "Whoever is signed in is not granted the scope that this address needs." : "The key lacks the scope that this address needs.").WriteAsync(Context);
}
