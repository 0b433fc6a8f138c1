using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>
/// Runs a batch: each of its attempts is begun and ended as one that runs by itself, and between that one handler is called for all. Runs on the thread pool, never in a grain's
/// turn; whatever the handler throws or says, all of them end here.
/// </summary>
internal sealed partial class BatchExecution(AttemptServices services, JobMeters meters, ILogger logger)
{
    /// <summary>Never fails: nobody waits for it, and attempts that are not ended would hold their jobs and their slot for ever.</summary>
    public async Task RunAsync(RunningBatch batch)
    {
        try
        {
            await RunToTheEndAsync(batch).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogBroke(exception, batch.Members[0].Type);
            foreach (var job in batch.Members) job.Over();
            services.Owner.Returned(batch, [.. batch.Members.Select(job => (job, OfException(job, exception)))]);
        }
    }

    /// <summary>How an attempt has ended, by what its handler said of it, or else by how the handler ended.</summary>
    /// <param name="thrown">What the handler threw; null: it returned.</param>
    public AttemptEnding EndingOf(RunningJob job, BatchItem item, Exception? thrown)
    {
        if (item.Failure is { } failure) return OfException(job, failure);
        if (item.IsSettled) return services.Execution.WriteResult(job, item.Result);
        if (thrown is not null) return OfException(job, thrown);
        // Who was asked to stop, and of which nothing was said, has been left: whether it was done nobody knows.
        if (job.Reason is not StopReason.None) return OfException(job, new OperationCanceledException());
        return job.Handler.ResultType is null
            ? AttemptEnding.Succeeded(null)
            : AttemptEnding.Failed(new JobError(JobErrorCodes.BadResult, null, "The handler of its batch returned without a result for it."));
    }

    private async Task RunToTheEndAsync(RunningBatch batch)
    {
        var started = services.Time.GetTimestamp();
        var attempts = Array.ConvertAll(batch.Members, job =>
        {
            meters.Lateness(job.Queue, job.Type, services.Time.GetUtcNow() - job.Lease.DueAt);
            return new Attempt(job, AttemptTrace.Start(job.Lease));
        });
        await Task.WhenAll(attempts.Select(BeginAsync)).ConfigureAwait(false);
        foreach (var attempt in attempts)
        {
            // Others took longer to begin, and it may have been asked to stop meanwhile.
            if (attempt.Job.Reason is not StopReason.None and var reason) attempt.Early ??= AttemptRules.OfNotStarted(reason);
            if (attempt.Early is not { } ending) continue;
            End(attempt, ending, started);
            services.Owner.Ended(attempt.Job, ending, returned: true);
        }

        var begun = Array.FindAll(attempts, static attempt => attempt.Early is null);
        var thrown = begun.Length == 0 ? null : await RunHandlerAsync(begun).ConfigureAwait(false);
        // Writing the results of many takes its time, in which none of them is to be stopped any more.
        foreach (var attempt in begun) attempt.Job.Over();
        var endings = new (RunningJob, AttemptEnding)[begun.Length];
        for (var i = 0; i < begun.Length; i++)
        {
            endings[i] = (begun[i].Job, EndingOf(begun[i].Job, begun[i].Job.Item!, thrown));
            End(begun[i], endings[i].Item2, started);
        }

        services.Owner.Returned(batch, endings);
    }

    private async Task BeginAsync(Attempt attempt)
    {
        var job = attempt.Job;
        attempt.Early = services.Execution.ReadArgs(job, out var args) ?? await services.Execution.LoadCheckpointAsync(job).ConfigureAwait(false);
        if (attempt.Early is null) job.Item = ((IBatchHandler)job.Handler).ItemOf(args, job, job.Cancellation);
    }

    /// <returns>What the handler threw; null: nothing.</returns>
    private async Task<Exception?> RunHandlerAsync(Attempt[] attempts)
    {
        CrashPoint.Hit("attempt.before");
        var first = attempts[0].Job;
        using var scope = logger.BeginScope(new AttemptScope(first.Lease, first));
        using var stop = new BatchStop(attempts);
        foreach (var attempt in attempts) attempt.Job.StartTimeout();
        try
        {
            await ((IBatchHandler)first.Handler).RunAsync(services.Provider, Array.ConvertAll(attempts, static attempt => attempt.Job.Item!), stop.Token).ConfigureAwait(false);
            CrashPoint.Hit("attempt.after");
            return null;
        }
        catch (Exception exception)
        {
            services.Execution.LogHandlerThrew(first, exception);
            return exception;
        }
    }

    private void End(Attempt attempt, AttemptEnding ending, long started)
    {
        var job = attempt.Job;
        job.Over();
        var errorType = ending.Error is { } error ? error.Type ?? error.Code : null;
        attempt.Span.End(ending.Kind, errorType);
        meters.Processed(job.Queue, job.Type, services.Time.GetElapsedTime(started), errorType);
        services.Execution.Log(job.Lease, ending);
    }

    private AttemptEnding OfException(RunningJob job, Exception exception)
    {
        var batch = job.Batch;
        JobTrace? known = null;
        // Members whose time is up together are ended by as many timers.
        if (batch is not null)
        {
            lock (batch) known = batch.Traces?.GetValueOrDefault(exception);
        }

        var ending = AttemptRules.Of(exception, job.Reason, job.Lease, job.Handler.Options, services.Limits, Random.Shared.NextDouble(), services.Release, known);
        if (known is null && batch is not null && ending.Error?.Trace is { } trace)
        {
            lock (batch) (batch.Traces ??= new(ReferenceEqualityComparer.Instance))[exception] = trace;
        }

        return ending;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What surrounds the handler of a batch of {JobType} threw; its attempts count as failed.")]
    private partial void LogBroke(Exception exception, string jobType);

    private sealed class Attempt(RunningJob job, Activity? span)
    {
        public RunningJob Job { get; } = job;
        public Activity? Span { get; } = span;

        /// <summary>How it ended before its handler was called; null: it was.</summary>
        public AttemptEnding? Early { get; set; }
    }

    /// <summary>Fires when nothing is left to be run: all of which nothing was said are to stop.</summary>
    private sealed class BatchStop : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<CancellationTokenRegistration> _registrations = [];
        private readonly Attempt[] _attempts;

        public BatchStop(Attempt[] attempts)
        {
            _attempts = attempts;
            foreach (var attempt in attempts)
            {
                attempt.Job.Item!.Settled = () => Settled(attempt.Job);
                _registrations.Add(attempt.Job.Cancellation.Register(Look));
            }
        }

        public CancellationToken Token => _stop.Token;

        public void Dispose()
        {
            foreach (var registration in _registrations) registration.Dispose();
            foreach (var attempt in _attempts) attempt.Job.Item!.Settled = null;
            _stop.Dispose();
        }

        private void Settled(RunningJob job)
        {
            job.NoteNews();
            Look();
        }

        private void Look()
        {
            if (!Array.Exists(_attempts, static attempt => attempt.Job.Reason is not StopReason.None)) return;
            if (!Array.TrueForAll(_attempts, static attempt => attempt.Job.Reason is not StopReason.None || attempt.Job.Item!.IsSettled)) return;
            try
            {
                _stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The handler has returned.
            }
        }
    }
}
