using OrleansJobs.Hosting;
using OrleansJobs.Partitions;

namespace OrleansJobs.Schedules;

/// <summary>What is ordered of single schedules, which are in memory: that they are made, changed, paused, resumed or deleted. What was due by then is served before.</summary>
internal sealed class ScheduleOrders(ScheduleBook book, JobGridOptions options)
{
    /// <param name="entry">It may hold none yet.</param>
    /// <param name="incarnation">For one that is new.</param>
    /// <param name="declaredBy">Whose code declares it; null: nobody's.</param>
    public ScheduleAnswer Put(ScheduleEntry entry, ScheduleSpec spec, ScheduleCondition condition, long incarnation, (string Application, string Release)? declaredBy, long now)
    {
        var old = entry.Record;
        if (!condition.Holds(old?.Version)) return Answer(ScheduleOutcome.Changed, entry);
        if (old?.Application is { } owner && owner != declaredBy?.Application) return Answer(ScheduleOutcome.Declared, entry);
        if (ScheduleRules.Check(entry.Id, spec, options, DateTimeOffset.FromUnixTimeMilliseconds(now)) is { Length: > 0 } problems)
            return new(ScheduleOutcome.Rejected) { Problems = problems };
        if (old is null) return Make(entry, spec, incarnation, declaredBy, now);
        // An answer tells where a period counts from, whether anybody has said it or not: put again as it was told, it is what it was.
        if (spec.Anchor == old.Anchor && old.Spec is { Every: not null, Anchor: null } && spec.Start == old.Spec.Start) spec = spec with { Anchor = null };
        // A release that declares what the one before did changes nothing.
        if (old.Spec.IsSameAs(spec) && old.Application == declaredBy?.Application) return declaredBy is null ? PutAgain(entry, now) : Answer(ScheduleOutcome.Done, entry);
        var jitter = entry.Jitter;
        entry.Record = old with
        {
            Spec = spec, Edition = old.Edition + 1, ChangedAt = now, Application = declaredBy?.Application, Release = declaredBy?.Release,
            Anchor = AnchorOf(spec, old),
        };
        var (isSame, isSameButForJitter) = (SameInstants(old, entry.Record), SameInstants(old with { Spec = old.Spec with { Jitter = spec.Jitter } }, entry.Record));
        if (!isSame)
        {
            var state = entry.State with { Come = old.Spec.Count is null || spec.Count is null ? 0 : entry.State.Come };
            // The cursor stays: what was served is not served again, and what the new instants would have had in the past is not missed. Where they are the old
            // ones, those that were not due yet still come, and are not late by what they were brought forward. What the grid could not serve is still to come: the
            // edit may be what mends it.
            if (!state.IsUnserved) state = state with { Passed = Math.Max(state.Passed, now - (isSameButForJitter ? Math.Max(jitter, entry.Jitter) : entry.Jitter)) };
            state = state with { Next = spec.Count <= state.Come ? null : entry.Times.After(state.Passed) };
            entry.State = state with { ForwardAt = isSameButForJitter && !state.IsUnserved && state.Next + entry.Jitter <= now ? now : null };
        }

        // Beside others it need not wait for them.
        if (spec.Overlap == ScheduleOverlap.All) book.Occurrences.SubmitQueued(entry, now);
        book.Mark(entry);
        return Answer(ScheduleOutcome.Done, entry) with { IsChange = true };
    }

    public ScheduleAnswer Pause(ScheduleEntry entry, ChangeOrder order, ScheduleCondition condition, long now)
    {
        if (entry.Record is not { } record) return new(ScheduleOutcome.NotFound);
        if (!condition.Holds(record.Version)) return Answer(ScheduleOutcome.Changed, entry);
        if (record.Paused is { } paused && paused.Reason == order.Reason) return Answer(ScheduleOutcome.Done, entry);
        // What passes from now on somebody wants to pass; what has passed before the grid could not serve.
        if (entry.State is { IsUnserved: true } state) entry.State = state with { WantedUpTo = state.WantedUpTo ?? now - entry.Jitter, LetPassUpTo = null };
        entry.Record = record with { Edition = record.Edition + 1, ChangedAt = now, Paused = new(order.By, order.Reason, DateTimeOffset.FromUnixTimeMilliseconds(now)) };
        book.Mark(entry);
        return Answer(ScheduleOutcome.Done, entry);
    }

