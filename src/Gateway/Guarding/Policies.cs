using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// The authorization policies of the gateway's routes. A host that wants other rules adds policies of the same names after
/// <see cref="JobGatewayRegistration.AddJobGateway"/>. Where people are signed in by a cookie (<see cref="SignInOptions"/>), such a policy names no scheme, or <c>OrleansJobs.SignIn</c>, which
/// also has whoever is not let in told so rather than led to a page; what people are granted, and that their changes need a token, holds beside it.
/// </summary>
public static class Policies
{
    public const string Submit = "OrleansJobs.Submit";
    public const string Read = "OrleansJobs.Read";
    public const string Operate = "OrleansJobs.Operate";
    public const string Work = "OrleansJobs.Work";

    /// <summary>Like <see cref="Read"/>, and for whoever holds the watch token of the job.</summary>
    public const string Watch = "OrleansJobs.Watch";

    /// <summary>Like <see cref="Work"/>, and for whoever holds the token of a call that the job has made.</summary>
    public const string Report = "OrleansJobs.Report";

    /// <summary>For <c>GET /metrics</c>: like <see cref="Read"/>, and for whoever comes to the probes' port.</summary>
    public const string Metrics = Telemetry.JobTelemetry.MetricsPolicy;

    /// <param name="scheme">Who says who asks; null: the host's default.</param>
    internal static void Add(AuthorizationOptions authorization, string? scheme)
    {
        Add(Submit, new(Scopes.Submit));
        Add(Read, new(Scopes.Read));
        Add(Operate, new(Scopes.Operate));
        Add(Work, new(Scopes.Work));
        Add(Watch, new(Scopes.Read) { OrWatchToken = true });
        Add(Report, new(Scopes.Work) { OrReportToken = true });
        Add(Metrics, new(Scopes.Read) { OrProbePort = true });

        void Add(string name, ScopeRequirement requirement) => authorization.AddPolicy(name, policy =>
        {
            policy.AddRequirements(requirement);
            if (scheme is not null) policy.AddAuthenticationSchemes(scheme);
        });
    }

    /// <summary>Null where nobody is asked, or where the host's default is the one that we would name: naming it costs each request another look.</summary>
    internal static string? SchemeOf(JobGatewayOptions gateway, AuthenticationOptions authentication)
    {
        if (gateway.IsOpen) return null;
        var scheme = gateway.SignIn.Scheme is not null ? SignInAuthentication.SchemeName : gateway.Scheme ?? ApiKeyAuthentication.SchemeName;
        return scheme == (authentication.DefaultAuthenticateScheme ?? authentication.DefaultScheme) ? null : scheme;
    }
}

internal sealed record ScopeRequirement(string Scope) : IAuthorizationRequirement
{
    public bool OrWatchToken { get; init; }
    public bool OrProbePort { get; init; }
    public bool OrReportToken { get; init; }
}

internal sealed class ScopeHandler(IOptions<JobGatewayOptions> options, WatchTokens tokens, JobGrid grid) : AuthorizationHandler<ScopeRequirement>
{
    private readonly bool _open = options.Value.IsOpen;

    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext authorization, ScopeRequirement requirement)
    {
        if (_open || Scopes.Has(authorization.User, requirement.Scope)) authorization.Succeed(requirement);
        else if (requirement.OrProbePort && authorization.Resource is HttpContext probe && ProbePort.Has(probe, options.Value)) authorization.Succeed(requirement);
        else if (requirement.OrWatchToken && authorization.Resource is HttpContext context && HasTokens(context)) authorization.Succeed(requirement);
        else if (requirement.OrReportToken && authorization.Resource is HttpContext report && await HasReportTokenAsync(report)) authorization.Succeed(requirement);
    }

    private async ValueTask<bool> HasReportTokenAsync(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && context.Request.Headers[ReportToken.TokenHeader] is [{ } token] && ReportToken.Read(await grid.IdSecretAsync(), id, token) is not null;

    /// <summary>A token for each job that is asked for: the one in the path, or those in <c>jobs</c>.</summary>
    private bool HasTokens(HttpContext context)
    {
        string[] ids = context.Request.RouteValues["id"] is string one ? [one] : context.Request.Query["jobs"].ToString().Split(',');
        var given = context.Request.Query[WatchTokens.Parameter].ToString().Split(',');
        if (given.Length != ids.Length) return false;
        var jobs = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (id, token) in ids.Zip(given))
        {
            if (!JobIds.IsValid(id) || !tokens.IsValid(token, id, out var incarnation)) return false;
            jobs[id] = incarnation;
        }

        WatchTokens.Use(context, jobs);
        return true;
    }
}
