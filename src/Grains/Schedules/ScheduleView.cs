using OrleansJobs.Partitions;

namespace OrleansJobs.Schedules;

/// <summary>What is said of a schedule.</summary>
internal static class ScheduleView
{
    /// <summary>Occurrences that are told along with the schedule.</summary>
    private const int RunsAlong = 20;

    /// <param name="jobOf">Where its newest occurrences are to be told: their jobs' ids.</param>
    public static ScheduleInfo Of(ScheduleEntry entry, Func<StoredRun, string>? jobOf = null)
    {
        var (record, state) = (entry.Record!, entry.State);
        return new()
        {
            Id = entry.Id, Spec = record.Spec, Version = record.Version, CreatedAt = Instant(record.CreatedAt), ChangedAt = Instant(record.ChangedAt),
            NextAt = record.Paused is null ? Instant(state.Next) : null, DueAt = Instant(entry.Due), Paused = record.Paused,
            Anchor = record.Spec.Every is null ? null : Instant(record.Anchor), Come = state.Come, Application = record.Application, Release = record.Release,
            Runs = jobOf is null ? [] : [.. state.Shown(RunsAlong).Select(run => Of(run, jobOf(run), null))],
        };
    }

    public static ScheduleRun Of(StoredRun run, string? job, JobStatus? status) => new()
    {
        ScheduledAt = Instant(run.Instant), Job = run.HasJob ? job : null, Cause = run.Cause, SubmittedAt = Instant(run.SubmittedAt),
        StartedAt = status is not null ? status.StartedAt : Instant(run.StartedAt), FinishedAt = status is not null ? status.FinishedAt : Instant(run.FinishedAt),
        Outcome = (status?.State) switch
        {
            null => run.Outcome,
            JobState.Success => ScheduleRunOutcome.Success,
            JobState.Failure => ScheduleRunOutcome.Failure,
            JobState.Revoked => ScheduleRunOutcome.Revoked,
            _ => ScheduleRunOutcome.Open,
        },
        State = run.HasJob ? status?.State ?? StateOf(run.Outcome) : null,
    };

    private static JobState? StateOf(ScheduleRunOutcome outcome) => outcome switch
    {
        ScheduleRunOutcome.Success => JobState.Success,
        ScheduleRunOutcome.Failure => JobState.Failure,
        ScheduleRunOutcome.Revoked => JobState.Revoked,
        _ => null,
    };

    private static DateTimeOffset Instant(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static DateTimeOffset? Instant(long? milliseconds) => milliseconds is { } instant ? Instant(instant) : null;
}
