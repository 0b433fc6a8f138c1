using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>Jobs that are to be started by an instant. Which they are stands in the store, in order; memory knows the soonest.</summary>
internal sealed class DeadlineBook(PartitionOpening opening)
{
    /// <summary>The soonest start-by instant of a waiting job, or a bound below it; null where none has one.</summary>
    public long? Next { get; private set; } = opening.First(GridLayout.Jobs.Deadlines);

    /// <summary>Whether a job that waits is to be started by an instant.</summary>
    public static bool Holds(JobSpec spec, JobTrack track) => spec.ExpiresAt is not null && !track.HasStarted;

    public static bool HasPassed(LiveJob job, long now) => !job.Track.HasStarted && job.Spec!.ExpiresAt <= now;

    /// <summary>A waiting job is to be started by then; the soonest of all that are noted counts.</summary>
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
