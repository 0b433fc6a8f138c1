using System.Globalization;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>What is ordered of single jobs, whose records must be in memory: that they end, run again, or are forgotten.</summary>
internal sealed class JobOrders(JobBook jobs, PendingChanges changes)
{
    /// <summary>Ends a waiting job at once; marks a running one.</summary>
    /// <returns>False where the job has ended.</returns>
    public bool Cancel(LiveJob job, ChangeOrder order, long now)
    {
        var track = job.Track with { CancelRequested = true, CancelReason = order.Reason };
        switch (job.Place)
        {
            case JobPlace.Waiting:
                jobs.Finish(job, JobState.Revoked, null, null, track.WithChange("cancelled", order, now), now);
                return true;
            case JobPlace.Leased:
                if (job.Track.CancelRequested) return true;
                job.Track = track.WithChange("cancelled", order, now) with { Version = JobVersion.NextUnheard(job, now) };
                changes.Mark(job);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Gives a job that waits for time, or for another attempt, another instant.</summary>
    /// <returns>Why it cannot be; null where it is so now.</returns>
    public string? Move(LiveJob job, long due, ChangeOrder order, long now)
    {
        if (job.Place != JobPlace.Waiting) return job.Place == JobPlace.Leased ? "It runs already." : "It has ended.";
        if (!job.Track.WaitsFor.IsEmpty) return "It does not wait for time alone: what it waits for has to come.";
        if (DeadlineBook.Of(job.Spec!, job.Track) is { } end && due > end) return $"It ends at {Instant(end)}, before it would be due.";
        // What is ready is not made to look newer by asking for it again.
        if (due == job.Due || (due <= now && job.Due <= now)) return null;
        jobs.Rewait(job, Math.Max(due, now), job.Track.WithChange("moved", order, now), now);
        return null;
    }

    /// <summary>Gives a waiting job another priority: it waits in another lane from then on, by the same instant.</summary>
    /// <returns>Why it cannot be; null where it is so now.</returns>
    public string? Prioritise(LiveJob job, int priority, ChangeOrder order, long now)
    {
        if (job.Place != JobPlace.Waiting) return job.Place == JobPlace.Leased ? "It runs already." : "It has ended.";
        var spec = job.Spec!;
        if (priority == (job.Track.Priority ?? spec.Priority)) return null;
        var track = job.Track.WithChange("prioritised", order, now) with { Priority = priority == spec.Priority ? null : priority };
        return TakeLane(job, track, now);
    }

    /// <summary>Puts a waiting job into another queue: it waits there from then on, by the same instant.</summary>
    /// <returns>Why it cannot be; null where it is so now.</returns>
    public string? Transfer(LiveJob job, string queue, ChangeOrder order, long now)
    {
        if (job.Place != JobPlace.Waiting) return job.Place == JobPlace.Leased ? "It runs already." : "It has ended.";
        var spec = job.Spec!;
        // Its call goes on outside, by the permits of the queue it was started from.
        if (job.Track.IsHeld && job.Track.WaitsFor.Any(static reason => reason.What == WaitReasons.Report)) return "It runs already.";
        var own = job.Track.QueueOf(spec);
        if (SubmissionRules.IsReserved(spec.Type) || SubmissionRules.IsReserved(own)) return "It is run by the grid itself, in a queue of the grid's own.";
        if (queue == own) return null;
        return TakeLane(job, job.Track.WithChange("transferred", order, now, queue) with { Queue = queue == spec.Queue ? null : queue }, now);
    }

    /// <summary>A waiting job takes the lane that its new track says.</summary>
    /// <returns>Why it cannot; null where it has.</returns>
    private string? TakeLane(LiveJob job, JobTrack track, long now)
    {
        var (spec, seat, owner) = (job.Spec!, job.Seat, job.Lane.Owner);
        if (jobs.TryOwnLane(spec, track, owner) is { } refusal) return refusal;
        jobs.Rewait(job, null, track, now);
        // It stands in the line of its key where it stood: neither behind those whose place it had, nor before those that had come earlier.
        if (spec.Key is not null && job.Seat != seat) jobs.TakeSeat(job, seat);
        return null;
    }

    /// <summary>A waiting job was not started, or has not ended, in time.</summary>
    public void Expire(LiveJob job, long now) => jobs.Finish(job, JobState.Failure, null, DeadlineBook.ErrorOf(job), job.Track, now);

    /// <summary>Runs a job that failed or was cancelled again, with a fresh set of attempts and its history kept.</summary>
    /// <param name="round">Where its flow orders it: for which of its rounds. A child whose key refuses it still ends so once more, which is told to the flow.</param>
    /// <returns>False where its state does not allow it, or its key.</returns>
    public bool Retry(LiveJob job, ChangeOrder order, long now, int? round = null)
    {
        if (job is not { Place: JobPlace.Finished, Outcome: { State: JobState.Failure or JobState.Revoked } outcome }) return false;
        if (round is null && jobs.ThrottledUntil(job, now) is not null) return false;
        var track = job.Track;
        // One that ended while it waited has all of its attempts in the history.
        var earlier = track.HasOpenAttempt ? track.Attempt : track.Attempt - 1;
        if (track.HasOpenAttempt) track = track.WithEnded(StatusOf.WordOf(outcome), outcome.Error, outcome.FinishedAt);
        jobs.Reopen(job, track.WithChange("retried", order, now) with
        {
            Earlier = earlier, Failures = 0, Crashes = 0, Losses = [], CancelRequested = false, CancelReason = null, IsRetrying = true,
            // Whoever asks for it now wants it to run, whatever its submit said of an instant that may have passed.
            HasStarted = true, IsDeadlineLifted = track.IsDeadlineLifted || job.Spec!.DeadlineAt <= now, IsUniqueOver = false, IsHeld = false,
        }, now, round);
        return true;
    }

    /// <summary>Forgets a finished job.</summary>
    /// <returns>False where it has not ended.</returns>
    public bool Delete(LiveJob job, long now)
    {
        if (job.Place != JobPlace.Finished) return false;
        jobs.Forget(job, now);
        return true;
    }

    private static string Instant(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
