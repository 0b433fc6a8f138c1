using Microsoft.Extensions.Logging;

namespace OrleansJobs.Workers;

/// <summary>The way out: stop taking, let handlers finish, cancel those that do not, give their leases back, and deliver every report.</summary>
internal sealed partial class WorkerEngine
{
    /// <param name="cancellation">The host will wait no longer.</param>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_draining) return;
            _draining = true;
            Array.Clear(_profiles);
            End(_waiting.Remove(static _ => true), AttemptEnding.Returned);
            _plan.Stop();
        }

        LogDraining(_slots.Counts.Running);
        Pump();
        if (!await WhenIdleAsync(_options.DrainTime, cancellation).ConfigureAwait(false))
        {
            lock (_gate)
            {
                foreach (var job in _held.Values.Where(job => job.Stage is JobStage.Running)) job.Stop(StopReason.Drain);
            }

            await WhenIdleAsync(_options.CancelGrace, cancellation).ConfigureAwait(false);
        }

        lock (_gate) LogDrained(_held.Values.Count(job => job.Stage is JobStage.Running), _outbox.Count);
    }

    /// <summary>
    /// Waits until no handler runs, every report is delivered, and no lease may have been lost on its way here. Partitions that cannot be reached and
    /// have no more than our leave to hear are not waited for.
    /// </summary>
    private async Task<bool> WhenIdleAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        Task idle;
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
            SignalWhenIdle();
        }

        try
        {
            await idle.WaitAsync(atMost, _time, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private void SignalWhenIdle()
    {
        if (_idle is null || !_plan.IsQuiet || _outbox.Count > 0 || _slots.Counts is not { Running: 0, Waiting: 0 }) return;
        if (!_ties.Any(static ties => ties.LostLeases)) _idle.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Taking no more jobs; {Running} are running.")]
    private partial void LogDraining(int running);

    [LoggerMessage(Level = LogLevel.Information, Message = "Drained: {Running} handlers did not stop, {Reports} reports could not be delivered.")]
    private partial void LogDrained(int running, int reports);
}
