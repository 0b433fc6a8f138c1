using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Schedules;

/// <summary>
/// What happens at the instants of schedules, and when their occurrences end. The job of an occurrence and the schedule that has moved on are one group: neither
/// is stored without the other.
/// </summary>
internal sealed class ScheduleOccurrences
{
    private static readonly ChangeOrder Overlapping = new("schedule", "The next occurrence takes its place.");

    private readonly ScheduleBook _book;
    private readonly JobGridOptions _options;
    private readonly PendingChanges _changes;
    private readonly JobBook _jobs;
    private readonly JobOrders _orders;

    public ScheduleOccurrences(ScheduleBook book, JobGridOptions options, PendingChanges changes, JobBook jobs, JobOrders orders)
    {
        (_book, _options, _changes, _jobs, _orders) = (book, options, changes, jobs, orders);
        jobs.Ended += OnEnded;
    }

    /// <summary>The id of an occurrence's job.</summary>
    public string JobOf(ScheduleEntry entry, StoredRun run) => JobOf(entry, run.Instant, run.Token);

    /// <summary>The jobs that an instant may have to cancel: they must be in memory for it.</summary>
    public IEnumerable<string> ToBeCancelled(ScheduleEntry entry) => entry.Record is { Spec.Overlap: ScheduleOverlap.Cancel or ScheduleOverlap.Replace }
        ? entry.State.Runs.Where(run => run.Outcome == ScheduleRunOutcome.Open).Select(run => JobOf(entry, run))
        : [];

    /// <summary>Serves what is due of one schedule, as far as one commit should hold.</summary>
    /// <returns>Whether anything was due.</returns>
    public bool Serve(ScheduleEntry entry, long now)
    {
        if (!(entry.Due <= now)) return false;
        var (record, state) = (entry.Record!, entry.State);
        var (spec, next) = (record.Spec, state.Next!.Value);
        if (!TryTimes(entry, out var times))
        {
            Break(entry, now);
            return true;
        }

        var plan = DuePlan.Of(spec, times, next, state.Come, entry.Jitter, spec.MissedAfter ?? (long)_options.MissedAfter.TotalMilliseconds, now);
        using var together = _changes.Together();
        entry.State = state with { Passed = plan.Passed, Next = plan.Next, Come = plan.Come };
        for (var i = 0; i < plan.Serve.Count; i++) Occur(entry, plan.Serve[i], i < plan.Missed ? ScheduleRunCause.Missed : ScheduleRunCause.Instant, now);
        if (!Sabotage.IsOff(Safeguard.OccurrenceInCommit)) _book.Mark(entry);
        return true;
    }

    /// <summary>Submits an occurrence because somebody asks for it, whatever else runs.</summary>
    /// <param name="token">No job of it is there.</param>
    public void Trigger(ScheduleEntry entry, string token, long now)
    {
        using var together = _changes.Together();
        Submit(entry, new() { Instant = now, Token = token, Cause = ScheduleRunCause.Trigger }, now);
        _book.Mark(entry);
    }

    /// <summary>Submits the occurrence of an instant that has passed, whose job is not there.</summary>
    public void Backfill(ScheduleEntry entry, long instant, long now)
    {
        using var together = _changes.Together();
        Submit(entry, new() { Instant = instant, Cause = ScheduleRunCause.Backfill }, now);
        _book.Mark(entry);
    }

    public string JobOf(ScheduleEntry entry, long instant, string? token) =>
        OccurrenceId.Of(entry.Id, entry.Record!.Incarnation, instant, token, JobIds.PartitionOf(entry.Id, _options.Partitions), _options.Partitions);

