using OrleansJobs.Failures;
using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What a report of a worker outside means for its job, by the rules that hold for handlers in silos. Pure: chance is handed in.</summary>
internal static class ReportRules
{
    /// <summary>What holds for the failures of an attempt: what the submit says, before what the type does, before what the grid is configured to.</summary>
    public static RetryPolicy PolicyOf(Lease lease, JobTypeInfo? type, RetryPolicy configured) =>
        AttemptRules.PolicyOf(lease, type?.Attempts is { } attempts ? configured with { Attempts = attempts } : configured);

    /// <summary>The number of the attempt that is the last should it fail too: they are numbered over crashes and retries by hand, which use none up.</summary>
    public static int LastAttemptOf(Lease lease, RetryPolicy policy) => lease.Attempt - 1 - lease.Failures + policy.Attempts;

    /// <summary>How long an attempt may run that begins now.</summary>
    public static TimeSpan? TimeoutOf(Lease lease, JobTypeInfo? type, DateTimeOffset now)
    {
        var timeout = lease.Timeout is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : type?.Timeout;
        return AttemptRules.LeftOf(lease, now) is { } left && !(timeout <= left) ? left : timeout;
    }

    /// <param name="stop">Why the worker was told to stop; of a cancelled job everything short of a result is its end as cancelled.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    public static AttemptEnding EndingOf(WorkReport report, int failures, RetryPolicy policy, WorkCancelReason? stop, JobLimits limits, double chance)
    {
        if (report.Outcome is WorkOutcome.Success) return AttemptEnding.Succeeded(report.Result);
        if (stop is WorkCancelReason.Cancelled) return AttemptEnding.Cancelled;
        // Nobody but the grid says that a job is cancelled. A worker may have taken a time-out for it.
        if (report.Outcome is WorkOutcome.Cancelled && stop is WorkCancelReason.Stalled) return Failed(AttemptRules.Stalled);
        if (report.Outcome is WorkOutcome.Cancelled) return stop is WorkCancelReason.Timeout ? AttemptRules.OfStuck(StopReason.Timeout) : AttemptEnding.Returned;
        if (report is { Outcome: WorkOutcome.Waiting, Wait: { } wait }) return AttemptEnding.Parked(ParkOf(wait));
        if (report.Outcome is WorkOutcome.Returned) return AttemptEnding.Returned;
        if (report.Outcome is WorkOutcome.Later) return AttemptEnding.Postponed(Within(report.Delay ?? TimeSpan.Zero, limits));
        return Failed(ErrorOf(report.Error, limits));

        AttemptEnding Failed(JobError error) => report.IsFinal || failures + 1 >= policy.Attempts
            ? AttemptEnding.Failed(error)
            : AttemptEnding.FailedOnce(error, report.Delay is { } delay ? Within(delay, limits) : policy.DelayAfter(failures + 1, chance));
    }

    private static FlowPark ParkOf(WorkWait wait) =>
        new() { OnlyAwaited = true, Seen = wait.Seen, Children = wait.Children, Signals = wait.Signals, Until = wait.Until?.ToUnixTimeMilliseconds() };

    private static JobError ErrorOf(JobError? error, JobLimits limits)
    {
        error ??= new JobError(JobErrorCodes.Error, null, "The worker said no more.");
        if (limits.MaxTraceLength == 0) error = error with { Trace = null };
        else if (error.Trace is { } said) error = error with { Trace = said with { Text = ExceptionText.Clip(said.Text, limits.MaxTraceLength), Place = PlaceText.OfText(error.Type ?? error.Code, said.Text) } };
        return error with { Message = ExceptionText.Clip(error.Message, limits.MaxMessageLength) ?? "", Type = ExceptionText.Clip(error.Type, limits.MaxMessageLength) };
    }

    private static TimeSpan Within(TimeSpan delay, JobLimits limits) =>
        delay < TimeSpan.Zero ? TimeSpan.Zero : delay > limits.MaxDelay ? limits.MaxDelay : delay;
}
