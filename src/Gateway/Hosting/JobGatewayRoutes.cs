using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Acting;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Flows;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Histories;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Keys;
using OrleansJobs.Gateway.Limits;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Gateway.Logs;
using OrleansJobs.Gateway.Pages;
using OrleansJobs.Gateway.Schedules;
using OrleansJobs.Gateway.Signals;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Store;
using OrleansJobs.Gateway.Submitting;
using OrleansJobs.Gateway.Timelines;
using OrleansJobs.Gateway.Topics;
using OrleansJobs.Gateway.Working;

namespace OrleansJobs.Gateway;

/// <summary>The gateway's addresses.</summary>
public static class JobGatewayRoutes
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Serves the gateway: its addresses, its page, its probes, and what guards them. Call it before the application's own middleware.</summary>
    public static WebApplication MapJobs(this WebApplication app)
    {
        app.UseJobGateway();
        MapHealth(app);
        var options = app.Services.GetRequiredService<IOptions<JobGatewayOptions>>().Value;
        if (!options.Enabled) return app;
        var routes = app.MapGroup("").WithMetadata(new GatewayRoute()).RequireCors(GatewayCors.Policy);
        MapSubmits(routes, app.Services);
        MapJob(routes, app.Services);
        MapSchedules(routes, app.Services);
        MapKeys(routes, app.Services.GetRequiredService<KeyEndpoints>());
        MapTopics(routes, app.Services);
        MapEvents(routes, app.Services.GetRequiredService<EventEndpoints>());
        MapGrid(routes, app.Services);
        MapWork(routes, app.Services);
        MapStore(routes, app.Services.GetRequiredService<StoreEndpoints>());
        routes.MapMethods("/caller", Reading, app.Services.GetRequiredService<CallerEndpoint>().GetAsync).RequireAuthorization(Policies.Read).AllowAnonymous();
        ConsoleRoutes.Map(routes, options.Console);
        MapDescription(routes);
        return app;
    }

    private static void MapHealth(WebApplication app)
    {
        var health = app.Services.GetRequiredService<HealthEndpoints>();
        var routes = app.MapGroup("/health").WithMetadata(new GatewayRoute(), new ProbeRoute()).AllowAnonymous();
        routes.MapMethods("/live", Reading, HealthEndpoints.LiveAsync);
        routes.MapMethods("/ready", Reading, health.ReadyAsync);
        routes.MapMethods("/startup", Reading, health.StartupAsync);
    }

    private static void MapSubmits(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var submits = services.GetRequiredService<SubmitEndpoints>();
        routes.MapPost("/jobs", submits.SubmitAsync).RequireAuthorization(Policies.Submit);
        routes.MapPost("/jobs:batch", services.GetRequiredService<BatchEndpoint>().SubmitAsync).RequireAuthorization(Policies.Submit);
        routes.MapPost("/jobs/{type}", submits.SubmitShortAsync).RequireAuthorization(Policies.Submit);
        var flows = services.GetRequiredService<FlowEndpoints>();
        routes.MapPost("/flows", flows.SubmitAsync).RequireAuthorization(Policies.Submit);
        routes.MapMethods("/flows/{id}", Reading, flows.GetAsync).RequireAuthorization(Policies.Read);
    }

    private static void MapJob(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var (reads, changes) = (services.GetRequiredService<StatusEndpoints>(), services.GetRequiredService<ChangeEndpoints>());
        routes.MapMethods("/jobs", Reading, services.GetRequiredService<ListEndpoint>().ListAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/jobs/{id}", Reading, reads.GetAsync).RequireAuthorization(Policies.Watch);
        routes.MapMethods("/jobs/{id}/result", Reading, reads.GetResultAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/jobs/{id}/args", Reading, reads.GetArgsAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/jobs/{id}/logs", Reading, services.GetRequiredService<LogEndpoints>().GetAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/jobs/{id}/timeline", Reading, services.GetRequiredService<TimelineEndpoint>().GetAsync).RequireAuthorization(Policies.Read);
        routes.MapPost("/jobs:act", services.GetRequiredService<ActEndpoint>().ActAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/cancel", changes.CancelAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/retry", changes.RetryAsync).RequireAuthorization(Policies.Operate);
        // Whoever runs a job again as their own is told what it comes to, and whom else they name.
        routes.MapPost("/jobs/{id}/copy", services.GetRequiredService<CopyEndpoint>().CopyAsync).RequireAuthorization(Policies.Operate, Policies.Read);
        routes.MapPost("/jobs/{id}/priority", services.GetRequiredService<PriorityEndpoint>().PrioritiseAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/queue", services.GetRequiredService<TransferEndpoint>().TransferAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/due", services.GetRequiredService<MoveEndpoint>().MoveAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/jobs/{id}/signals/{name}", services.GetRequiredService<SignalEndpoint>().SendAsync).RequireAuthorization(Policies.Operate);
        routes.MapDelete("/jobs/{id}", changes.DeleteAsync).RequireAuthorization(Policies.Operate);
    }

    private static void MapSchedules(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var (reads, changes) = (services.GetRequiredService<ScheduleEndpoints>(), services.GetRequiredService<ScheduleChangeEndpoints>());
        routes.MapMethods("/schedules", Reading, reads.ListAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/schedules/next", Reading, reads.PreviewAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/schedules/{id}", Reading, reads.GetAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/schedules/{id}/next", Reading, reads.NextAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/schedules/{id}/runs", Reading, reads.RunsAsync).RequireAuthorization(Policies.Read);
        routes.MapPut("/schedules/{id}", changes.PutAsync).RequireAuthorization(Policies.Operate);
        routes.MapDelete("/schedules/{id}", changes.DeleteAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/schedules/{id}/pause", changes.PauseAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/schedules/{id}/resume", changes.ResumeAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/schedules/{id}/trigger", changes.TriggerAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/schedules/{id}/backfill", changes.BackfillAsync).RequireAuthorization(Policies.Operate);
    }

    private static void MapKeys(IEndpointRouteBuilder routes, KeyEndpoints keys)
    {
        routes.MapMethods("/keys", Reading, keys.ListAsync).RequireAuthorization(Policies.Read);
        foreach (var path in (string[])["/keys/{prefix}", "/keys/{prefix}/{name}"])
        {
            routes.MapMethods(path, Reading, keys.GetAsync).RequireAuthorization(Policies.Read);
            routes.MapPut(path, keys.PutAsync).RequireAuthorization(Policies.Operate);
            routes.MapDelete(path, keys.DeleteAsync).RequireAuthorization(Policies.Operate);
        }

        // Behind the name, so that a key may be called like that.
        routes.MapPost("/keys/{prefix}/{name}/pause", keys.PauseAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/keys/{prefix}/{name}/resume", keys.ResumeAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/keys/{prefix}/pause", keys.PauseAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/keys/{prefix}/resume", keys.ResumeAsync).RequireAuthorization(Policies.Operate);
    }

    private static void MapTopics(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var bindings = services.GetRequiredService<BindingEndpoints>();
        routes.MapMethods("/bindings", Reading, bindings.ListAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/bindings/{id}", Reading, bindings.GetAsync).RequireAuthorization(Policies.Read);
        routes.MapPut("/bindings/{id}", bindings.PutAsync).RequireAuthorization(Policies.Operate);
        routes.MapDelete("/bindings/{id}", bindings.DeleteAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/topics/{key}", services.GetRequiredService<TopicEndpoints>().PublishAsync).RequireAuthorization(Policies.Submit);
        routes.MapGet("/topics/events", services.GetRequiredService<TopicEventEndpoint>().ListenAsync).RequireAuthorization(Policies.Read);
    }

    private static void MapEvents(IEndpointRouteBuilder routes, EventEndpoints events)
    {
        routes.MapGet("/jobs/{id}/events", events.OneAsync).RequireAuthorization(Policies.Watch);
        routes.MapGet("/events", events.ManyAsync).RequireAuthorization(Policies.Watch);
    }

    private static void MapGrid(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var grid = services.GetRequiredService<GridEndpoints>();
        routes.MapMethods("/stats", Reading, grid.GetStatsAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/stats/scaling", Reading, grid.GetScalingAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/stats/history", Reading, services.GetRequiredService<HistoryEndpoint>().GetAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/job-types", Reading, grid.GetJobTypesAsync).RequireAuthorization(Policies.Read);
        routes.MapMethods("/queues", Reading, grid.GetQueuesAsync).RequireAuthorization(Policies.Read);
        routes.MapPost("/queues/{name}/pause", grid.PauseAsync).RequireAuthorization(Policies.Operate);
        routes.MapPost("/queues/{name}/resume", grid.ResumeAsync).RequireAuthorization(Policies.Operate);
        var limits = services.GetRequiredService<QueueLimitEndpoints>();
        routes.MapMethods("/queues/{name}/limits", Reading, limits.GetAsync).RequireAuthorization(Policies.Read);
        routes.MapPut("/queues/{name}/limits", limits.PutAsync).RequireAuthorization(Policies.Operate);
        routes.MapDelete("/queues/{name}/limits", limits.DeleteAsync).RequireAuthorization(Policies.Operate);
    }

    private static void MapWork(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var work = services.GetRequiredService<WorkEndpoints>();
        routes.MapPost("/work", work.CallAsync).RequireAuthorization(Policies.Work);
        routes.MapPost("/work/jobs/{id}/checkpoint", work.SaveCheckpointAsync).RequireAuthorization(Policies.Work);
        routes.MapPost("/work/jobs/{id}/children", services.GetRequiredService<ChildrenEndpoint>().StartAsync).RequireAuthorization(Policies.Work);
        routes.MapPost("/work/jobs/{id}/memory", services.GetRequiredService<MemoryEndpoint>().AskAsync).RequireAuthorization(Policies.Work);
        routes.MapPost("/work/jobs/{id}/report", services.GetRequiredService<ReportEndpoint>().ReportAsync).RequireAuthorization(Policies.Report);
        routes.MapPut("/job-types/{type}", work.PutTypeAsync).RequireAuthorization(Policies.Work);
    }

    private static void MapStore(IEndpointRouteBuilder routes, StoreEndpoints store)
    {
        routes.MapMethods("/store", Reading, store.GetAsync).RequireAuthorization(Policies.Read);
        routes.MapPost("/store/backup", store.BackUpAsync).RequireAuthorization(Policies.Operate);
    }

    private static void MapDescription(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/openapi/v1.json", Reading, PageFile.Load("openapi.json").ServeAsync).AllowAnonymous();
        foreach (var file in PageFile.Under("docs/")) routes.MapMethods(file.Path == "index.html" ? "/docs" : "/docs/" + file.Path, Reading, file.ServeAsync).AllowAnonymous();
    }
}

/// <summary>Marks the endpoints of the gateway among those of its host.</summary>
internal sealed class GatewayRoute;
