using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>What of a job stands in the store. A commit is the difference between two of these, which is why it can be repeated.</summary>
internal sealed record JobShape
{
    /// <summary>Nothing.</summary>
    public static readonly JobShape None = new();

    public bool HasSpec { get; init; }

    /// <summary>The lane whose entry it has; null: none.</summary>
    public string? Lane { get; init; }

    /// <summary>Its place in the lane.</summary>
    public long Score { get; init; }
    public JobTrack? Track { get; init; }
    public JobTrack? Lease { get; init; }
    public JobOutcome? Outcome { get; init; }

    /// <summary>When it ends by itself while it waits; null: never.</summary>
    public long? EndsBy { get; init; }

    /// <summary>The state it is counted and indexed under; null: none.</summary>
    public JobState? Counted { get; init; }

    /// <summary>The queue it is counted and found in, where that is not the one that it was submitted to.</summary>
    public string? MovedTo { get; init; }

    /// <summary>What is to be stored of a job as it is.</summary>
    public static JobShape Of(LiveJob job) => job.Place switch
    {
        JobPlace.Waiting => new()
        {
            HasSpec = true, Lane = job.Lane.Name, Score = job.Score, Counted = job.Track.IsUnderWay ? JobState.Progress : JobState.Pending,
            Track = job.Track == JobTrack.Fresh ? null : job.Track,
            // Where memory has let go of what was submitted, nothing has changed that a deadline hangs on.
            EndsBy = job.Spec is { } spec ? DeadlineBook.Of(spec, job.Track) : job.Stored.EndsBy, MovedTo = job.Track.Queue,
        },
        JobPlace.Leased => new() { HasSpec = true, Lease = job.Track, Counted = JobState.Progress, MovedTo = job.Track.Queue },
        JobPlace.Finished => new() { HasSpec = true, Outcome = job.Outcome, Counted = job.Outcome!.State, MovedTo = job.Track.Queue },
        _ => None,
    };

    public static void AddDifference(CommitDraft draft, LiveJob job, JobShape before, JobShape after)
    {
        var (tables, spec, commit) = (GridLayout.Jobs, job.Spec!, draft.Commit);
        ref var counts = ref draft.Counts;
        if (!before.HasSpec)
        {
            counts.Submits++;
            draft.Put(tables.Specs, job.Id, spec.Encode());
            draft.Append(LogOf(job, spec), spec.Stamp, job.Id);
            foreach (var tag in spec.Tags) commit.Put(tables.Indexes[IndexNames.Tag(tag)], job.Id, spec.Stamp);
            if (spec.Parent is { } parent) commit.Put(tables.Indexes[IndexNames.Parent(parent.Id)], job.Id, spec.Stamp);
            foreach (var leader in spec.After) commit.Put(tables.Indexes[IndexNames.After(leader.Job)], job.Id, spec.Stamp);
            if (spec.Scheduled is { } scheduled) commit.Put(tables.Indexes[IndexNames.Schedule(scheduled.Schedule)], job.Id, spec.Stamp);
        }

        if (before.Lane != after.Lane || before.Score != after.Score)
        {
            if (before.Lane is not null) commit.Remove(tables.Lanes[before.Lane], job.Id, before.Score);
            if (after.Lane is not null) commit.Put(tables.Lanes[after.Lane], job.Id, after.Score);
        }

        if (!ReferenceEquals(before.Track, after.Track)) counts.Waits += Replace(tables.Tracks, after.Track?.Encode());
        if (!ReferenceEquals(before.Lease, after.Lease)) counts.Leases += Replace(tables.Leases, after.Lease?.Encode());
        if (before.EndsBy != after.EndsBy)
        {
            if (before.EndsBy is { } was) commit.Remove(tables.Deadlines.Only, job.Id, was);
            if (after.EndsBy is { } ends) commit.Put(tables.Deadlines.Only, job.Id, ends);
        }

        if (!ReferenceEquals(before.Outcome, after.Outcome))
        {
            counts.Ends += Replace(tables.Outcomes, after.Outcome?.Encode());
            if (before.Outcome is { } ended) commit.Remove(tables.Retention.Only, job.Id, ended.RetainUntil);
            if (after.Outcome is { } outcome) commit.Put(tables.Retention.Only, job.Id, outcome.RetainUntil);
        }

        if (before.Counted != after.Counted || before.MovedTo != after.MovedTo)
        {
            if (before.Counted is { } left) commit.Count(tables.Counts, CountKey(job, spec, before.MovedTo, left), -1);
            if (after.Counted is { } joined) commit.Count(tables.Counts, CountKey(job, spec, after.MovedTo, joined), 1);
        }

        if (before.MovedTo != after.MovedTo)
        {
            // Its line in the log of its submits stays where it is: a log takes lines at its end alone.
            if (before.MovedTo is { } from) commit.Remove(tables.Indexes[IndexNames.Queue(from)], job.Id, spec.Stamp);
            if (after.MovedTo is { } to) commit.Put(tables.Indexes[IndexNames.Queue(to)], job.Id, spec.Stamp);
        }

        if (before.Counted != after.Counted)
        {
            if (IndexNames.State(before.Counted) is { } old) commit.Remove(tables.Indexes[old], job.Id, spec.Stamp);
            if (IndexNames.State(after.Counted) is { } now) commit.Put(tables.Indexes[now], job.Id, spec.Stamp);
        }

        if (before.HasSpec && !after.HasSpec)
        {
            counts.Purges++;
            commit.Remove(tables.Specs, job.Id);
            commit.Remove(tables.Log, LogOf(job, spec), spec.Stamp);
            foreach (var tag in spec.Tags) commit.Remove(tables.Indexes[IndexNames.Tag(tag)], job.Id, spec.Stamp);
            if (spec.Parent is { } parent) commit.Remove(tables.Indexes[IndexNames.Parent(parent.Id)], job.Id, spec.Stamp);
            foreach (var leader in spec.After) commit.Remove(tables.Indexes[IndexNames.After(leader.Job)], job.Id, spec.Stamp);
            if (spec.Scheduled is { } scheduled) commit.Remove(tables.Indexes[IndexNames.Schedule(scheduled.Schedule)], job.Id, spec.Stamp);
        }

        int Replace(RowTable table, byte[]? record)
        {
            if (record is null)
            {
                commit.Remove(table, job.Id);
                return 0;
            }

            draft.Put(table, job.Id, record);
            return 1;
        }
    }

    /// <summary>The log that it stands in: that of the queue that it was submitted to.</summary>
    private static string LogOf(LiveJob job, JobSpec spec) => job.Lane.Queue == spec.Queue ? job.Lane.LogName : JobTables.LogName(spec.Queue, spec.Type);

    private static string CountKey(LiveJob job, JobSpec spec, string? movedTo, JobState state) =>
        (movedTo ?? spec.Queue) is var queue && queue == job.Lane.Queue ? job.Lane.CountKey(state) : Partitions.Lane.CountKeyOf(state, queue, spec.Type);
}
