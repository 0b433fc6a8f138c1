using Microsoft.AspNetCore.Routing;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway;

/// <summary>The addresses of the progress-bar tutorial that many pages were written after.</summary>
public static class TutorialAddresses
{
    /// <summary>
    /// Maps <c>POST /{type}</c>, answered 202 with an empty object and <c>Location</c>, and <c>GET /status/{id}</c>, so that a page written
    /// for the Flask and Celery version works unchanged.
    /// </summary>
    /// <param name="app">Has been given <see cref="JobGatewayRoutes.MapJobs"/>.</param>
    /// <param name="type">The job type; also the address.</param>
    public static WebApplication MapTutorial(this WebApplication app, string type)
    {
        var routes = app.MapGroup("").WithMetadata(new GatewayRoute()).RequireCors(GatewayCors.Policy);
        var (submits, reads) = (app.Services.GetRequiredService<SubmitEndpoints>(), app.Services.GetRequiredService<StatusEndpoints>());
        var address = app.Services.GetRequiredService<OwnAddress>();
        routes.MapPost("/" + type, async context =>
        {
            var status = await submits.SubmitArgsAsync(context, type);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.Headers.Location = address.Of(context, $"/status/{status.Id}");
            var json = JsonBuffer.Rent();
            json.Writer.WriteStartObject();
            json.Writer.WriteEndObject();
            await json.SendAsync(context.Response);
        }).RequireAuthorization(Policies.Submit);
        routes.MapGet("/status/{id}", reads.GetAsync).RequireAuthorization(Policies.Watch);
        return app;
    }
}
