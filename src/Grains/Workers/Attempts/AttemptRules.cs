using System.Text.Json;
using OrleansJobs.Failures;

namespace OrleansJobs.Workers;

/// <summary>What the end of a handler means for its job. Pure: no clock, and chance is handed in.</summary>
internal static class AttemptRules
{
    /// <summary>A policy's delay where a handler asked for less than nothing or for more than the grid schedules.</summary>
    private static readonly TimeSpan NoDelay = TimeSpan.Zero;

    /// <summary>What applies to this attempt: the submit's word over the handler's, which holds the grid's where it has none of its own.</summary>
    public static RetryPolicy PolicyOf(Lease lease, HandlerOptions handler) => PolicyOf(lease, handler.Retry);

    /// <param name="otherwise">What holds for all that the submit does not say.</param>
    public static RetryPolicy PolicyOf(Lease lease, RetryPolicy otherwise) =>
        lease.Retry ?? (lease.Attempts is { } attempts ? otherwise with { Attempts = attempts } : otherwise);

    /// <summary>When the handler is cancelled, after its start; null: never.</summary>
    public static TimeSpan? TimeoutOf(Lease lease, HandlerOptions handler) =>
        lease.Timeout is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : handler.Timeout;

    /// <summary>How long is left until the job must have ended; null: it may take whatever it takes.</summary>
    public static TimeSpan? LeftOf(Lease lease, DateTimeOffset now) => lease.Deadline is not { } deadline ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(deadline) - now is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>When the job ends without its handler, after its start; null: never. A submit's own timeout takes the handler's hard one with it.</summary>
    public static TimeSpan? HardTimeoutOf(Lease lease, HandlerOptions handler, TimeSpan grace)
    {
        var timeout = TimeoutOf(lease, handler);
        return lease.Timeout is null && handler.HardTimeout is { } hard ? hard : timeout + grace;
    }

    /// <summary>
    /// What an exception of the handler means. An attempt that was stopped by its timeout counts as a failed one with code <c>timeout</c>,
    /// one that was stopped because it had stalled as one with <c>stalled</c>; both are run again by policy.
    /// </summary>
    /// <param name="stop">Why the handler had been asked to stop, if it had.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    /// <param name="known">Where it was thrown, where that has been found out; null: it is, if it matters.</param>
    public static AttemptEnding Of(Exception exception, StopReason stop, Lease lease, HandlerOptions handler, JobLimits limits, double chance, string? release = null, JobTrace? known = null)
    {
        switch (exception)
        {
            case RetryLaterException later when stop is not (StopReason.Cancel or StopReason.Deadline):
                return AttemptEnding.Postponed(later.Delay < NoDelay ? NoDelay : later.Delay > limits.MaxDelay ? limits.MaxDelay : later.Delay);
            case HeldForReportException held when stop is not (StopReason.Cancel or StopReason.Deadline):
                return AttemptEnding.Held(held.AtMost > limits.MaxDelay ? limits.MaxDelay : held.AtMost);
            case GiveUpException giveUp when stop is not StopReason.Cancel:
                return AttemptEnding.Failed(ErrorOf(exception, giveUp.Code, limits) with { Trace = known ?? TraceReader.Of(exception, release, limits.MaxTraceLength) });
        }

        // A cancelled job ends as cancelled whatever its handler makes of it, short of a result.
        if (stop is StopReason.Cancel) return AttemptEnding.Cancelled;
        if (stop is StopReason.Deadline) return PastDeadline;
        if (IsCancellation(exception))
        {
            if (stop is StopReason.Drain) return AttemptEnding.Returned;
            if (stop is StopReason.Stalled) return FailureOf(Stalled, false, lease, handler, chance);
            if (stop is StopReason.Timeout) return FailureOf(new JobError(JobErrorCodes.Timeout, null, "The attempt ran longer than its timeout."), false, lease, handler, chance);
        }

        var ending = FailureOf(ErrorOf(exception, JobErrorCodes.Error, limits) with { Trace = known ?? TraceReader.Of(exception, release, limits.MaxTraceLength) }, handler.IsFinal(exception), lease, handler, chance);
        return exception is IFailureThatSaysWhen { Delay: { } delay } && ending.Kind is ReportKind.FailedOnce && delay > ending.Delay ? ending with { Delay = delay > limits.MaxDelay ? limits.MaxDelay : delay } : ending;
    }

    /// <summary>A failed attempt: run again where the policy has attempts left.</summary>
    public static AttemptEnding FailureOf(JobError error, bool isFinal, Lease lease, HandlerOptions handler, double chance)
    {
        var policy = PolicyOf(lease, handler);
        var failures = lease.Failures + 1;
        return isFinal || failures >= policy.Attempts
            ? AttemptEnding.Failed(error)
            : AttemptEnding.FailedOnce(error, policy.DelayAfter(failures, chance));
    }

    /// <summary>What the job is told where its handler did not stop in the time it was given.</summary>
    /// <remarks>Not run again: the old run is still there, and what it does is not under control.</remarks>
    public static AttemptEnding OfStuck(StopReason stop) => stop switch
    {
        StopReason.Cancel => AttemptEnding.Cancelled,
        StopReason.Deadline => PastDeadline,
        StopReason.Stalled => AttemptEnding.Failed(Stalled with { Message = "The handler said nothing new for longer than its type allows and did not stop when asked." }),
        _ => AttemptEnding.Failed(new JobError(JobErrorCodes.Timeout, null, "The handler ran longer than its timeout and did not stop when asked.")),
    };

    /// <summary>What becomes of an attempt that was asked to stop before its handler began.</summary>
    public static AttemptEnding OfNotStarted(StopReason stop) => stop is StopReason.Cancel ? AttemptEnding.Cancelled : AttemptEnding.Returned;

    public static JobError Stalled { get; } = new(JobErrorCodes.Stalled, null, "The attempt said nothing new for longer than its type allows.");

    private static AttemptEnding PastDeadline => AttemptEnding.Failed(new JobError(JobErrorCodes.DeadlineExceeded, null, "It had not ended by its deadline."));

    public static JobError ErrorOf(Exception exception, string code, JobLimits limits) =>
        new(code, ExceptionText.TypeOf(exception), ExceptionText.MessageOf(exception, limits.MaxMessageLength));

    /// <summary>Arguments that do not fit: where, but not into which type, whose name is the handler's own business.</summary>
    public static JobError BadArgs(Exception exception, JobLimits limits) => ErrorOf(
        exception is JsonException { Path: { } path } ? new JsonException($"The arguments do not fit the handler at {path}.") : exception,
        JobErrorCodes.BadArgs,
        limits);

    /// <summary>Libraries wrap cancellations, so the cause counts as well.</summary>
    public static bool IsCancellation(Exception? exception)
    {
        for (var depth = 0; exception is not null && depth < 8; exception = exception.InnerException, depth++)
        {
            if (exception is OperationCanceledException) return true;
        }

        return false;
    }
}
