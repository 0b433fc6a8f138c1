namespace OrleansJobs;

/// <summary>Something that happened to a job, or what it waited for between two such things.</summary>
/// <param name="What">One of <see cref="TimelineWords"/>, or how an attempt ended: see <see cref="JobAttempt.Outcome"/>.</param>
/// <param name="At">When it happened, or began.</param>
public sealed record TimelineEntry(string What, DateTimeOffset At)
{
    /// <summary>Of what takes time: when it was over; null: it goes on, or has no length.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Of an attempt: its number.</summary>
    public int? Attempt { get; init; }

    /// <summary>Of an attempt: where it ran.</summary>
    public string? Silo { get; init; }

    /// <summary>Of an attempt that failed: why.</summary>
    public JobError? Error { get; init; }

    /// <summary>Of a wait: for what, one of <see cref="WaitReasons"/> each.</summary>
    public IReadOnlyList<WaitReason> For { get; init; } = [];

    /// <summary>Of what somebody asked for: who.</summary>
    public string? By { get; init; }

    /// <summary>Of what somebody asked for: why; of checkpoints: how many.</summary>
    public string? Detail { get; init; }

    /// <summary>Of a step, a child and a signal: its name.</summary>
    public string? Name { get; init; }

    /// <summary>Of a child: its id.</summary>
    public string? Job { get; init; }

    /// <summary>Of a job that was put into another queue: which.</summary>
    public string? Queue { get; init; }
}

public static class TimelineWords
{
    public const string Accepted = "accepted";

    /// <summary>It waited, and for what.</summary>
    public const string Waited = "waited";

    /// <summary>An attempt was given to a worker.</summary>
    public const string Started = "started";

    /// <summary>The attempt said for the first time how far it is.</summary>
    public const string Reported = "reported";

    /// <summary>The attempt saved its last checkpoint.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>A step of the job was done, and is kept.</summary>
    public const string Step = "step";

    /// <summary>A child of the job was started.</summary>
    public const string ChildStarted = "childStarted";

    /// <summary>A child of the job ended.</summary>
    public const string ChildEnded = "childEnded";

    /// <summary>A signal came for the job.</summary>
    public const string Signal = "signal";

    /// <summary>Attempts before this are not kept any more.</summary>
    public const string Forgotten = "forgotten";

    /// <summary>The job ended as its state says.</summary>
    public const string Ended = "ended";
}

/// <summary>What happened to a job in the order in which it did, made of what is kept of it anyway. Pure.</summary>
public static class JobTimeline
{
    /// <summary>Of a signal that no attempt has read yet, its <see cref="TimelineEntry.Detail"/>.</summary>
    public const string Unread = "unread";

    /// <param name="past">Of a job that remembers something: what it did on its way; null: that is left out.</param>
    public static IReadOnlyList<TimelineEntry> Of(JobStatus job, FlowPast? past = null)
    {
        var entries = new List<TimelineEntry> { new(TimelineWords.Accepted, job.SubmittedAt) };
        var free = job.SubmittedAt;
        string? before = null;
        if (job.Attempts is [{ Number: > 1 } oldest, ..])
        {
            entries.Add(new(TimelineWords.Forgotten, job.SubmittedAt) { Until = oldest.StartedAt });
            (free, before) = (oldest.StartedAt, TimelineWords.Forgotten);
        }

        foreach (var attempt in job.Attempts)
        {
            Wait(entries, job, before, free, attempt.StartedAt, isLast: attempt == job.Attempts[^1] && !IsRunning(job));
            entries.Add(new(TimelineWords.Started, attempt.StartedAt) { Attempt = attempt.Number, Silo = attempt.Silo });
            Marks(entries, attempt.Number, attempt.Marks);
            entries.Add(new(attempt.Outcome, attempt.EndedAt) { Attempt = attempt.Number, Silo = attempt.Silo, Error = attempt.Error });
            (free, before) = (attempt.EndedAt, attempt.Outcome);
        }

        if (IsRunning(job))
        {
            Wait(entries, job, before, free, job.StartedAt!.Value, isLast: true);
            entries.Add(new(TimelineWords.Started, job.StartedAt!.Value) { Attempt = job.Attempt, Silo = job.Silo });
        }
        else if (job.FinishedAt is { } finished)
        {
            // It ended while it waited: cancelled, or too late.
            Wait(entries, job, before, free, finished, isLast: true);
        }
        else
        {
            if (job.StartedAt is { } begun && begun > free)
            {
                // It was given to a worker, and goes on waiting without one: parked, or held by somebody who was called.
                Wait(entries, job, before, free, begun, isLast: false);
                entries.Add(new(TimelineWords.Started, begun) { Attempt = job.Attempt, Silo = job.Silo });
                free = begun;
            }

            Open(entries, job, before, free);
        }

        foreach (var change in job.Changes) entries.Add(new(change.What, change.At) { By = change.By, Detail = change.Reason, Queue = change.Queue });
        if (past is not null) entries.AddRange(past.Happened.Select(Entry));
        if (job.FinishedAt is { } end) entries.Add(new(TimelineWords.Ended, end) { Detail = job.State.Name, Error = job.Error });
        // What came at the same instant stays in the order in which it was noted; the end is the last of all.
        return [.. entries.Select(static (entry, index) => (entry, index)).OrderBy(static one => one.entry.What == TimelineWords.Ended).ThenBy(static one => one.entry.At).ThenBy(static one => one.index).Select(static one => one.entry)];
    }

