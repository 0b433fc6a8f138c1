using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>
/// For probes. Live asks nothing but the process, so that a store that is away restarts nobody; ready asks the grid; startup is ready once it
/// has been ready.
/// </summary>
internal sealed class HealthEndpoints(JobGrid grid, TimeProvider time)
{
    /// <summary>Probes give up after a second or few; so does this.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private bool _hasStarted;

    public static Task LiveAsync(HttpContext context) => OkAsync(context);

    public async Task ReadyAsync(HttpContext context)
    {
        if (await TroubleAsync() is { } trouble) throw new ProblemException(new(ProblemTypes.Unavailable, trouble) { RetryAfter = TimeSpan.FromSeconds(1) });
        _hasStarted = true;
        await OkAsync(context);
    }

    public Task StartupAsync(HttpContext context) => _hasStarted ? OkAsync(context) : ReadyAsync(context);

    private async Task<string?> TroubleAsync()
    {
        try
        {
            return await grid.Whole.GetTrouble().WaitAsync(Patience, time);
        }
        catch (Exception exception) when (GatewayErrors.IsUnavailable(exception))
        {
            return "No silo answers.";
        }
    }

    private static Task OkAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync("ok");
    }
}
