using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;

namespace OrleansJobs.Actions;

/// <summary>What became of one job of an action.</summary>
[GenerateSerializer, Alias("oj.actionVerdict")]
internal enum ActionVerdict : byte
{
    Done = 0,

    /// <summary>It does not fit any more, or is gone: nothing was done to it, and nothing is wrong.</summary>
    Skipped = 1,

    /// <summary>It fits, and was refused all the same.</summary>
    Failed = 2,

    /// <summary>Nobody knows: it is to be asked for again.</summary>
    Unknown = 3,
}

/// <summary>What an action may do to a job, and what its partition's answer means.</summary>
internal static class ActionRules
{
    /// <summary>What a job is answered without being touched; null: it is to be done. Asked in the turn that decides, so that nothing comes between.</summary>
    public static JobChangeOutcome? Refusal(ActionMark part, LiveJob job, long now)
    {
        // A page is a list of ids, and may be done again much later: another job may have come under one of them.
        if (part.Below > 0 && job.Spec!.Stamp >= part.Below) return JobChangeOutcome.NotFound;
        if (Refusal(part, StatusOf.Live(job, now)) is { } refusal) return refusal;
        return part.Filter?.Args is { } text && !JobListing.Has(job.Spec!.Args, text) ? JobChangeOutcome.WrongState : null;
    }

    /// <summary>The same as far as a status tells: not by the stamp of the submit, and not by the arguments.</summary>
    public static JobChangeOutcome? Refusal(ActionMark part, JobStatus job)
    {
        // What lies in other queues does not exist for whoever asks.
        if (!ActionReach.Covers(part.Queues, job.Queue, job.Tags)) return JobChangeOutcome.NotFound;
        // An action that cancels all that runs is not to cancel itself, nor others.
        if (job.Type == ActionArgs.JobType) return JobChangeOutcome.WrongState;
        if (!Sabotage.IsOff(Safeguard.ActionMarks) && Array.Exists(job.Changes, change => change.Action == part.Id && change.ActionSubmitted == part.Submitted)) return JobChangeOutcome.Done;
        // Both would run it: the action, and its flow, which the action may be running again as well.
        if (part.LeavesChildren && job.Parent is not null) return JobChangeOutcome.WrongState;
        return part.Filter?.Matches(job) == false ? JobChangeOutcome.WrongState : null;
    }

    /// <param name="isRepeated">It may have been done before, by an attempt that was lost.</param>
    public static ActedJob VerdictOf(JobAction action, JobChange change, bool isRepeated) => change.Outcome switch
    {
        JobChangeOutcome.Done => new(ActionVerdict.Done, null),
        // A job that is gone says nothing of who removed it.
        JobChangeOutcome.NotFound => new(action == JobAction.Delete && isRepeated ? ActionVerdict.Done : ActionVerdict.Skipped, null),
        JobChangeOutcome.WrongState => change is { Reason: { } reason, Status: { } status } && Fits(action, status) ? new(ActionVerdict.Failed, reason) : new(ActionVerdict.Skipped, null),
        _ => new(ActionVerdict.Unknown, null),
    };

    /// <summary>Whether a job is in a state that the action is for.</summary>
    public static bool Fits(JobAction action, JobStatus job) => action switch
    {
        JobAction.Retry => job.State is JobState.Failure or JobState.Revoked,
        JobAction.Cancel => !job.IsFinished,
        JobAction.Delete => job.IsFinished,
        _ => job.Phase is JobPhase.Scheduled or JobPhase.Retrying,
    };

    /// <summary>How many jobs a filter can keep at most, by the grid's figures. What they do not tell apart is taken as a whole.</summary>
    public static long Bound(JobQuery filter, IEnumerable<JobCount> counts)
    {
        var state = filter.State ?? (filter.Error is null ? null : JobState.Failure);
        return counts.Where(count => (state is null || count.State == state) && (filter.Queue is null || count.Queue == filter.Queue) && (filter.Type is null || count.Type == filter.Type))
            .Sum(count => count.Jobs);
    }
}
