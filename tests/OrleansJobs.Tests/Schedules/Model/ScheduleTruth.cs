using System.Globalization;
using OrleansJobs.Flows;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>
/// What must be true of schedules, whatever is drawn. It sees each decision, by looking at memory after each turn, and each commit: a decision has to be right by the
/// rules that stood before it, and the store holds what was decided, whole, or nothing of it.
/// </summary>
internal sealed class ScheduleTruth(Func<long> now)
{
    private readonly Dictionary<string, Known> _known = [];
    private readonly Dictionary<string, JobState?> _jobs = [];

    /// <summary>Jobs that had ended and whose retention was over.</summary>
    private readonly HashSet<string> _forgotten = [];

    /// <summary>The jobs that letters are to start which have not been delivered.</summary>
    private readonly Dictionary<string, string> _starts = [];
    private readonly Dictionary<(string, long, long, string?), string> _ids = [];
    private readonly HashSet<(string, long)> _ended = [];

    /// <summary>The newest edition that was stored, by incarnation.</summary>
    private readonly Dictionary<(string, long), int> _held = [];

    /// <summary>Those that a full store did not take.</summary>
    private readonly HashSet<(string, long)> _refused = [];

    /// <summary>How many instants were served, skipped and missed.</summary>
    public int Served { get; private set; }
    public int Skipped { get; private set; }
    public int Missed { get; private set; }

    /// <summary>How many jobs were started by letters, and how many were forgotten.</summary>
    public int Started { get; private set; }
    public int Forgotten { get; private set; }

    public static void Check(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }

    /// <summary>What memory holds of a schedule after a turn; null: it does not hold it.</summary>
    public void Look(string id, ScheduleEntry? entry)
    {
        var known = Of(id);
        if (entry?.Record is null && known.Stored is null && entry is null or { IsSettled: true })
        {
            // Refused by a full store, or deleted before it was stored.
            End(known.Newest);
            known.Decided.Clear();
            return;
        }

        Check(known.Decided.Count == 0 || entry is { IsSettled: false }, $"{id}: memory takes for stored what is not");
        if (entry is null) return;
        var before = known.Newest;
        if (before is null ? entry.Record is null : before.IsOf(entry)) return;
        var after = Snapshot.Of(entry);
        // Read again as it was left, or as it was before what a crash took.
        if (known.Decided.Count == 0 && before is not null && after is not null && before.HasSameContent(after))
        {
            known.Stored = after with { ForwardAt = before.ForwardAt };
            return;
        }

        after = after is null ? null : after with { ForwardAt = ForwardAt(before, after) };
        Decide(id, before, after);
        if (before?.Record.Incarnation != after?.Record.Incarnation) End(before);
        known.Decided.Add(after);
    }

    /// <summary>When an edit brought instants forward, of which none was due before it.</summary>
    private long? ForwardAt(Snapshot? before, Snapshot after)
    {
        if (before is null || before.Record.Incarnation != after.Record.Incarnation) return null;
        var isForward = after.Jitter < before.Jitter && before.HasSameInstants(after);
        return isForward ? now() : before.ForwardAt;
    }

    public void Apply(PartitionCommit commit)
    {
        var tables = GridLayout.Schedules;
        var (records, states) = (commit.Of(tables.Records), commit.Of(tables.States));
        foreach (var (id, row) in records.Puts)
        {
            var record = ScheduleRecord.Decode(row);
            _held[(id, record.Incarnation)] = record.Edition;
            // Where the refusal was lost on its way, the same commit was sent again, and there was room.
            _refused.Remove((id, record.Incarnation));
        }

        foreach (var (number, row) in commit.Of(GridLayout.Letters.Rows).Puts)
        {
            if (Letter.Decode(0, row) is { Kind: LetterKind.StartOccurrence } letter) _starts.Add(number, ChildRecord.Decode(letter.Body).Id);
        }

        foreach (var number in commit.Of(GridLayout.Letters.Rows).Removes)
        {
            if (_starts.Remove(number)) Started++;
        }

        foreach (var id in commit.Of(GridLayout.Jobs.Specs).Removes)
        {
            Check(_jobs.Remove(id, out var state) && state is not null, $"{id} was forgotten, and had not ended");
            _forgotten.Add(id);
            Forgotten++;
        }

        foreach (var id in records.Removes) Of(id).Store(id, null, null);
        foreach (var id in records.Puts.Select(put => put.Key).Union(states.Puts.Select(put => put.Key)))
            Of(id).Store(id, records.Puts.FirstOrDefault(put => put.Key == id).Value, states.Puts.FirstOrDefault(put => put.Key == id).Value);
        foreach (var (id, row) in commit.Of(GridLayout.Jobs.Specs).Puts)
        {
            Check(_jobs.TryAdd(id, null), $"{id} was submitted twice");
            var spec = JobSpec.Decode(row);
            // Of one with a key the schedule has moved on before: the letter that starts it was stored with that.
            if (spec.Scheduled is { } scheduled) CheckJob(id, scheduled, spec.Key is not null || states.Puts.Exists(put => put.Key == scheduled.Schedule));
        }

        foreach (var (id, row) in commit.Of(GridLayout.Jobs.Outcomes).Puts) _jobs[id] = JobOutcome.Decode(row).State;
        foreach (var (id, known) in _known.Where(known => known.Value.Stored is not null)) CheckRuns(id, known.Stored!);
    }

