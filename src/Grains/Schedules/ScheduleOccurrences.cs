using System.Text;
using OrleansJobs.Diagnostics;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Schedules;

/// <summary>
/// What happens at the instants of schedules, and when their occurrences end. The job of an occurrence and the schedule that has moved on are one group: neither
/// is stored without the other.
/// </summary>
internal sealed class ScheduleOccurrences
{
    /// <summary>An occurrence that lives elsewhere and has been open for so long is looked for, in milliseconds.</summary>
    public const long LookedForAfter = 60_000;

    private static readonly ChangeOrder Overlapping = new("schedule", "The next occurrence takes its place.");

    private readonly ScheduleBook _book;
    private readonly JobGridOptions _options;
    private readonly PendingChanges _changes;
    private readonly JobBook _jobs;
    private readonly JobOrders _orders;
    private readonly LetterBook _letters;
    private readonly int _partition;

    public ScheduleOccurrences(ScheduleBook book, int partition, JobGridOptions options, PendingChanges changes, JobBook jobs, JobOrders orders, LetterBook letters)
    {
        (_book, _partition, _options, _changes, _jobs, _orders, _letters) = (book, partition, options, changes, jobs, orders, letters);
        jobs.Ended += OnEnded;
    }

    /// <summary>Null: nobody is told.</summary>
    public ScheduleWatch? Watch { get; set; }

    /// <summary>The id of an occurrence's job.</summary>
    public string JobOf(ScheduleEntry entry, StoredRun run) => JobOf(entry, run.Instant, run.Token, run.Place);

    /// <summary>The jobs that an instant may have to cancel: they must be in memory for it.</summary>
    public IEnumerable<string> ToBeCancelled(ScheduleEntry entry) => entry.Record is { Spec.Overlap: ScheduleOverlap.Cancel or ScheduleOverlap.Replace }
        ? entry.State.Runs.Where(run => run is { IsInTheWay: true, Place: null }).Select(run => JobOf(entry, run))
        : [];

    /// <summary>Serves what is due of one schedule, as far as one commit should hold.</summary>
    /// <returns>Whether anything was due.</returns>
    public bool Serve(ScheduleEntry entry, long now)
    {
        if (!(entry.Due <= now)) return false;
        var (record, state) = (entry.Record!, entry.State);
        var (spec, next) = (record.Spec, state.Next!.Value);
        if (!entry.TryTimes(out var times))
        {
            Break(entry, ScheduleOrders.UnknownZone(spec).Detail, now);
            return true;
        }

        // What somebody let pass after the grid could not serve it comes behind what is still to come.
        var wanted = state.LetPassUpTo is not null && next <= state.WantedUpTo ? state.WantedUpTo : null;
        var missedAfter = spec.MissedAfter ?? (long)_options.MissedAfter.TotalMilliseconds;
        var plan = DuePlan.Of(spec, times, next, state.Come, entry.Jitter, missedAfter, now, state.ForwardAt, wanted ?? long.MaxValue);
        var isOver = wanted is null || !(plan.Next <= wanted);
        if (wanted is not null && isOver && state.LetPassUpTo is { } letPass) plan = plan with { Passed = Math.Max(plan.Passed, letPass), Next = plan.Next is null ? null : times.After(letPass) };
        using var together = _changes.Together();
        // What an edit brought forward may be more than one decision serves.
        entry.State = state with
        {
            Passed = plan.Passed, Next = plan.Next, Come = plan.Come, ForwardAt = plan.Next + entry.Jitter <= state.ForwardAt ? state.ForwardAt : null,
            WantedUpTo = isOver ? null : state.WantedUpTo, LetPassUpTo = isOver ? null : state.LetPassUpTo,
        };
        if (plan.Dropped > 0) Watch?.Dropped(entry.Id, next, plan.Dropped);
        var served = 0;
        try
        {
            for (; served < plan.Serve.Count; served++) Occur(entry, plan.Serve[served], served < plan.Missed ? ScheduleRunCause.Missed : ScheduleRunCause.Instant, now);
        }
        catch (Exception exception)
        {
            // The schedules that are due behind it are not to wait for what this one cannot do. It stands before the instant that it could not serve, with those behind that.
            var failed = plan.Serve[served];
            entry.State = entry.State with
            {
                Passed = failed - 1, Next = failed, ForwardAt = state.ForwardAt, WantedUpTo = state.WantedUpTo, LetPassUpTo = state.LetPassUpTo,
                Come = spec.Count is { } count ? state.Come + times.Walk(next, failed - 1, count - state.Come).Count : plan.Come,
            };
            Break(entry, $"Its occurrence could not be made: {exception.Message}", now);
        }

        if (!Sabotage.IsOff(Safeguard.OccurrenceInCommit)) _book.Mark(entry);
        return true;
    }

