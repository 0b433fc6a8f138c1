using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>
/// What readers see as a job's version: the time of its last transition in 1,024ths of a millisecond, or a little above where the clock stood
/// still or went back; progress within an attempt counts on from there. So versions only grow, those of a new job lie above those of an earlier
/// one of the same id, and all of them are exact in JavaScript's numbers (until the year 2248).
/// </summary>
internal static class JobVersion
{
    private const int StepShift = 10;

    /// <summary>Room for what a worker may have said that its partition never heard of, where the clock does not make room: sixteen milliseconds' worth.</summary>
    private const long Unheard = 1 << 14;

    /// <summary>The version that the job's own count is added to: its place among the submits of its partition, which only grows.</summary>
    public static long Of(JobSpec spec, JobTrack track) => BaseOf(spec) + track.Version;

    /// <summary>The job's own count after a transition.</summary>
    /// <param name="said">How much progress was told by then, which readers may have seen.</param>
    public static long Next(LiveJob job, long said, long now) => Math.Max(job.Track.Version + 1 + said, ClockOf(job, now));

    /// <summary>The same of a running job whose worker has not said how much it told.</summary>
    public static long NextUnheard(LiveJob job, long now) =>
        // A clock that has moved on since the job started has moved on by more than anybody can have told.
        ClockOf(job, now) is var clock && clock > job.Track.Version ? clock : job.Track.Version + Unheard;

    /// <summary>A job that is submitted with a stamp above this one has versions above all that this job has had.</summary>
    public static long LastStampOf(JobSpec spec, JobTrack track) => Of(spec, track) << (JobSpec.StampShift - StepShift);

    private static long ClockOf(LiveJob job, long now) => (now << StepShift) - BaseOf(job.Spec!);

    private static long BaseOf(JobSpec spec) => spec.Stamp >> (JobSpec.StampShift - StepShift);
}