    private void Occur(ScheduleEntry entry, long instant, ScheduleRunCause cause, long now)
    {
        var run = new StoredRun { Instant = instant, Cause = cause };
        var open = entry.State.Open;
        switch (entry.Record!.Spec.Overlap)
        {
            case ScheduleOverlap.All when open < ScheduleLimits.MaxOpen:
            case var _ when open == 0 && !entry.State.IsOpen:
                Submit(entry, run, now);
                break;
            case ScheduleOverlap.Queue when !entry.State.HasQueued:
                Keep(entry, run with { Outcome = ScheduleRunOutcome.Queued });
                break;
            case ScheduleOverlap.Cancel when open < ScheduleLimits.MaxOpen:
                CancelOpen(entry, now);
                Submit(entry, run, now);
                break;
            case ScheduleOverlap.Replace:
                Change(entry, old => old.Outcome == ScheduleRunOutcome.Queued, old => old with { Outcome = ScheduleRunOutcome.Replaced });
                CancelOpen(entry, now);
                if (entry.State.Open == 0) Submit(entry, run, now);
                else Keep(entry, run with { Outcome = ScheduleRunOutcome.Queued });
                break;
            default:
                Keep(entry, run with { Outcome = ScheduleRunOutcome.Skipped });
                break;
        }
    }

    private void Submit(ScheduleEntry entry, StoredRun run, long now)
    {
        var (record, spec) = (entry.Record!, entry.Record!.Spec);
        var submission = new JobSubmission
        {
            Id = JobOf(entry, run), Type = spec.Type, Queue = spec.Queue, Args = ArgsTemplate.Fill(spec.Args, run.Instant), Priority = spec.Priority, Tags = spec.Tags,
            Attempts = spec.Attempts, Timeout = spec.Timeout, Retention = spec.Retention, Owner = spec.Owner,
        };
        // Of a schedule that a full store may still refuse the job goes with it.
        _jobs.SubmitInside(submission, now, new(entry.Id, record.Incarnation, run.Instant)).Origin = entry.Origin;
        Keep(entry, run with { Outcome = ScheduleRunOutcome.Open, SubmittedAt = now });
    }

    /// <summary>Ends those that wait; asks those that run to stop.</summary>
    private void CancelOpen(ScheduleEntry entry, long now)
    {
        foreach (var run in entry.State.Runs.Where(run => run.Outcome == ScheduleRunOutcome.Open))
        {
            if (_jobs.Find(JobOf(entry, run)) is { Spec: not null, IsSketch: false } job) _orders.Cancel(job, Overlapping, now);
        }
    }

    private void OnEnded(LiveJob job, long now)
    {
        if (job.Spec!.Scheduled is not { } scheduled || _book.Find(scheduled.Schedule) is not { Record: { } record } entry || record.Incarnation != scheduled.Incarnation) return;
        var (outcome, track) = (job.Outcome!, job.Track);
        Change(entry, run => run.Instant == scheduled.At && run.HasJob && JobOf(entry, run) == job.Id, run => run with
        {
            Outcome = outcome.State == JobState.Success ? ScheduleRunOutcome.Success : outcome.State == JobState.Failure ? ScheduleRunOutcome.Failure : ScheduleRunOutcome.Revoked,
            StartedAt = track.Token != 0 ? track.StartedAt : null, FinishedAt = now,
        });
        if (entry.State.Open == 0 && entry.State.Runs.Find(run => run.Outcome == ScheduleRunOutcome.Queued) is { } queued)
        {
            // It moves to the end, where the newest are.
            entry.State = entry.State with { Runs = entry.State.Runs.Remove(queued) };
            Submit(entry, queued, now);
        }

        _book.Mark(entry);
    }

    private static void Keep(ScheduleEntry entry, StoredRun run) => entry.State = entry.State.With(run);

    private static void Change(ScheduleEntry entry, Predicate<StoredRun> which, Func<StoredRun, StoredRun> change)
    {
        var runs = entry.State.Runs;
        if (runs.FindLastIndex(which) is >= 0 and var index) entry.State = entry.State with { Runs = runs.SetItem(index, change(runs[index])) };
    }

    private static bool TryTimes(ScheduleEntry entry, out ScheduleTimes times)
    {
        try
        {
            times = entry.Times;
            return true;
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or FormatException)
        {
            times = null!;
            return false;
        }
    }

    /// <summary>This silo cannot tell its instants, as another one could when it was made: it stands still where people will look, and nothing is guessed.</summary>
    private void Break(ScheduleEntry entry, long now)
    {
        var record = entry.Record!;
        entry.Record = record with
        {
            Edition = record.Edition + 1, ChangedAt = now,
            Paused = new("grid", $"The silo that has it does not know the time zone '{record.Spec.Zone}'.", DateTimeOffset.FromUnixTimeMilliseconds(now)),
        };
        _book.Mark(entry);
    }
}
