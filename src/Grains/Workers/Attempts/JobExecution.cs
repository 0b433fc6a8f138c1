using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Flows;

namespace OrleansJobs.Workers;

/// <summary>
/// Runs one attempt: read the arguments, load the checkpoint, start the timeout, run the handler, write the result, and say how it ended.
/// Runs on the thread pool with a clean execution context, never in a grain's turn; whatever the handler throws or returns, it ends here.
/// </summary>
internal sealed partial class JobExecution(AttemptServices services, JobMeters meters, ILogger logger)
{
    /// <summary>When an attempt whose checkpoint cannot be read is tried again.</summary>
    private static readonly TimeSpan CheckpointRetry = TimeSpan.FromSeconds(5);

    /// <summary>Never fails: nobody waits for it, and an attempt that is not ended would hold its job and its slot for ever.</summary>
    public async Task RunAsync(RunningJob job)
    {
        try
        {
            await RunToTheEndAsync(job).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogBroke(exception, job.Id, job.Type);
            job.Over();
            var ending = AttemptRules.Of(exception, job.Reason, job.Lease, job.Handler.Options, services.Limits, Random.Shared.NextDouble(), services.Release);
            if (!services.Owner.Ended(job, ending, returned: true)) services.Owner.HandlerReturned(job);
        }
    }

    private async Task RunToTheEndAsync(RunningJob job)
    {
        var lease = job.Lease;
        meters.Lateness(lease.Queue, lease.Type, services.Time.GetUtcNow() - lease.DueAt);
        using var scope = logger.BeginScope(new AttemptScope(lease, job));
        var span = AttemptTrace.Start(lease);
        var started = services.Time.GetTimestamp();

        var ending = ReadArgs(job, out var args) ?? await LoadCheckpointAsync(job) ?? await RunHandlerAsync(job, args);

        job.Over();
        var errorType = ending.Error is { } error ? error.Type ?? error.Code : null;
        span.End(ending.Kind, errorType);
        meters.Processed(lease.Queue, lease.Type, services.Time.GetElapsedTime(started), errorType);
        if (services.Owner.Ended(job, ending, returned: true))
        {
            Log(lease, ending);
            return;
        }

        services.Owner.HandlerReturned(job);
        LogReturnedLate(lease.Id, lease.Type);
    }

    public void LogCancelCallback(RunningJob job, Exception exception) => LogCancelCallbackThrew(job.Id, ExceptionText.DetailOf(exception));

    public AttemptEnding? ReadArgs(RunningJob job, out object? args)
    {
        args = null;
        if (job.Reason is not StopReason.None and var reason) return AttemptRules.OfNotStarted(reason);
        // A flow that has started itself anew has other arguments than its job: it reads what holds by itself.
        if (job.Handler is IFlowHandler) return null;
        try
        {
            args = job.Handler.ReadArgs(job.Lease.Args);
            return null;
        }
        catch (Exception exception)
        {
            // A serializer's complaint, or that of a constructor that takes the values: either way these arguments will never fit.
            return AttemptEnding.Failed(AttemptRules.BadArgs(exception, services.Limits));
        }
    }

    public async ValueTask<AttemptEnding?> LoadCheckpointAsync(RunningJob job)
    {
        if (!job.Lease.HasGrainState || job.Handler is IFlowHandler) return null;
        try
        {
            job.Restore(await services.Grid.Feed(job.Id).LoadCheckpoint(job.LeaseName).WaitAsync(job.Cancellation).ConfigureAwait(false));
            return null;
        }
        catch (Exception) when (job.Reason is not StopReason.None and var reason)
        {
            return AttemptRules.OfNotStarted(reason);
        }
        catch (Exception exception)
        {
            // To run without it would be to lose what the attempt before had saved.
            LogCheckpointNotRead(exception, job.Id);
            return AttemptEnding.Postponed(CheckpointRetry);
        }
    }

