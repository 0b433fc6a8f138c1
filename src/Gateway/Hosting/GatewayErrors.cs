using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>Whatever goes wrong in a request becomes a problem, and none of them says how the gateway is built.</summary>
internal sealed partial class GatewayErrors(RequestDelegate next, ILogger<GatewayErrors> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (IsBareError(context.Response)) await Bare(context).WriteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var problem = ProblemOf(exception);
            if (problem.Type == ProblemTypes.Internal) LogFailure(context.Request.Method, context.GetEndpoint()?.DisplayName, exception);
            else if (problem.Type == ProblemTypes.Unavailable) LogUnavailable(exception.Message);
            await problem.WriteAsync(context);
        }
    }

    private static Problem ProblemOf(Exception exception) => exception switch
    {
        ProblemException wrong => wrong.Problem,
        BadHttpRequestException bad => new(ProblemTypes.ForStatus(bad.StatusCode), ProblemTypes.ForStatus(bad.StatusCode).Title),
        GridOverloadedException full => new(ProblemTypes.Overloaded, full.Message) { RetryAfter = full.RetryAfter },
        _ when IsUnavailable(exception) => new(ProblemTypes.Unavailable, "The grid did not answer in time; what was asked may or may not have happened.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        },
        _ => new(ProblemTypes.Internal, "The request could not be served. The gateway's log says more."),
    };

    // What Orleans throws where a silo is lost or none is in reach.
    public static bool IsUnavailable(Exception exception) =>
        exception is OrleansException or TimeoutException or GridUnavailableException or EnumerationAbortedException or UnavailableExceptionFallbackException
        // An activation that did not come to life in time. The client's own cancellation is told apart before.
        || exception is OperationCanceledException
        || exception is InvalidOperationException { Source: "Orleans.Runtime" or "Orleans.Core" }
        // A client that has not met a silo yet knows no implementation of anything.
        || exception is ArgumentException { Source: "Orleans.Core" or "Orleans.Core.Abstractions" or "Orleans.Runtime" } unknown && unknown.Message.StartsWith("Could not find an implementation for interface", StringComparison.Ordinal);

    // From routing (404, 405) or from another authentication scheme of the host.
    private static bool IsBareError(HttpResponse response) =>
        response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null };

    private static Problem Bare(HttpContext context)
    {
        var type = ProblemTypes.ForStatus(context.Response.StatusCode);
        return new(type, type == ProblemTypes.MethodNotAllowed ? $"Allowed are: {context.Response.Headers.Allow}." : type.Title);
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Endpoint} failed.")]
    private partial void LogFailure(string method, string? endpoint, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "The grid is out of reach: {Reason}")]
    private partial void LogUnavailable(string reason);
}
