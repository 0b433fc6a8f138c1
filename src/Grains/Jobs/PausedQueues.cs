using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>
/// Which queues are paused, as the worker of this silo knows it: read before it takes its first job, and now and then from then on, since being told
/// of a change may fail.
/// </summary>
internal sealed partial class PausedQueues(
    IGrainFactory grains, WorkerEngine worker, IOptions<JobGridOptions> options, TimeProvider time, ILogger<PausedQueues> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _reading = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<PausedQueues>(ServiceLifecycleStage.Active, StartAsync, async _ =>
    {
        await _stopping.CancelAsync();
        await _reading;
    });

    private async Task StartAsync(CancellationToken cancellation)
    {
        while (!await TryReadAsync(cancellation)) await Task.Delay(RetryDelay, time, cancellation);
        _reading = Task.Run(ReadOnAsync, CancellationToken.None);
    }

    private async Task ReadOnAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(options.Value.NoticePeriod, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stopping.IsCancellationRequested && !Sabotage.IsOff(Safeguard.Retelling)) await TryReadAsync(_stopping.Token);
        }
    }

    private async Task<bool> TryReadAsync(CancellationToken cancellation)
    {
        try
        {
            var paused = await grains.GetGrain<IQueueControlGrain>(0).GetPaused();
            worker.SetPaused(paused.Names, paused.Version);
            return true;
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            LogWaiting(exception);
            return false;
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Which queues are paused cannot be read yet; it is asked again")]
    private partial void LogWaiting(Exception exception);
}