    /// <summary>Whether it has occurrences of which it should have heard by now, and that have not been looked for lately.</summary>
    public static bool IsToBeLookedFor(ScheduleEntry entry, long now) =>
        entry.LookedAt < now - LookedForAfter && entry.Record is not null && entry.State.Runs.Exists(run => IsOverdue(run, now));

    /// <summary>It should have been heard of by now: what starts it, or tells of its end, may have been lost with one of the two partitions' newest writes.</summary>
    public static bool IsOverdue(StoredRun run, long now) => run is { Outcome: ScheduleRunOutcome.Open, Place: not null } && run.SubmittedAt < now - LookedForAfter;

    /// <summary>
    /// What starts it may not have been delivered. A partition that always has letters for the other tells that by their age: those written long after it went came behind it.
    /// How long is the same as it is open before it is looked for, since another silo's clock may have said when it was submitted.
    /// </summary>
    public bool MayBeOnItsWay(StoredRun run) => _letters.MayWaitSince(run.Place!.Value, run.SubmittedAt!.Value + LookedForAfter);

    /// <summary>What was found of an occurrence that lives elsewhere, whose start has been delivered.</summary>
    /// <param name="run">As it was when it was asked for.</param>
    /// <param name="job">Null: it is there no more.</param>
    public void Found(ScheduleEntry entry, StoredRun run, JobStatus? job, long now)
    {
        // Its end may have come meanwhile, and says more than that it is there no more; or it was made anew since.
        if (entry.State.Runs.Find(one => one.Outcome == ScheduleRunOutcome.Open && one.IsSame(run)) is not { } known) return;
        if (job is { IsFinished: false })
        {
            // That it is to be cancelled may be lost too: the next instant says it again.
            if (!known.IsCancelSent || job.Phase == JobPhase.Cancelling) return;
            entry.State = entry.State with { Runs = entry.State.Runs.Replace(known, known with { IsCancelSent = false }) };
            _book.Mark(entry);
            return;
        }

        var scheduled = new ScheduledRun(entry.Id, entry.Record!.Incarnation, run.Instant);
        using var together = _changes.Together();
        Take(job is null
            ? new(scheduled, JobOf(entry, run), JobState.Revoked, null, now)
            : new(scheduled, job.Id, job.State, job.StartedAt?.ToUnixTimeMilliseconds(), job.FinishedAt?.ToUnixTimeMilliseconds() ?? now), now);
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
        // While it is paused its cursor stands still, and would come to this instant again.
        if (instant > entry.State.Passed) entry.State = entry.State with { Passed = instant, Next = entry.State.Next is null ? null : entry.Times.After(instant) };
        Submit(entry, new() { Instant = instant, Cause = ScheduleRunCause.Backfill }, now);
        _book.Mark(entry);
    }

    /// <summary>Submits the occurrence that waits for others to end, where there is one.</summary>
    public void SubmitQueued(ScheduleEntry entry, long now)
    {
        if (entry.State.Runs.Find(run => run.Outcome == ScheduleRunOutcome.Queued) is not { } queued) return;
        using var together = _changes.Together();
        // It moves to the end, where the newest are.
        entry.State = entry.State with { Runs = entry.State.Runs.Remove(queued) };
        Submit(entry, queued, now);
        _book.Mark(entry);
    }

    /// <summary>The id of the job that an instant is given from now on.</summary>
    public string JobOf(ScheduleEntry entry, long instant, string? token) => JobOf(entry, instant, token, PlaceOf(entry));

