using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

/// <summary>
/// Drains the worker before the host stops its services one by one. The HTTP server, which is the first of them, so goes on to answer probes,
/// scrapers and clients for as long as handlers run: the silo is seen to drain, not just gone.
/// </summary>
internal sealed class DrainBeforeStop(IServiceProvider services, GridHealth health) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.IsDraining = true;
        // A silo that never came so far as to open its grid has no worker to drain.
        return health.Grid is null ? Task.CompletedTask : services.GetRequiredService<WorkerEngine>().DrainAsync(cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
