using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway;

/// <summary>What stands in front of the gateway's endpoints. Endpoints of the host are left alone; addresses that nobody serves are ours.</summary>
internal static class GatewayPipeline
{
    public static void UseJobGateway(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<JobGatewayOptions>>().Value;
        var (rates, hosts, address) = (app.Services.GetRequiredService<RateLimits>(), app.Services.GetRequiredService<HostNames>(), app.Services.GetRequiredService<OwnAddress>());
        var console = app.Services.GetRequiredService<ConsoleRequests>();
        // Begins to look at the folder of keys, and not only when the first of them is sent.
        app.Services.GetRequiredService<KeyFolder>();
        if (options.TrustedProxies.Count > 0) app.UseForwardedHeaders(new TrustedProxies(options).Headers());
        if (options.ProbePort != 0) app.Use((context, next) => ProbePort.GuardAsync(context, next, options));
        app.UseWhen(IsOurs, branch =>
        {
            branch.Use((context, next) =>
            {
                SecurityHeaders.Set(context.Response);
                return next(context);
            });
            branch.UseMiddleware<GatewayErrors>();
            branch.Use((context, next) =>
            {
                // Probes come to the address of a pod.
                if (context.GetEndpoint()?.Metadata.GetMetadata<ProbeRoute>() is null) hosts.Check(context);
                return next(context);
            });
        });
        app.UseCors();
        app.UseAuthentication();
        if (options.SignIn.Scheme is not null)
        {
            app.UseWhen(IsOurs, branch => branch.Use(async (context, next) =>
            {
                // A policy that names no scheme, such as one of the host's own in place of ours, would ask the bare cookie: who is good for what, and that a change needs a token, is not in it.
                var found = await context.AuthenticateAsync(SignInAuthentication.SchemeName);
                context.User = found.Principal ?? new ClaimsPrincipal(new ClaimsIdentity());
                await next(context);
            }));
        }

        app.UseAuthorization();
        app.UseWhen(IsOurs, branch =>
        {
            branch.Use((context, next) =>
            {
                // One that names the host's scheme has put the cookie in its place.
                if (SignedIn.UserOf(context) is { } user) context.User = user;
                return next(context);
            });
            branch.Use((context, next) =>
            {
                // The page's files and the probes are cheap, and come before there is a key.
                if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null) rates.Take(context);
                return RefuseForeign(context, next, options.Cors.Origins, address);
            });
            if (!options.Console.ReadOnly && options.SignIn.Scheme is null) return;
            branch.Use(async (context, next) =>
            {
                await console.CheckAsync(context);
                await next(context);
            });
        });
    }

    /// <summary>
    /// A page of another origin can send simple requests without asking first. Those that change something are refused unless the origin is
    /// allowed: what listens on localhost is in reach of every page that its user opens.
    /// </summary>
    private static Task RefuseForeign(HttpContext context, RequestDelegate next, List<string> allowed, OwnAddress address)
    {
        var request = context.Request;
        if (request.Headers.Origin is not [{ } origin] || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            return next(context);
        if (allowed.Contains("*") || allowed.Contains(origin) || address.IsOwn(request, origin)) return next(context);
        throw new ProblemException(new(ProblemTypes.ForeignOrigin, "Allow it under Gateway:Cors:Origins."));
    }

    private static bool IsOurs(HttpContext context) =>
        context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<GatewayRoute>() is not null || endpoint.DisplayName == "405 HTTP Method Not Supported";
}