    /// <summary>The store is full and took nothing of this commit: of schedules that it was to make, nothing may ever come.</summary>
    public void Refuse(PartitionCommit commit)
    {
        foreach (var (id, row) in commit.Of(GridLayout.Schedules.Records).Puts)
        {
            // One that takes the place of another which the store has is not refused: it comes with the next commit.
            if (Of(id).Stored is null) _refused.Add((id, ScheduleRecord.Decode(row).Incarnation));
        }
    }

    /// <summary>The store has had this edition of a schedule, or one that was made of it.</summary>
    public bool HasHeld(string id, string version)
    {
        var parts = version.Split('-');
        return _held.TryGetValue((id, long.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture)), out var edition) && edition >= int.Parse(parts[1], CultureInfo.InvariantCulture);
    }

    /// <summary>The store has had this job, or what starts it.</summary>
    public bool HasHadJob(string id) => _jobs.ContainsKey(id) || _forgotten.Contains(id) || _starts.ContainsValue(id);

    /// <summary>The process has died: what was decided and not stored has not happened.</summary>
    public void Forget()
    {
        foreach (var known in _known.Values) known.Decided.Clear();
    }

    /// <summary>At the end, when nothing is under way.</summary>
    public void Finish()
    {
        Check(_starts.Count == 0, "letters wait, and nobody carries them");
        foreach (var (id, known) in _known)
        {
            Check(known.Decided.Count == 0, $"{id}: something that was decided is not stored");
            Check(known.Stored is not { Record.Paused: null, State.Next: { } next } stored || next + stored.Jitter > now(), $"{id}: what is due is not served");
        }
    }

    /// <summary>A decision, or several of one turn: what was due is served as it was, then perhaps it changes.</summary>
    private void Decide(string id, Snapshot? before, Snapshot? after)
    {
        if (after is not null) Check(after.State.Next == after.FirstAfter(after.State.Passed), $"{id}: the next instant is {after.State.Next}, and should be {after.FirstAfter(after.State.Passed)}");
        if (before is null || after is null || before.Record.Incarnation != after.Record.Incarnation)
        {
            if (after is not null) Check(after.State is { Runs.Count: 0, Come: 0 } && after.State.Passed == now() - 1, $"{id} did not begin afresh");
            return;
        }

        var (old, state, isEdit) = (before.State, after.State, !before.HasSameRecord(after));
        Check(state.Passed >= old.Passed, $"{id} went back from {old.Passed} to {state.Passed}");
        var isSame = !isEdit || before.HasSameInstants(after);
        // An edit forgoes what the old instants would have had from now on, where there are new ones, and no old one that is to come still.
        var passed = !isEdit || before.Record.Paused is null ? now() - before.Jitter : old.Passed;
        if (isEdit) passed = Math.Max(passed, now() - (isSame ? Math.Max(before.Jitter, after.Jitter) : after.Jitter));
        Check(state.Passed <= Math.Max(old.Passed, passed), $"{id} went beyond what is due, to {state.Passed} where {Math.Max(old.Passed, passed)} is the most");
        var due = before.Record.Paused is not null ? [] : before.Instants(isEdit ? now() - before.Jitter : state.Passed).ToList();
        Check(due.Count == 0 || due[^1] <= state.Passed, $"{id}: {due.LastOrDefault()} was due before the change, and was not dealt with");
        // What passed during a pause is filled in, and does not come again.
        var isFilled = before.Record.Paused is not null && state.Runs.Exists(run => run.Cause == ScheduleRunCause.Backfill && run.Instant == state.Passed);
        Check(due.Count > 0 || isEdit || isFilled || state.Passed == old.Passed, $"{id} moved on, and nothing was due");
        Check(isSame || !(state.Next + after.Jitter <= now()), $"{id}: {state.Next} of the new instants is due at once");
        foreach (var run in state.Runs.Where(run => run.Token is not null && !old.Runs.Exists(one => one.IsSame(run))))
            Check(!old.Runs.Exists(one => one.Token == run.Token && one.HasJob), $"{id}: what was asked for by {run.Token} was submitted before, and is submitted again");
        var told = new HashSet<long>();
        foreach (var run in state.Runs.Where(run => run.Cause is ScheduleRunCause.Instant or ScheduleRunCause.Missed && !old.Runs.Exists(one => one.Instant == run.Instant && one.Cause == run.Cause)))
        {
            Check(due.Contains(run.Instant), $"{id}: {run.Instant} was served, and was not due, or not again");
            told.Add(run.Instant);
            Check(run.Outcome != ScheduleRunOutcome.Skipped || IsInTheWay(state), $"{id}: {run.Instant} was skipped, and nothing was in its way");
            if (run.Outcome == ScheduleRunOutcome.Skipped) Skipped++;
            else Served++;
        }

        // Only the newest runs are kept: what has so many behind it is not told.
        CheckMissed(id, before, due, told, due.FindAll(instant => !told.Contains(instant) && told.Count(later => later > instant) < ScheduleLimits.KeptRuns));
    }

    /// <summary>What passed without a word was late enough, and its rule lets it go.</summary>
    private void CheckMissed(string id, Snapshot before, List<long> due, HashSet<long> told, List<long> silent)
    {
        var spec = before.Record.Spec;
        var missed = due.FindAll(instant => LatenessOf(instant) > (spec.MissedAfter ?? 60_000));
        foreach (var instant in silent)
        {
            Check(missed.Contains(instant), $"{id}: {instant} passed without a word, {LatenessOf(instant)} ms late");
            var isNewest = missed.IndexOf(instant) >= missed.Count - ScheduleLimits.MaxMissed;
            Check(spec.Missed != ScheduleMissed.All || !isNewest || LatenessOf(instant) > (spec.MissedWithin ?? 3_600_000), $"{id}: {instant} passed without a word, though those missed are to be served");
            Check(spec.Missed != ScheduleMissed.One || instant != missed[^1], $"{id}: the latest of those missed was not served");
            Missed++;
        }

        foreach (var instant in missed.Where(told.Contains))
        {
            var mayBe = spec.Missed switch { ScheduleMissed.None => false, ScheduleMissed.One => instant == missed[^1], _ => LatenessOf(instant) <= (spec.MissedWithin ?? 3_600_000) };
            Check(mayBe, $"{id}: {instant} was served, {LatenessOf(instant)} ms late, and was missed for good");
        }

        long LatenessOf(long instant) => now() - Math.Max(instant + before.Jitter, before.ForwardAt ?? 0);
    }

    /// <summary>A job and what its schedule says of it are stored together.</summary>
    private void CheckJob(string id, ScheduledRun scheduled, bool isMoved)
    {
        Check(!_refused.Contains((scheduled.Schedule, scheduled.Incarnation)), $"{id} was stored, and the store had refused its schedule");
        if (Of(scheduled.Schedule).Stored is not { } stored || stored.Record.Incarnation != scheduled.Incarnation)
        {
            // Its last occurrences may be stored with its end.
            Check(_ended.Contains((scheduled.Schedule, scheduled.Incarnation)), $"{id} was stored without its schedule");
            return;
        }

        Check(isMoved, $"{id} was stored, and its schedule has not moved on");
        var isTold = stored.State.Runs.Exists(run => run.Instant == scheduled.At && run.HasJob && JobOf(scheduled.Schedule, stored, run) == id);
        Check(isTold || stored.State.Runs.Count >= ScheduleLimits.KeptRuns, $"{id} was stored, and its schedule does not know it");
    }

    private void CheckRuns(string id, Snapshot stored)
    {
        var state = stored.State;
        foreach (var (job, run) in state.Runs.Where(run => run.HasJob).Select(run => (JobOf(id, stored, run), run)))
        {
            if (_jobs.TryGetValue(job, out var ended))
            {
                // One that was forgotten and filled in again is told twice.
                var isFirst = _forgotten.Contains(job) && state.Runs.FindLast(other => other.HasJob && JobOf(id, stored, other) == job) != run;
                Check(isFirst || ended is null == (run.Outcome == ScheduleRunOutcome.Open), $"{id}: {run.Instant} is said to be {run.Outcome}, and its job is {ended?.ToString() ?? "open"}");
            }
            else
            {
                var isOpen = run.Outcome == ScheduleRunOutcome.Open;
                Check(isOpen ? run.Place is not null && _starts.ContainsValue(job) : _forgotten.Contains(job), $"{id}: {run.Instant} is said to be {run.Outcome}, and its job is neither stored nor on its way");
            }
        }

        Check(state.Runs.Count(run => run.Outcome == ScheduleRunOutcome.Queued) <= 1, $"{id}: two occurrences wait");
        Check(IsInTheWay(state) || !state.HasQueued, $"{id}: an occurrence waits for nothing");
        var beside = state.Runs.Count(run => run is { Outcome: ScheduleRunOutcome.Open, Cause: ScheduleRunCause.Instant or ScheduleRunCause.Missed });
        Check(beside <= 1 || !Of(id).IsAlwaysOne, $"{id}: two occurrences at a time");
    }

    /// <summary>What somebody has filled in is in nobody's way.</summary>
    private static bool IsInTheWay(ScheduleState state) => state.Runs.Exists(run => run is { Outcome: ScheduleRunOutcome.Open, Cause: not ScheduleRunCause.Backfill });

    private void End(Snapshot? snapshot)
    {
        if (snapshot is not null) _ended.Add((snapshot.Id, snapshot.Record.Incarnation));
    }

    private string JobOf(string id, Snapshot of, StoredRun run)
    {
        var key = (id, of.Record.Incarnation, run.Instant, run.Token);
        return _ids.TryGetValue(key, out var job) ? job : _ids[key] = OccurrenceId.Of(id, of.Record.Incarnation, run.Instant, run.Token, 0, 1);
    }

    private Known Of(string id) => _known.TryGetValue(id, out var known) ? known : _known[id] = new();

    /// <summary>What is known of one id.</summary>
    private sealed class Known
    {
        /// <summary>Null: the store has none.</summary>
        public Snapshot? Stored { get; set; }

        /// <summary>What was decided since, oldest first; null where it was deleted.</summary>
        public List<Snapshot?> Decided { get; } = [];

        public Snapshot? Newest => Decided.Count > 0 ? Decided[^1] : Stored;

        /// <summary>No rule of this schedule has ever let two run at a time.</summary>
        public bool IsAlwaysOne { get; private set; } = true;

        /// <param name="record">Null: it was not changed, or is gone.</param>
        /// <param name="state">Null: it was not changed, or is gone.</param>
        public void Store(string id, byte[]? record, byte[]? state)
        {
            var isGone = record is null && state is null;
            var found = Decided.FindLastIndex(decided => isGone ? decided is null : decided is not null && decided.Fits(record ?? Stored?.Record.Encode(), state ?? Stored?.State.Encode()));
            Check(found >= 0, $"{id}: the store holds what was never decided");
            var incarnation = Decided[found]?.Record.Incarnation;
            var areOne = Decided.Take(found + 1).All(decided => decided?.Record.Incarnation != incarnation || decided?.Record.Spec.Overlap is not (ScheduleOverlap.All or ScheduleOverlap.Cancel));
            IsAlwaysOne = areOne && (IsAlwaysOne || Stored?.Record.Incarnation != incarnation);
            Stored = Decided[found];
            Decided.RemoveRange(0, found + 1);
        }
    }

    /// <summary>A schedule at one moment. Records and states are never changed in place.</summary>
    private sealed record Snapshot(string Id, ScheduleRecord Record, ScheduleState State)
    {
        /// <summary>Instants by which two schedules are told apart; those of a cron expression that is drawn here repeat after fewer.</summary>
        private const int Compared = 100;

        private readonly ScheduleTimes _times = new(Record.Spec, Record.Anchor);

        public long? ForwardAt { get; init; }

        public long Jitter => ScheduleEntry.JitterOf(Id, Record.Spec);

        public static Snapshot? Of(ScheduleEntry entry) => entry.Record is { } record ? new(entry.Id, record, entry.State) : null;

        public bool IsOf(ScheduleEntry entry) => ReferenceEquals(Record, entry.Record) && ReferenceEquals(State, entry.State);

        public bool HasSameContent(Snapshot other) => Fits(other.Record.Encode(), other.State.Encode());

        // It may have been read again meanwhile.
        public bool HasSameRecord(Snapshot other) => ReferenceEquals(Record, other.Record) || Record.Encode().AsSpan().SequenceEqual(other.Record.Encode());

        public bool Fits(byte[]? record, byte[]? state) => Record.Encode().AsSpan().SequenceEqual(record) && State.Encode().AsSpan().SequenceEqual(state);

        /// <summary>By what they come to, whatever the product makes of how they are said; only where a zone is another one they may be the same and need not be taken for it.</summary>
        public bool HasSameInstants(Snapshot other)
        {
            var (one, two) = (Record.Spec, other.Record.Spec);
            if ((one.Cron is null ? null : one.Zone) != (two.Cron is null ? null : two.Zone) || one.Count != two.Count) return false;
            var from = Math.Min(State.Passed, other.State.Passed);
            return _times.AllAfter(from).Take(Compared).SequenceEqual(other._times.AllAfter(from).Take(Compared));
        }

        public long? FirstAfter(long passed) => Record.Spec.Count <= State.Come ? null : _times.After(passed);

        /// <summary>Those that have not passed, up to another, as many as may come.</summary>
        public IEnumerable<long> Instants(long upTo) =>
            _times.AllAfter(State.Passed).Take(Record.Spec.Count is { } count ? count - State.Come : int.MaxValue).TakeWhile(instant => instant <= upTo);
    }
}
