using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>
/// The place of a job in the line of its key, finer than a millisecond: that of its submit among those of its partition, or where it is due later, the instant at
/// which it is. A job that has run and is due again at once stands where its submit put it; one that is due later by when that is, unless the order of its key holds its
/// place for it.
/// </summary>
internal static class KeySeat
{
    /// <summary>The last one: scores of the store are exact up to it.</summary>
    public const long Last = (1L << 53) - 1;

    /// <summary>Of a job that is due at an instant.</summary>
    public static long Of(JobSpec spec, long due) =>
        due == spec.SubmittedAt ? Math.Min(spec.Stamp, Last) : At(due);

    /// <summary>The first of an instant.</summary>
    public static long At(long due) => due >= Last >> JobSpec.StampShift ? Last : JobSpec.StampAt(Math.Max(0, due));

    /// <summary>Where the submit put it.</summary>
    public static long First(JobSpec spec) => Of(spec, spec.DueAt);

    /// <summary>Whether a job that is not due yet stands before others that may be, as one does that an order holds its place for.</summary>
    public static bool IsKept(LiveJob job, long now) => job.Due > now && job.Seat < At(job.Due);

    /// <summary>About when a job is due of which nothing but its seat is known; not later than it is.</summary>
    public static long DueOf(long seat) => seat >> JobSpec.StampShift;
}