    private async Task<AttemptEnding> RunHandlerAsync(RunningJob job, object? args)
    {
        CrashPoint.Hit("attempt.before");
        job.StartTimeout();
        object? result;
        if (job.Handler is IFlowHandler) return await RunFlowAsync(job).ConfigureAwait(false);
        try
        {
            result = await job.Handler.RunAsync(services.Provider, args, job, job.Cancellation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogHandlerThrew(job, exception);
            return AttemptRules.Of(exception, job.Reason, job.Lease, job.Handler.Options, services.Limits, Random.Shared.NextDouble(), services.Release);
        }

        CrashPoint.Hit("attempt.after");
        return WriteResult(job, result);
    }

    private async Task<AttemptEnding> RunFlowAsync(RunningJob job)
    {
        var end = await FlowRunner.RunAsync(job, services).ConfigureAwait(false);
        if (end.Ending is { } ending) return ending;
        CrashPoint.Hit("attempt.after");
        if (end.Exception is not { } exception) return WriteResult(job, end.Result);
        LogHandlerThrew(job, exception);
        return FlowRunner.OfRemembered(exception, job.Reason, services.Limits)
            ?? AttemptRules.Of(exception, job.Reason, job.HasOvercome ? job.Lease with { Failures = 0 } : job.Lease, job.Handler.Options, services.Limits, Random.Shared.NextDouble(), services.Release);
    }

    public AttemptEnding WriteResult(RunningJob job, object? result)
    {
        try
        {
            if (result is null) return AttemptEnding.Succeeded(null);
            return AttemptEnding.Succeeded(ResultWriter.Write(
                (job.Handler, result), static (writer, state) => state.Handler.WriteResult(writer, state.result), services.Limits.MaxResultBytes));
        }
        catch (ResultTooLargeException exception)
        {
            return AttemptEnding.Failed(new JobError(JobErrorCodes.ResultTooLarge, null, $"The result is too large. {exception.Message}"));
        }
        catch (Exception exception)
        {
            return AttemptEnding.Failed(AttemptRules.ErrorOf(exception, JobErrorCodes.BadResult, services.Limits));
        }
    }

    public void LogHandlerThrew(RunningJob job, Exception exception)
    {
        if (exception is RetryLaterException or HeldForReportException or OperationCanceledException) return;
        if (logger.IsEnabled(LogLevel.Information)) LogThrew(job.Id, job.Type, job.Attempt, ExceptionText.DetailOf(exception));
    }

    public void Log(Lease lease, AttemptEnding ending)
    {
        if (ending is { Kind: ReportKind.Failed, Error: { } error }) LogFailed(lease.Id, lease.Type, lease.Attempt, error.Code, error.Type);
        else if (logger.IsEnabled(LogLevel.Debug)) LogEnded(lease.Id, lease.Type, lease.Attempt, AttemptTrace.Word(ending.Kind));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What surrounds the handler of job {JobId} ({JobType}) threw; the attempt counts as failed.")]
    private partial void LogBroke(Exception exception, string jobId, string jobType);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Job {JobId} ({JobType}), attempt {Attempt}: {Outcome}.")]
    private partial void LogEnded(string jobId, string jobType, int attempt, string outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} ({JobType}) failed for good at attempt {Attempt}: {ErrorCode} {ErrorType}.")]
    private partial void LogFailed(string jobId, string jobType, int attempt, string errorCode, string? errorType);

    [LoggerMessage(Level = LogLevel.Information, Message = "The handler of job {JobId} ({JobType}) threw at attempt {Attempt}: {Exception}")]
    private partial void LogThrew(string jobId, string jobType, int attempt, string exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint of job {JobId} could not be read; the job is put off.")]
    private partial void LogCheckpointNotRead(Exception exception, string jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The handler of job {JobId} ({JobType}) has returned after its job had ended without it; its slot is free again.")]
    private partial void LogReturnedLate(string jobId, string jobType);

    [LoggerMessage(Level = LogLevel.Information, Message = "A callback on the cancellation of job {JobId} threw: {Exception}")]
    private partial void LogCancelCallbackThrew(string jobId, string exception);
}