    /// <summary>The partition of a schedule's key, where all jobs of that key are; null: it has none, and its jobs are where it is.</summary>
    public int? PlaceOf(ScheduleEntry entry) => entry.Record!.Spec.Key is { } key ? JobKeys.PartitionOf(key, _options.Partitions) : null;

    /// <summary>Starts an occurrence of another partition's schedule, whose key lives here, or finds it.</summary>
    public void StartHere(JobSubmission submission, ScheduledRun scheduled, long now)
    {
        if (_jobs.Find(submission.Id) is not { Place: not JobPlace.Gone } known) _jobs.SubmitInside(submission, now, scheduled);
        else if (known is { Outcome: not null, Spec.Scheduled: not null }) TellSchedule(known, now);
    }

    /// <returns>Whether its worker is to be told.</returns>
    public bool CancelHere(LiveJob job, long now) => _orders.Cancel(job, Overlapping, now) && job.Place == JobPlace.Leased;

    /// <summary>An occurrence has ended that lives where its key does.</summary>
    public void Take(OccurrenceEnd end, long now)
    {
        if (_book.Find(end.Run.Schedule) is { Record: { } record } entry && record.Incarnation == end.Run.Incarnation) Close(entry, end, now);
    }

    private string JobOf(ScheduleEntry entry, long instant, string? token, int? place) =>
        OccurrenceId.Of(entry.Id, entry.Record!.Incarnation, instant, token, place ?? JobIds.PartitionOf(entry.Id, _options.Partitions), _options.Partitions);

    private void Occur(ScheduleEntry entry, long instant, ScheduleRunCause cause, long now)
    {
        var run = new StoredRun { Instant = instant, Cause = cause };
        var (open, inTheWay) = (entry.State.Open, entry.State.InTheWay);
        switch (entry.Record!.Spec.Overlap)
        {
            case ScheduleOverlap.All when open < ScheduleLimits.MaxOpen:
            case var _ when inTheWay == 0 && !entry.State.HasQueued && open < ScheduleLimits.MaxOpen:
                Submit(entry, run, now);
                break;
            case ScheduleOverlap.Queue when !entry.State.HasQueued:
                Keep(entry, run with { Outcome = ScheduleRunOutcome.Queued });
                break;
            case ScheduleOverlap.Cancel when open < ScheduleLimits.MaxOpen:
                // One may wait from before an edit: the end of those that are cancelled would submit it.
                GiveUpQueued(entry);
                CancelOpen(entry, now);
                Submit(entry, run, now);
                break;
            case ScheduleOverlap.Replace:
                GiveUpQueued(entry);
                CancelOpen(entry, now);
                if (entry.State.InTheWay == 0 && open < ScheduleLimits.MaxOpen) Submit(entry, run, now);
                else Keep(entry, run with { Outcome = ScheduleRunOutcome.Queued });
                break;
            default:
                Keep(entry, run with { Outcome = ScheduleRunOutcome.Skipped });
                Watch?.Skipped();
                break;
        }
    }

    private void Submit(ScheduleEntry entry, StoredRun run, long now)
    {
        var (record, spec) = (entry.Record!, entry.Record!.Spec);
        run = run with { Place = PlaceOf(entry) };
        var submission = new JobSubmission
        {
            Id = JobOf(entry, run), Type = spec.Type, Queue = spec.Queue, Args = ArgsTemplate.Fill(spec.Args, run.Instant), Priority = spec.Priority, Tags = spec.Tags,
            Attempts = spec.Attempts, Timeout = spec.Timeout, Retention = spec.Retention, DeadlineAfter = spec.Deadline, Owner = spec.Owner,
            Key = spec.Key, Weight = spec.Weight, Notify = spec.Notify,
        };
        var scheduled = new ScheduledRun(entry.Id, record.Incarnation, run.Instant);
        // Of a schedule that a full store may still refuse the job goes with it.
        if (run.Place is not { } place) _jobs.SubmitInside(submission, now, scheduled).Origin = entry.Origin;
        else
        {
            // Nothing is known here of what is there, which may have been started by what this store has lost.
            submission = submission with { MayExist = true, DeadlineAfter = null, DeadlineAt = now + spec.Deadline };
            _letters.Send(place, LetterKind.StartOccurrence, ChildRecord.Encode(submission, scheduled), entry.Origin);
        }

        Keep(entry, run with { Outcome = ScheduleRunOutcome.Open, SubmittedAt = now });
    }

