using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

/// <summary>
/// Opens the grid when the silo starts: creates its record or checks the silo against it, and says which job types the silo knows. A silo
/// that does not fit the grid does not start; one whose store does not answer yet waits for it.
/// </summary>
internal sealed partial class GridOpener(
    IPartitionStore store, IOptions<JobGridOptions> options, HandlerRegistry handlers, GridHealth health, TimeProvider time, Diagnostics.JobMeters meters,
    ILogger<GridOpener> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FullnessPeriod = TimeSpan.FromSeconds(5);
    private readonly ILogger _logger = logger;
    private ITimer? _watch;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe<GridOpener>(ServiceLifecycleStage.RuntimeStorageServices, OpenAsync, _ =>
        {
            _watch?.Dispose();
            return Task.CompletedTask;
        });

    private async Task OpenAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                health.Grid = await store.OpenGridAsync(options.Value.Partitions, cancellation);
                await store.PutAsync(GridLayout.Types, handlers.Describe().ToDictionary(type => type.Name, JobTypeRecord.Encode), cancellation);
                LogOpened(store.Description);
                _watch = time.CreateTimer(_ => _ = ReadFullnessAsync(), null, FullnessPeriod, FullnessPeriod);
                return;
            }
            catch (Exception exception) when (exception is not (GridMismatchException or UnfitStoreException) && !cancellation.IsCancellationRequested)
            {
                LogWaiting(exception);
            }

            await Task.Delay(RetryDelay, time, cancellation);
        }
    }

    private async Task ReadFullnessAsync()
    {
        try
        {
            health.Fullness = await store.ReadFullnessAsync();
            health.StoreAnswered();
            meters.StoreFullness(health.Fullness);
            meters.StoreReachable(true);
            if (await store.ReadGridAsync() is not { } grid || grid.Incarnation != health.Grid!.Incarnation)
                health.StoreLost("The store was emptied while the grid ran: jobs it had accepted are gone. Restore the store, or restart all silos to begin with an empty one.");
        }
        catch (Exception exception)
        {
            health.StoreFailed();
            meters.StoreReachable(false);
            LogSilent(exception);
        }
    }

    [LoggerMessage(LogLevel.Information, "Jobs are kept {Where}")]
    private partial void LogOpened(string where);

    [LoggerMessage(LogLevel.Warning, "The store does not answer yet; waiting for it")]
    private partial void LogWaiting(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The store does not answer")]
    private partial void LogSilent(Exception exception);
}
