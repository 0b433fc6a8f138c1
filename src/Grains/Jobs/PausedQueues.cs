using Microsoft.Extensions.Logging;
using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>Tells the worker of a starting silo which queues are paused, before it takes its first job.</summary>
internal sealed partial class PausedQueues(IGrainFactory grains, WorkerEngine worker, TimeProvider time, ILogger<PausedQueues> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly ILogger _logger = logger;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<PausedQueues>(ServiceLifecycleStage.Active, ReadAsync);

    private async Task ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var paused = await grains.GetGrain<IQueueControlGrain>(0).GetPaused();
                worker.SetPaused([.. paused.Select(queue => queue.Name)]);
                return;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                LogWaiting(exception);
            }

            await Task.Delay(RetryDelay, time, cancellation);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Which queues are paused cannot be read yet; the worker waits for it")]
    private partial void LogWaiting(Exception exception);
}