    /// <summary>Ends those that wait; asks those that run to stop.</summary>
    private void CancelOpen(ScheduleEntry entry, long now)
    {
        foreach (var run in entry.State.Runs.Where(run => run is { IsInTheWay: true, IsCancelSent: false }))
        {
            var id = JobOf(entry, run);
            if (run.Place is { } place)
            {
                // Once: a letter is not lost, and comes behind the one that starts it.
                _letters.Send(place, LetterKind.CancelOccurrence, Encoding.UTF8.GetBytes(id));
                entry.State = entry.State with { Runs = entry.State.Runs.Replace(run, run with { IsCancelSent = true }) };
            }
            else if (_jobs.Find(id) is { Spec: not null, IsSketch: false } job) _orders.Cancel(job, Overlapping, now);
        }
    }

    private void OnEnded(LiveJob job, long now)
    {
        if (job.Spec!.Scheduled is not null) TellSchedule(job, now);
    }

    private void TellSchedule(LiveJob job, long now)
    {
        var (scheduled, outcome, track) = (job.Spec!.Scheduled!, job.Outcome!, job.Track);
        var end = new OccurrenceEnd(scheduled, job.Id, outcome.State, track.Token != 0 ? track.StartedAt : null, outcome.FinishedAt);
        var home = JobIds.PartitionOf(scheduled.Schedule, _options.Partitions);
        if (home == _partition) Take(end, now);
        else _letters.Send(home, LetterKind.OccurrenceEnded, end.Encode());
    }

    private void Close(ScheduleEntry entry, OccurrenceEnd end, long now)
    {
        Change(entry, run => run.Instant == end.Run.At && run.HasJob && JobOf(entry, run) == end.Job, run => run with
        {
            Outcome = end.State == JobState.Success ? ScheduleRunOutcome.Success : end.State == JobState.Failure ? ScheduleRunOutcome.Failure : ScheduleRunOutcome.Revoked,
            StartedAt = end.StartedAt, FinishedAt = end.FinishedAt,
        });
        if (entry.State.InTheWay == 0) SubmitQueued(entry, now);
        _book.Mark(entry);
    }

    private void GiveUpQueued(ScheduleEntry entry)
    {
        if (!entry.State.HasQueued) return;
        Change(entry, old => old.Outcome == ScheduleRunOutcome.Queued, old => old with { Outcome = ScheduleRunOutcome.Replaced });
        Watch?.Skipped();
    }

    private static void Keep(ScheduleEntry entry, StoredRun run) => entry.State = entry.State.With(run);

    private static void Change(ScheduleEntry entry, Predicate<StoredRun> which, Func<StoredRun, StoredRun> change)
    {
        var runs = entry.State.Runs;
        if (runs.FindLastIndex(which) is >= 0 and var index) entry.State = entry.State with { Runs = runs.SetItem(index, change(runs[index])) };
    }

    /// <summary>
    /// It cannot be served, though it could be made: a silo may not know what another one did. It stands still where people will look, and nothing is guessed.
    /// </summary>
    private void Break(ScheduleEntry entry, string reason, long now)
    {
        var record = entry.Record!;
        entry.Record = record with
        {
            Edition = record.Edition + 1, ChangedAt = now,
            Paused = new("grid", reason, DateTimeOffset.FromUnixTimeMilliseconds(now)),
        };
        // Where an edit mends it with other instants, these count from the one that could not be served, and not from the last one that was.
        entry.State = entry.State with { IsUnserved = true, Passed = Math.Max(entry.State.Passed, entry.State.Next!.Value - 1) };
        _book.NoteServed(entry);
        _book.Mark(entry);
        Watch?.Broken(entry.Id, reason);
    }
}
