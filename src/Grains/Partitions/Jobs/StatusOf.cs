using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>What is said of a job, from what is stored of it.</summary>
internal static class StatusOf
{
    public static JobStatus Live(LiveJob job, long now) => Of(job.Id, job.Spec!, job.Track, job.Place == JobPlace.Leased, job.Due, job.Outcome, now);

    public static JobStatus Stored(string id, StoredJob stored, long now, bool withResult = true)
    {
        var spec = JobSpec.Decode(stored.Spec);
        var outcome = stored.Outcome is { } ended ? JobOutcome.Decode(ended) : null;
        var leased = outcome is null && stored.Lease is not null;
        var track = outcome?.Track ?? (leased ? JobTrack.Decode(stored.Lease) : stored.Track is { } waiting ? JobTrack.Decode(waiting) : JobTrack.Fresh);
        if (withResult) return Of(id, spec, track, leased, track.DueAt ?? spec.DueAt, outcome, now);
        if (outcome is not null) outcome = outcome with { Result = null, Error = WithoutText(outcome.Error) };
        var status = Of(id, spec, track, leased, track.DueAt ?? spec.DueAt, outcome, now);
        return Array.Exists(status.Attempts, static attempt => attempt.Error?.Trace?.Text is not null)
            ? status with { Attempts = Array.ConvertAll(status.Attempts, static attempt => attempt with { Error = WithoutText(attempt.Error) }) } : status;
    }

    /// <summary>How a job ended, for who asks for nothing else.</summary>
    public static JobStatus Ended(string id, JobOutcome outcome) => new()
    {
        Id = id, Type = "", Queue = "", State = outcome.State, FinishedAt = Instant(outcome.FinishedAt), Result = outcome.State == JobState.Success ? outcome.Result : null,
        Error = outcome.Error,
    };

    /// <summary>The last attempt of a job that has ended, as it stands in the history.</summary>
    public static JobAttempt LastAttempt(JobOutcome outcome) => new()
    {
        Number = outcome.Track.Attempt, Silo = outcome.Track.Silo, Token = outcome.Track.Token, Error = WithoutText(outcome.Error), Marks = outcome.Track.Marks,
        StartedAt = Instant(outcome.Track.StartedAt), EndedAt = Instant(outcome.FinishedAt),
        Outcome = WordOf(outcome),
    };

    /// <summary>How the last attempt of a job that has ended came out, as it stands in the history.</summary>
    public static string WordOf(JobOutcome outcome) => outcome.State switch
    {
        JobState.Success => "succeeded",
        JobState.Revoked => "cancelled",
        _ => outcome.Error?.Code switch { JobErrorCodes.Timeout => "timeout", JobErrorCodes.Stalled => "stalled", JobErrorCodes.Poison when !outcome.Track.HasOpenAttempt => "crashed", _ => "failed" },
    };

    /// <summary>A running job's status, as its partition has it, with what its worker said last.</summary>
    public static JobStatus WithProgress(JobStatus status, Progress progress) =>
        progress.Sequence == 0 ? status : status with
        {
            Current = progress.Current, Total = Math.Max(1, progress.Total), Message = progress.Message ?? status.Message, Data = progress.Data ?? status.Data,
            Version = status.Version + progress.Sequence,
        };

    /// <summary>A job whose attempt was lost before it could report, with what the attempt had said by then.</summary>
    public static JobStatus WithLast(JobStatus status, Progress progress) =>
        progress.Sequence == 0 || status.Current != 0 ? status : status with { Current = progress.Current, Total = Math.Max(1, progress.Total), Data = progress.Data };

    /// <summary>A failure as lists have it: where it was thrown, and no stack trace.</summary>
    private static JobError? WithoutText(JobError? error) => error?.Trace is { Text: not null } trace ? error with { Trace = trace with { Text = null } } : error;