    /// <summary>What went by during a pause is not missed: nobody wanted it. Where the grid has paused it because it could not serve it, that is missed, as its rule says.</summary>
    public ScheduleAnswer Resume(ScheduleEntry entry, ScheduleCondition condition, long now)
    {
        if (entry.Record is not { } record) return new(ScheduleOutcome.NotFound);
        if (!condition.Holds(record.Version)) return Answer(ScheduleOutcome.Changed, entry);
        if (record.Paused is null) return Answer(ScheduleOutcome.Done, entry);
        var (state, passed) = (entry.State, now - entry.Jitter);
        if (state.Next <= passed && !entry.TryTimes(out _)) return new(ScheduleOutcome.Rejected) { Problems = [UnknownZone(record.Spec)] };
        // What the grid could not serve is still to come, up to where somebody paused it too.
        var isUnserved = state.IsUnserved;
        if (isUnserved)
        {
            state = state with { IsUnserved = false, LetPassUpTo = state.WantedUpTo is null ? null : state.LetPassUpTo ?? passed };
        }

        if (!isUnserved || (state.LetPassUpTo is not null && !(state.Next <= state.WantedUpTo)))
        {
            state = state with { WantedUpTo = null, LetPassUpTo = null };
            if (state.Next <= passed) state = state with { Passed = passed, Next = entry.Times.After(passed) };
        }

        entry.Record = record with { Edition = record.Edition + 1, ChangedAt = now, Paused = null };
        entry.State = state;
        book.NoteServed(entry);
        book.Mark(entry);
        return Answer(ScheduleOutcome.Done, entry);
    }

    /// <summary>Its jobs stay as they are.</summary>
    public ScheduleAnswer Delete(ScheduleEntry entry, ScheduleCondition condition, string? application)
    {
        if (entry.Record is not { } record) return new(ScheduleOutcome.NotFound);
        if (!condition.Holds(record.Version)) return Answer(ScheduleOutcome.Changed, entry);
        if (record.Application is not null && record.Application != application) return Answer(ScheduleOutcome.Declared, entry);
        entry.Record = null;
        entry.State = ScheduleState.None;
        book.NoteServed(entry);
        book.Count--;
        book.Mark(entry);
        return new(ScheduleOutcome.Done);
    }

    /// <summary>The silo that has it does not know what the one that made it did.</summary>
    public static SubmissionProblem UnknownZone(ScheduleSpec spec) => new("/zone", $"The silo that has it does not know the time zone '{spec.Zone}'.");

    /// <summary>Where a period counts from stays what it was, however it came to that, as long as nobody says another, or had said it and does no more.</summary>
    private static long AnchorOf(ScheduleSpec spec, ScheduleRecord old) =>
        spec is { Every: not null, Anchor: null } && old.Spec is { Every: not null, Anchor: null } && spec.Start == old.Spec.Start ? old.Anchor : ScheduleRules.AnchorOf(spec, old.CreatedAt);

    /// <summary>Both have the same instants, so that the next one stays what it was: by what they come to, however that was said.</summary>
    private static bool SameInstants(ScheduleRecord one, ScheduleRecord other)
    {
        return Of(one) == Of(other);

        static (string?, long?, long?, string?, long?, long?, int?, long) Of(ScheduleRecord schedule)
        {
            var spec = schedule.Spec;
            return (spec.Cron, spec.Every, spec.Every is { } every ? schedule.Anchor % every : null, spec.Every is null ? spec.Zone ?? "UTC" : null, spec.Start, spec.End, spec.Count, spec.Jitter);
        }
    }

    /// <summary>Changes nothing, unless the rules of its zone have changed since its next instant was told: who puts it again wants it by those of now.</summary>
    private ScheduleAnswer PutAgain(ScheduleEntry entry, long now)
    {
        var state = entry.State;
        // One that would have come by now stays where people were told that it is.
        if (state.Next is not { } told || state.IsUnserved || entry.Times.After(state.Passed) is not { } next || next == told || next <= now - entry.Jitter) return Answer(ScheduleOutcome.Done, entry);
        entry.Record = entry.Record! with { Edition = entry.Record.Edition + 1, ChangedAt = now };
        entry.State = state with { Next = next };
        book.Mark(entry);
        return Answer(ScheduleOutcome.Done, entry) with { IsChange = true };
    }

    private ScheduleAnswer Make(ScheduleEntry entry, ScheduleSpec spec, long incarnation, (string Application, string Release)? declaredBy, long now)
    {
        if (ScheduleRules.CheckComes(spec, now) is { } never) return new(ScheduleOutcome.Rejected) { Problems = [never] };
        if (book.Refusal is { } reason) return new(ScheduleOutcome.Full) { Reason = reason };
        entry.Record = new()
        {
            Spec = spec, Incarnation = incarnation, CreatedAt = now, ChangedAt = now, Anchor = ScheduleRules.AnchorOf(spec, now),
            Application = declaredBy?.Application, Release = declaredBy?.Release,
        };
        // Nothing before it was made.
        entry.State = new() { Passed = now - 1, Next = entry.Times.After(now - 1) };
        // The store may still refuse it where it has never had it.
        if (!entry.IsStored) entry.Origin = entry;
        book.Count++;
        book.Mark(entry);
        return Answer(ScheduleOutcome.Created, entry) with { IsChange = true };
    }

    private static ScheduleAnswer Answer(ScheduleOutcome outcome, ScheduleEntry entry) =>
        new(outcome) { Schedule = entry.Record is null ? null : ScheduleView.Of(entry) };
}
