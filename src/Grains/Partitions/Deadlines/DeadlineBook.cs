using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>
/// Jobs that are to be started, or to have ended, by an instant. Which of those that wait they are stands in the store, in order; memory knows the soonest. The
/// worker of one that runs knows its deadline, and stops it.
/// </summary>
internal sealed class DeadlineBook(PartitionOpening opening)
{
    /// <summary>The soonest instant at which a waiting job ends, or a bound below it; null where none does.</summary>
    public long? Next { get; private set; } = opening.First(GridLayout.Jobs.Deadlines);

    /// <summary>When a job that waits ends by itself; null: never.</summary>
    public static long? Of(JobSpec spec, JobTrack track)
    {
        var (start, end) = (track.HasStarted ? null : spec.ExpiresAt, EndOf(spec, track));
        return start is null || end < start ? end : start;
    }

    /// <summary>By when a job must have ended; null: whenever.</summary>
    public static long? EndOf(JobSpec spec, JobTrack track) => track.IsDeadlineLifted ? null : spec.DeadlineAt;

    public static bool HasPassed(LiveJob job, long now) => Of(job.Spec!, job.Track) <= now;

    /// <summary>What a job ends with whose time has come.</summary>
    public static JobError ErrorOf(LiveJob job) => Of(job.Spec!, job.Track) == EndOf(job.Spec!, job.Track)
        ? new(JobErrorCodes.DeadlineExceeded, null, "It had not ended by its deadline.")
        : new(JobErrorCodes.Expired, null, "It was not started in time.");

    /// <summary>A waiting job ends by then; the soonest of all that are noted counts.</summary>
    public void Note(long? deadline)
    {
        if (deadline is not null && !(deadline >= Next)) Next = deadline;
    }

    /// <summary>The soonest deadline, before the store is asked for it: those noted from now on count beside its answer.</summary>
    public long? Take()
    {
        var deadline = Next;
        Next = null;
        return deadline;
    }
}