    private static JobStatus Of(string id, JobSpec spec, JobTrack track, bool leased, long due, JobOutcome? outcome, long now)
    {
        var state = outcome?.State ?? (leased || track.IsUnderWay ? JobState.Progress : JobState.Pending);
        var phase = Phase(track, leased, due, outcome, now);
        var started = track.Token != 0;
        // One that ended while it waited has all of its attempts in the history.
        var endedAttempt = outcome is not null && track.HasOpenAttempt;
        var progress = track.Progress;
        var (current, total) = progress.Sequence > 0 ? (progress.Current, Math.Max(1, progress.Total)) : (state == JobState.Success ? 1 : 0, 1);
        return new JobStatus
        {
            Id = id, Type = spec.Type, Queue = track.QueueOf(spec), Priority = track.Priority ?? spec.Priority, State = state, Phase = phase,
            Current = current, Total = total, Message = Message(state, phase, track, outcome),
            Attempt = leased || endedAttempt || track.IsUnderWay ? track.Attempt : track.Attempt - 1,
            Version = JobVersion.Of(spec, track), Token = track.Token, MaxAttempts = MaxAttempts(spec, track),
            SubmittedAt = Instant(spec.SubmittedAt), DueAt = Instant(due == JobBook.Never ? spec.DueAt : due), StartedAt = started ? Instant(track.StartedAt) : null,
            FinishedAt = outcome is null ? null : Instant(outcome.FinishedAt), ExpiresAt = spec.ExpiresAt is { } expiry ? Instant(expiry) : null,
            DeadlineAt = DeadlineBook.EndOf(spec, track) is { } deadline ? Instant(deadline) : null,
            Result = state == JobState.Success ? outcome!.Result : null, Error = outcome?.Error,
            Attempts = endedAttempt ? [.. track.History, LastAttempt(outcome!)] : [.. track.History],
            Changes = track.Changes.IsEmpty ? [] : [.. track.Changes],
            WaitingFor = outcome is null && !leased ? WaitsOf(track, phase, due, now) : [], Parent = spec.Parent?.Id, IsFlow = track.IsFlow, After = spec.After,
            Tags = spec.Tags, Silo = leased ? track.Silo : null, TraceParent = spec.TraceParent, Data = progress.Data,
            FirstDueAt = Instant(spec.DueAt), HasLogs = track.HasLogs, HasMemory = track.HasMemory, Key = spec.Key, Schedule = spec.Scheduled?.Schedule, ScheduledAt = spec.Scheduled is { } scheduled ? Instant(scheduled.At) : null,
        };
    }

    /// <summary>Attempts are numbered over all that there were; crashes, and those before it was run again by hand or got somewhere as a flow, use none up.</summary>
    private static int MaxAttempts(JobSpec spec, JobTrack track)
    {
        var allowed = track.MaxAttempts != 0 ? track.MaxAttempts : spec.Attempts ?? spec.Retry?.Attempts ?? 0;
        return allowed == 0 ? 0 : track.Earlier + track.Crashes + allowed;
    }

    private static JobPhase Phase(JobTrack track, bool leased, long due, JobOutcome? outcome, long now)
    {
        if (outcome is not null) return JobPhase.None;
        if (leased) return track.CancelRequested ? JobPhase.Cancelling : JobPhase.Running;
        if (!track.WaitsFor.IsEmpty) return JobPhase.Waiting;
        if (track.IsRetrying) return JobPhase.Retrying;
        return due > now ? JobPhase.Scheduled : JobPhase.Waiting;
    }

    private static readonly WaitReason[] ForASlot = [new(WaitReasons.Slot)];

    /// <summary>What a job waits for that does not run, as far as its partition knows: who can run it, and which queues are open, is known to others.</summary>
    private static WaitReason[] WaitsOf(JobTrack track, JobPhase phase, long due, long now)
    {
        if (!track.WaitsFor.IsEmpty) return [.. track.WaitsFor];
        if (due <= now) return ForASlot;
        return [new WaitReason(phase == JobPhase.Retrying ? WaitReasons.Retry : WaitReasons.Time) { Until = Instant(due) }];
    }

    private static string Message(JobState state, JobPhase phase, JobTrack track, JobOutcome? outcome) => state switch
    {
        JobState.Failure => outcome!.Error?.Message ?? "Failed",
        JobState.Revoked => track.CancelReason ?? "Cancelled",
        JobState.Pending when track.IsSuspect => "Waiting to run alone",
        _ when track.Progress.Message is { } message => message,
        JobState.Success => "Done",
        JobState.Progress => phase switch { JobPhase.Cancelling => "Cancelling", JobPhase.Running => "Running", _ => "Waiting" },
        _ => phase switch { JobPhase.Scheduled => "Scheduled", JobPhase.Retrying => "Will be tried again", _ => "Waiting" },
    };

    private static DateTimeOffset Instant(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
