using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>What is asked of a partition's schedules from outside. A change is stored before it is answered.</summary>
internal sealed class ScheduleCalls(IPartitionShell shell, PartitionSchedules schedules)
{
    /// <summary>Decisions that a change waits for, where much of what was due before is still to be served.</summary>
    private const int MostServedBefore = 20;

    /// <summary>What a page of all partitions may weigh, and what that leaves at least for one of them, and at most.</summary>
    private const int ListBytes = 16 << 20, LeastListBytes = 64 << 10, MostListBytes = 1 << 20;

    private static readonly RowRead Rows = new(GridLayout.Schedules.Records, GridLayout.Schedules.States);

    private readonly JobRows _jobRows = new(shell.Store, shell.Partition);
    private readonly AskedOccurrences _asked = new(shell, schedules);

    public static ScheduleAnswer Unavailable { get; } = new(ScheduleOutcome.Unavailable) { Reason = "The store did not answer in time; it may or may not have happened." };

    public static ScheduleAnswer StoreFull { get; } = new(ScheduleOutcome.Full) { Reason = "The store is full." };

    public static ScheduleAnswer WrongClock { get; } = Unavailable with { Reason = "The clock of the silo is wrong, so that nothing is decided by it; ask again." };

    private ScheduleBook Book => shell.Core.Schedules;

    public Task<ScheduleAnswer> PutAsync(string id, ScheduleSpec spec, ScheduleCondition condition) => PutAsync(id, spec, condition, declared: null);

    /// <summary>What the code of an application says of one of its schedules.</summary>
    public Task<ScheduleAnswer> DeclareAsync(DeclaredSchedule schedule, string application, string release) =>
        PutAsync(schedule.Id, schedule.Spec, ScheduleCondition.None, (schedule, application, release));

    /// <summary>The code of an application names it no more.</summary>
    public Task<ScheduleAnswer> UndeclareAsync(string id, string application, string release) => ChangeAsync(id, (entry, _) =>
        !Book.Releases.Holds(application, release) ? new(ScheduleOutcome.Superseded)
        // By now it may be somebody else's.
        : entry.Record!.Application == application ? Book.Orders.Delete(entry, ScheduleCondition.None, application)
        : new(ScheduleOutcome.NotFound));