    private static TimelineEntry Entry(FlowHappened happened) =>
        new(happened.What, happened.At) { Name = happened.Name, Job = happened.Job, Detail = happened.State?.Name ?? (happened.IsUnread ? Unread : null), Error = happened.Error };

    private static bool IsRunning(JobStatus job) => job is { IsFinished: false, Phase: JobPhase.Running or JobPhase.Cancelling, StartedAt: not null };

    private static void Marks(List<TimelineEntry> entries, int attempt, AttemptMarks? marks)
    {
        if (marks?.ReportedAt is { } reported) entries.Add(new(TimelineWords.Reported, reported) { Attempt = attempt });
        if (marks?.CheckpointAt is { } saved) entries.Add(new(TimelineWords.Checkpoint, saved) { Attempt = attempt, Detail = marks.Checkpoints.ToString(System.Globalization.CultureInfo.InvariantCulture) });
    }

    /// <summary>What it waited for from one instant to another, as far as that is known: of the last wait when it was due is.</summary>
    private static void Wait(List<TimelineEntry> entries, JobStatus job, string? before, DateTimeOffset from, DateTimeOffset to, bool isLast)
    {
        if (to <= from) return;
        if (job.IsFlow && before is null)
        {
            // It has been parked meanwhile, and run, how often and for what is not kept.
            entries.Add(new(TimelineWords.Waited, from) { Until = to });
            return;
        }

        var due = before is null && job.FirstDueAt is { } first ? first : isLast ? job.DueAt : from;
        if (due > to) due = to;
        if (due > from) entries.Add(new(TimelineWords.Waited, from) { Until = due, For = [Reason(job, before) is { What: WaitReasons.Time or WaitReasons.Retry } reason ? reason with { Until = due } : Reason(job, before)] });
        else due = from;
        // Where it is not known when it was due, all of it counts for what it waited for first.
        if (before is "failed" or "postponed" && !isLast && due == from) entries.Add(new(TimelineWords.Waited, from) { Until = to, For = [Reason(job, before), new(WaitReasons.Slot)] });
        else if (before is null && job.After.Length > 0) entries.Add(new(TimelineWords.Waited, due) { Until = to, For = [.. job.After.Select(static after => new WaitReason(WaitReasons.Job) { Name = after.Job }), new(WaitReasons.Slot)] });
        else if (to > due) entries.Add(new(TimelineWords.Waited, due) { Until = to, For = [new(WaitReasons.Slot)] });
    }

    private static WaitReason Reason(JobStatus job, string? before) => before switch
    {
        null when job.After.Length > 0 => new(WaitReasons.Job) { Name = job.After[0].Job },
        null => new(WaitReasons.Time),
        _ => new(WaitReasons.Retry),
    };

    /// <summary>What it waits for now.</summary>
    private static void Open(List<TimelineEntry> entries, JobStatus job, string? before, DateTimeOffset from) =>
        entries.Add(new(TimelineWords.Waited, from) { For = job.WaitingFor.Length > 0 ? job.WaitingFor : [before is null ? new(WaitReasons.Slot) : Reason(job, before)] });
}
