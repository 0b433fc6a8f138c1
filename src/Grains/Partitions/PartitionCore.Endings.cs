using OrleansJobs.Diagnostics;
using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>How attempts and jobs end.</summary>
internal sealed partial class PartitionCore
{
    /// <summary>Takes what a worker says of an attempt; false where the attempt is stale, and nothing changes.</summary>
    public bool Report(JobReport report, long now)
    {
        if (!_leased.TryGetValue(report.Id, out var job) || (job.Track.Token != report.Token && !Sabotage.IsOff(Safeguard.Fence))) return false;
        var track = job.Track with
        {
            Progress = report.Progress.Sequence > 0 ? report.Progress : job.Track.Progress,
            HasGrainState = job.Track.HasGrainState || report.HasGrainState,
            HasStarted = job.Track.HasStarted || !report.NeverStarted,
            MaxAttempts = report.MaxAttempts,
        };
        switch (report.Kind)
        {
            case ReportKind.Succeeded:
                Finish(job, JobState.Success, report.Result ?? "null"u8.ToArray(), null, track, now);
                break;
            case ReportKind.Failed:
                Finish(job, JobState.Failure, null, report.Error, track, now);
                break;
            case ReportKind.Cancelled:
                Finish(job, JobState.Revoked, null, null, track with { CancelRequested = true }, now);
                break;
            case var _ when track.CancelRequested:
                Finish(job, JobState.Revoked, null, null, track, now);
                break;
            case ReportKind.FailedOnce:
                WaitAgain(job, now + Milliseconds(report.Delay), track.WithEnded("failed", report.Error, now) with { Failures = track.Failures + 1, IsRetrying = true }, now);
                break;
            case ReportKind.Postponed:
                WaitAgain(job, now + Milliseconds(report.Delay), track.WithEnded("postponed", null, now), now);
                break;
            case ReportKind.Returned:
                WaitAgain(job, now, track.WithEnded("returned", null, now), now);
                break;
            default:
                throw new InvalidOperationException($"A report of unknown kind {report.Kind}.");
        }

        return true;
    }

    /// <summary>The silo of these leases is dead. Each job counts the crash, but for those that are to be convicted: see <see cref="TakeConvicts"/>.</summary>
    /// <returns>How many jobs were running there.</returns>
    public int Crash(string silo, long now)
    {
        var crashed = _leased.Values.Where(job => job.Track.Silo == silo && !_convicts.ContainsKey(job)).ToList();
        foreach (var job in crashed)
        {
            // It died before it could say whether the handler began, what it had told, and whether it left anything with the job's grain.
            job.Track = job.Track with { Version = JobVersion.NextUnheard(job, now), HasGrainState = true, HasStarted = true };
            if (!job.Track.CancelRequested && IsKiller(job.Track)) _convicts.Add(job, false);
            else CountCrash(job, now);
        }

        return crashed.Count;
    }

    private void CountCrash(LiveJob job, long now)
    {
        var track = job.Track;
        if (track.CancelRequested) Finish(job, JobState.Revoked, null, null, track, now);
        else WaitAgain(job, now, track.WithEnded("crashed", null, now) with { Crashes = track.Crashes + 1, Losses = [.. Unexplained(track).Append(track.Silo!).Distinct()], IsRetrying = true }, now);
    }

    /// <summary>A lease that never reached its worker: the job waits again, as if it had not been given out.</summary>
    public void Undo(LeaseName lease, long now)
    {
        if (!_leased.TryGetValue(lease.Id, out var job) || job.Track.Token != lease.Token) return;
        var track = job.Track.WithoutAttempt();
        if (track.CancelRequested) Finish(job, JobState.Revoked, null, null, track, now);
        else WaitAgain(job, now, track with { IsRetrying = track.History.Length > 0 }, now);
    }

    /// <summary>Ends a waiting job at once; marks a running one. The job's record must be in memory.</summary>
    /// <returns>False where the job has ended.</returns>
    public bool Cancel(LiveJob job, ChangeOrder order, long now)
    {
        var track = job.Track with { CancelRequested = true, CancelReason = order.Reason };
        switch (job.Place)
        {
            case JobPlace.Waiting:
                Finish(job, JobState.Revoked, null, null, track.WithChange("cancelled", order, now), now);
                return true;
            case JobPlace.Leased:
                if (job.Track.CancelRequested) return true;
                job.Track = track.WithChange("cancelled", order, now) with { Version = JobVersion.NextUnheard(job, now) };
                MarkDirty(job);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A waiting job that was not started in time.</summary>
    public void Expire(LiveJob job, long now) =>
        Finish(job, JobState.Failure, null, new(JobErrorCodes.Expired, null, "It was not started in time."), job.Track, now);

    /// <summary>Runs a job that failed or was cancelled again, with a fresh set of attempts and its history kept.</summary>
    /// <returns>False where its state does not allow it.</returns>
    public bool Retry(LiveJob job, ChangeOrder order, long now)
    {
        if (job is not { Place: JobPlace.Finished, Outcome: { State: JobState.Failure or JobState.Revoked } outcome }) return false;
        var track = job.Track;
        // One that ended while it waited has all of its attempts in the history.
        var earlier = track.HasOpenAttempt ? track.Attempt : track.Attempt - 1;
        if (track.HasOpenAttempt) track = track.WithEnded(StatusOf.LastAttempt(outcome).Outcome, outcome.Error, outcome.FinishedAt);
        Unfinished++;
        WaitAgain(job, now, track.WithChange("retried", order, now) with
        {
            Earlier = earlier, Failures = 0, Crashes = 0, Losses = [], CancelRequested = false, CancelReason = null, IsRetrying = true,
            // Whoever asks for it now wants it to run, whatever its submit said of an instant that may have passed.
            HasStarted = true,
        }, now);
        return true;
    }

    /// <summary>Forgets a finished job.</summary>
    /// <returns>False where it has not ended.</returns>
    public bool Delete(LiveJob job)
    {
        if (job.Place != JobPlace.Finished) return false;
        job.Place = JobPlace.Gone;
        // Who has seen its end is not to take the next job of this id for it.
        _lastStamp = Math.Max(_lastStamp, JobVersion.LastStampOf(job.Spec!, job.Track));
        MarkDirty(job);
        return true;
    }

    private void WaitAgain(LiveJob job, long due, JobTrack track, long now) =>
        Wait(job, due, track with { Version = JobVersion.Next(job, track.Progress.Sequence, now) });

    private void Finish(LiveJob job, JobState state, byte[]? result, JobError? error, JobTrack track, long now)
    {
        if (job.Place == JobPlace.Waiting) job.Lane.Remove(job);
        _leased.Remove(job.Id);
        job.Place = JobPlace.Finished;
        Weigh(job);
        job.Track = track with { Version = JobVersion.Next(job, track.Progress.Sequence, now) };
        var retention = job.Spec!.Retention
            ?? (long)(state == JobState.Failure ? _options.FailureRetention : _options.SuccessRetention).TotalMilliseconds;
        job.Outcome = new JobOutcome
        {
            State = state, Result = result, Error = error, FinishedAt = now, RetainUntil = now + retention, Track = job.Track,
        };
        Unfinished--;
        MarkDirty(job);
    }

    private static long Milliseconds(TimeSpan delay) => Math.Max(0, (long)Math.Ceiling(delay.TotalMilliseconds));
}
