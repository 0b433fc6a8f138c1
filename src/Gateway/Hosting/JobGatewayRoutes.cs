using Microsoft.AspNetCore.Routing;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Pages;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway;

/// <summary>The gateway's addresses.</summary>
public static class JobGatewayRoutes
{
    /// <summary>Serves the gateway: its addresses, its page, and what guards them. Call it before the application's own middleware.</summary>
    public static WebApplication MapJobs(this WebApplication app)
    {
        app.UseJobGateway();
        var routes = app.MapGroup("").WithMetadata(new GatewayRoute()).RequireCors(Hosting.GatewayCors.Policy);
        MapSubmits(routes, app.Services.GetRequiredService<SubmitEndpoints>());
        MapJob(routes, app.Services.GetRequiredService<StatusEndpoints>(), app.Services.GetRequiredService<ChangeEndpoints>());
        MapPage(routes);
        return app;
    }

    private static void MapPage(IEndpointRouteBuilder routes)
    {
        foreach (var file in PageFile.Under("wwwroot/"))
        {
            routes.MapGet("/" + file.Path, file.ServeAsync).AllowAnonymous();
            if (file.Path == "index.html") routes.MapGet("/", file.ServeAsync).AllowAnonymous();
        }
    }

    private static void MapSubmits(IEndpointRouteBuilder routes, SubmitEndpoints submits)
    {
        routes.MapPost("/jobs", submits.SubmitAsync).RequireAuthorization(Policies.Submit);
        routes.MapPost("/jobs/{type}", submits.SubmitShortAsync).RequireAuthorization(Policies.Submit);
    }

    private static void MapJob(IEndpointRouteBuilder routes, StatusEndpoints reads, ChangeEndpoints changes)
    {
        routes.MapGet("/jobs/{id}", reads.GetAsync).RequireAuthorization(Policies.Watch);
        routes.MapGet("/jobs/{id}/result", reads.GetResultAsync).RequireAuthorization(Policies.Read);
        routes.MapGet("/jobs/{id}/args", reads.GetArgsAsync).RequireAuthorization(Policies.Read);
        routes.MapPost("/jobs/{id}/cancel", changes.CancelAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/retry", changes.RetryAsync).RequireAuthorization(Policies.Operate);
        routes.MapDelete("/jobs/{id}", changes.DeleteAsync).RequireAuthorization(Policies.Operate);
    }
}

/// <summary>Marks the endpoints of the gateway among those of its host.</summary>
internal sealed class GatewayRoute;