    private Task<ScheduleAnswer> PutAsync(string id, ScheduleSpec spec, ScheduleCondition condition, (DeclaredSchedule Schedule, string Application, string Release)? declared)
    {
        if (ScheduleRules.Check(id, spec, shell.Options, DateTimeOffset.FromUnixTimeMilliseconds(shell.Now)) is { Length: > 0 } problems)
            return Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Rejected) { Problems = problems });
        if (shell.Core.Webhooks.Check(spec.Notify) is { Length: > 0 } uncalled) return Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Rejected) { Problems = uncalled });
        var incarnation = shell.NewIncarnation();
        return ChangeAsync(id, (entry, now) =>
        {
            if (declared is { } by && !Book.Releases.Holds(by.Application, by.Release)) return new(ScheduleOutcome.Superseded);
            if (entry.Record is null && shell.IsStoreFull) return new(ScheduleOutcome.Full) { Reason = "The store is nearly full." };
            var said = declared is { Schedule: var schedule } && entry.Record is { Spec: var known } && known.Type == spec.Type ? WithKept(schedule, known) : spec;
            return Book.Orders.Put(entry, said, condition, incarnation, declared is { } whose ? (whose.Application, whose.Release) : null, now);
        }, mayBeNew: true);
    }

    /// <summary>What a silo that has no handler of its type cannot know, as it stands.</summary>
    private static ScheduleSpec WithKept(DeclaredSchedule declared, ScheduleSpec known)
    {
        var spec = declared.Spec;
        if (declared.KeepsQueue) spec = spec with { Queue = known.Queue };
        return declared.KeepsKey ? spec with { Key = known.Key, Weight = spec.Weight ?? known.Weight } : spec;
    }

    /// <param name="application">Whose it is, where code declares it; otherwise it is not deleted.</param>
    public Task<ScheduleAnswer> DeleteAsync(string id, ScheduleCondition condition, string? application = null) =>
        ChangeAsync(id, (entry, _) => Book.Orders.Delete(entry, condition, application));

    public Task<ScheduleAnswer> PauseAsync(string id, ChangeOrder? order, ScheduleCondition condition) => ChangeAsync(id, (entry, now) =>
        order is null ? Book.Orders.Resume(entry, condition, now) : Book.Orders.Pause(entry, order, condition, now));

    public Task<ScheduleAnswer> TriggerAsync(string id, string token) => _asked.SubmitAsync(id, (entry, _) => [(0L, token)], (entry, _) =>
        Book.Occurrences.Trigger(entry, token, shell.Now));

    public Task<ScheduleAnswer> BackfillAsync(string id, long from, long to)
    {
        var most = shell.Options.MaxBackfill;
        return ScheduleRules.CheckRange(from, to, shell.Now) is { } mistake ? Task.FromResult(Wrong(mistake)) : _asked.SubmitAsync(id, Instants, (entry, instant) => Book.Occurrences.Backfill(entry, instant, shell.Now));

        IReadOnlyList<(long, string?)>? Instants(ScheduleEntry entry, Action<ScheduleAnswer> refuse)
        {
            if (!entry.TryTimes(out var times))
            {
                refuse(new(ScheduleOutcome.Rejected) { Problems = [ScheduleOrders.UnknownZone(entry.Record!.Spec)] });
                return null;
            }

            // What is not dealt with yet is served by itself, and so is what waits for others to end. What passes during a pause nobody else serves, unless the grid has
            // paused it, since it could not serve that.
            var waiting = entry.State.Runs.Find(run => run.Outcome == ScheduleRunOutcome.Queued)?.Instant;
            var isStill = entry is { Record.Paused: not null, State: { Next: not null, IsUnserved: false } };
            var last = Math.Min(to, isStill ? Math.Max(entry.State.Passed, shell.Now - entry.Jitter) : entry.State.Passed);
            var instants = times.AllAfter(from - 1).TakeWhile(instant => instant <= last).Where(instant => instant != waiting).Take(most + 1).Select(instant => (instant, (string?)null)).ToList();
            if (instants.Count <= most) return instants;
            refuse(Wrong(ScheduleRules.TooLongRange(most, instants[most - 1].instant)));
            return null;
        }

        static ScheduleAnswer Wrong(string detail) => new(ScheduleOutcome.Rejected) { Problems = [new("/to", detail)] };
    }

    public async Task<ScheduleInfo?> GetAsync(string id)
    {
        var reading = Book.BeginReading();
        try
        {
            if (await schedules.FindAsync(id) is not { } entry) return null;
            while (!entry.IsSettled) await shell.Commits.Settled(entry);
            return entry.Record is null ? null : ScheduleView.Of(entry, run => Book.Occurrences.JobOf(entry, run));
        }
        finally
        {
            Book.EndReading(reading);
        }
    }

    public async Task<long[]?> NextAsync(string id, int count)
    {
        var reading = Book.BeginReading();
        try
        {
            if (await schedules.FindAsync(id) is not { Record: { } record } entry) return null;
            if (record.Paused is not null || entry.State.Next is not { } next) return [];
            var left = record.Spec.Count is { } most ? most - entry.State.Come : int.MaxValue;
            // Without its zone no more is known than what was told before.
            if (!entry.TryTimes(out var times)) return [next];
            return [.. times.AllAfter(next).Prepend(next).Take(Math.Min(left, Math.Clamp(count, 1, ScheduleLimits.MaxNext)))];
        }
        finally
        {
            Book.EndReading(reading);
        }
    }

    public SchedulePreview Preview(ScheduleSpec spec, int count)
    {
        if (ScheduleRules.CheckInstants(spec) is { Length: > 0 } problems) return new([], problems);
        var times = new ScheduleTimes(spec, spec.Anchor ?? spec.Start ?? shell.Now / 1000 * 1000);
        return new([.. times.AllAfter(shell.Now - 1).Take(Math.Min(spec.Count ?? int.MaxValue, Math.Clamp(count, 1, ScheduleLimits.MaxNext)))], []);
    }

    /// <summary>Each with what its job is now, where that is kept.</summary>
    public async Task<ScheduleRun[]?> RunsAsync(string id)
    {
        var reading = Book.BeginReading();
        try
        {
            if (await schedules.FindAsync(id) is not { } entry) return null;
            while (!entry.IsSettled) await shell.Commits.Settled(entry);
            if (entry.Record is null) return null;
            var runs = entry.State.Shown(ScheduleLimits.KeptRuns);
            var ids = Array.ConvertAll(runs, run => run.HasJob ? Book.Occurrences.JobOf(entry, run) : "");
            string[] asked = [.. ids.Where(job => job.Length > 0)];
            var statuses = new Dictionary<string, JobStatus>(StringComparer.Ordinal);
            // Those without a key are here; the others are where the schedule's key was when they came.
            foreach (var home in asked.GroupBy(job => JobIds.PartitionOf(job, shell.Options.Partitions)))
            {
                foreach (var job in home.Key == shell.Partition ? await ReadHereAsync([.. home]) : await shell.GetListedAsync(home.Key, [.. home]))
                {
                    if (job is not null) statuses[job.Id] = job;
                }
            }

            return [.. runs.Select((run, i) => ScheduleView.Of(run, ids[i], statuses.GetValueOrDefault(ids[i])))];
        }
        finally
        {
            Book.EndReading(reading);
        }
    }

    private async Task<JobStatus?[]> ReadHereAsync(string[] ids)
    {
        var (stored, now) = (await _jobRows.ReadListedAsync(ids, int.MaxValue), shell.Now);
        return [.. stored.Select((job, i) => job is null ? null : StatusOf.Stored(ids[i], job, now, withResult: false))];
    }

    /// <summary>As the store has them. Every partition is asked for a whole page, of which most is thrown away.</summary>
    public Task<SchedulePart> ListAsync(string after, int limit) =>
        ListAsync(after, limit, application: null, Math.Clamp(ListBytes / shell.Options.Partitions, LeastListBytes, MostListBytes));

    /// <param name="application">Those that its code declares; null: all.</param>
    /// <param name="budget">Bytes of rows, beyond which no other is read.</param>
    public async Task<SchedulePart> ListAsync(string after, int limit, string? application, int budget)
    {
        var list = GridLayout.Schedules.Lists[application is null ? ScheduleTables.AllList : ScheduleTables.ListOf(application)];
        limit = Math.Clamp(limit, 1, JobLimits.MaxPage);
        var page = await shell.Store.ReadPageAsync(shell.Partition, list, new SetPlace(0, after), limit, Rows with { ByteBudget = budget });
        PagedLine[] read = [.. page.TakeWhile(line => line.Rows is not null)];
        ScheduleInfo[] found = [.. read.Where(line => line.Rows is { Exist: true }).Select(line =>
        {
            var (record, state) = (ScheduleRecord.Decode(line.Rows!.Value[0]!), line.Rows.Value[1] is { } row ? ScheduleState.Decode(row) : ScheduleState.None);
            var entry = new ScheduleEntry(line.Member, Book) { Record = record, State = state };
            return ScheduleView.Of(entry, run => Book.Occurrences.JobOf(entry, run));
        })];
        return new(found, read.Length < page.Length || page.Length == limit ? read[^1].Member : null);
    }

    private async Task<ScheduleAnswer> ChangeAsync(string id, Func<ScheduleEntry, long, ScheduleAnswer> decide, bool mayBeNew = false)
    {
        if (!shell.IsClockRight) return WrongClock;
        var reading = Book.BeginReading();
        try
        {
            var entry = await schedules.FindAsync(id);
            if (entry?.Record is null && !mayBeNew) return new(ScheduleOutcome.NotFound);
            entry ??= Book.New(id);
            // What was due before the change is served as it was then. Both go by one look at the clock: what falls due between two would be neither served nor still to come.
            long now;
            for (var served = 0; entry.Due <= (now = shell.Now); served++)
            {
                if (served == MostServedBefore) return Unavailable with { Reason = "The schedule catches up with what it missed; ask again." };
                if (served > 0)
                {
                    // Each decision is a commit of its own: together they would be one, however large.
                    shell.Pump();
                    await shell.CommittedInTimeAsync();
                    if (!shell.IsClockRight) return WrongClock;
                    if (!(entry.Due <= shell.Now)) continue;
                }

                await schedules.ServeOneAsync(entry);
            }

            if (entry.Record is null && !mayBeNew) return new(ScheduleOutcome.NotFound);
            var answer = decide(entry, now);
            var refusals = entry.Refusals;
            shell.Pump();
            await shell.CommittedInTimeAsync();
            // Of one that somebody else was making: what was said of it goes with it.
            if (answer.Schedule is not null && entry.Refusals != refusals) return StoreFull;
            Book.LetGo(entry);
            return answer;
        }
        catch (TimeoutException)
        {
            return Unavailable;
        }
        finally
        {
            Book.EndReading(reading);
        }
    }
}
