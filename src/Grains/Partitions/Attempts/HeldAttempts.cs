using OrleansJobs.Hosting;
using OrleansJobs.Outside;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// Attempts that go on outside of the grid's workers: somebody was called and will report. Their jobs wait, without a slot, until the report comes or is due no more; then they
/// are given out once more, to the handler that knows what that means.
/// </summary>
internal sealed class HeldAttempts(JobBook jobs, AttemptBook attempts)
{
    /// <summary>
    /// Whether this attempt is the one that may report: it is held, or is about to be. One whose time was over stays over, though the lease that was to say so never reached a worker.
    /// </summary>
    public static bool Holds(LiveJob job, long token) => job.Track.Token == token && (job.Place is JobPlace.Leased
        || (job is { Place: JobPlace.Waiting, Track.IsHeld: true } && job.Track.WaitsFor.Any(static reason => reason.What == WaitReasons.Report)));

    /// <summary>Such a report has been taken before: with a job as it is now, it has nothing left to change.</summary>
    public static bool WasTaken(JobStatus job, WorkReport report) => report.Outcome is WorkOutcome.Success
        ? job.State is JobState.Success && job.Token == report.Lease.Token
        : (job.State is JobState.Failure && job.Token == report.Lease.Token) || Array.Exists(job.Attempts, attempt => attempt.Token == report.Lease.Token && attempt.Outcome == "failed");

    /// <returns>False: the attempt is stale.</returns>
    public bool End(LiveJob job, WorkReport report, JobGridOptions options, double chance, long now)
    {
        if (!Holds(job, report.Lease.Token)) return false;
        var (spec, track) = (job.Spec!, job.Track);
        var policy = spec.Retry ?? options.Retry with { Attempts = spec.Attempts ?? (track.MaxAttempts > 0 ? track.MaxAttempts : options.Retry.Attempts) };
        var ending = ReportRules.EndingOf(report, track.Failures, policy, track.CancelRequested ? WorkCancelReason.Cancelled : null, options.Limits, chance);
        attempts.ReportHeld(
            job, new JobReport { Id = job.Id, Token = report.Lease.Token, Kind = ending.Kind, Result = ending.Result, Error = ending.Error, Delay = ending.Delay, MaxAttempts = policy.Attempts }, now);
        return true;
    }

    /// <returns>False: the attempt is stale.</returns>
    public bool Tell(LiveJob job, WorkProgress progress, JobLimits limits, long now)
    {
        if (!Holds(job, progress.Lease.Token)) return false;
        // What a running attempt says of itself comes from its worker: this is for when that has let go of it.
        if (job.Place is JobPlace.Leased) return true;
        var said = job.Track.Progress;
        jobs.Rewait(job, null, job.Track with
        {
            Progress = new Progress(said.Sequence + 1, progress.Current, Math.Max(1, progress.Total), ExceptionText.Clip(progress.Message, limits.MaxMessageLength) ?? said.Message, progress.Data ?? said.Data),
        }, now);
        return true;
    }
}
