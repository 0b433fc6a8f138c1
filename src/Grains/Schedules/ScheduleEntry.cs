using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>A schedule that a partition has in memory: one with occurrences that have not ended, or that is being looked at or changed.</summary>
internal sealed class ScheduleEntry(string id, ScheduleBook book) : Entry
{
    private ScheduleTimes? _times;
    private ScheduleRecord? _timesOf;

    public string Id { get; } = id;

    /// <summary>Null: there is none, or no longer.</summary>
    public ScheduleRecord? Record { get; set; }
    public ScheduleState State { get; set; } = ScheduleState.None;

    /// <summary>The newest reading whose caller may hold it.</summary>
    public long NeededBy { get; set; }

    /// <summary>How often a full store has refused one of this id, with all that was decided of it: whoever has waited for that must not say that it was done.</summary>
    public int Refusals { get; private set; }

    /// <summary>When its occurrences that live elsewhere were looked for last.</summary>
    public long LookedAt { get; set; }

    /// <summary>How much later than its instants its occurrences are due.</summary>
    public long Jitter => JitterOf(Id, Record!.Spec);

    /// <summary>When it is due; null: never, or not while it is paused.</summary>
    public long? Due => Record is { Paused: null } && State.Next is { } next ? next + Jitter : null;

    /// <summary>Its instants.</summary>
    public ScheduleTimes Times
    {
        get
        {
            if (!ReferenceEquals(_timesOf, Record)) (_times, _timesOf) = (new ScheduleTimes(Record!.Spec, Record.Anchor), Record);
            return _times!;
        }
    }

    /// <returns>False: this silo does not know its zone, or cannot read its expression, though another one could.</returns>
    public bool TryTimes(out ScheduleTimes times)
    {
        try
        {
            times = Times;
            return true;
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or FormatException)
        {
            times = null!;
            return false;
        }
    }

    /// <summary>What the store holds once all commits sent so far are applied.</summary>
    public ScheduleShape Stored { get; set; } = ScheduleShape.None;

    public override bool IsStored => Stored.Record is not null;

    public static long JitterOf(string id, ScheduleSpec spec) => spec.Jitter == 0 ? 0 : JobIds.PartitionOf("jitter/" + id, (int)spec.Jitter + 1);

    public override object? WriteTo(CommitDraft draft)
    {
        var (before, after) = (Stored, ScheduleShape.Of(this));
        if (before == after) return null;
        ScheduleShape.AddDifference(draft, Id, before, after);
        Stored = after;
        return before;
    }

    public override void Applied()
    {
        // From now on it was accepted, and what follows from it is not refused.
        if (IsStored) Origin = null;
        book.LetGo(this);
    }

    public override void Restore(object before) => Stored = (ScheduleShape)before;

    public override void Drop()
    {
        Refusals++;
        book.Discard(this);
    }
}

/// <summary>What of a schedule stands in the store.</summary>
internal sealed record ScheduleShape(ScheduleRecord? Record, ScheduleState? State, long? Due)
{
    public static readonly ScheduleShape None = new(null, null, null);

    public static ScheduleShape Of(ScheduleEntry entry) => entry.Record is null ? None : new(entry.Record, entry.State, entry.Due);

    // Records are never changed in place: another one is another reference.
    public bool Equals(ScheduleShape? other) => other is not null && ReferenceEquals(Record, other.Record) && ReferenceEquals(State, other.State) && Due == other.Due;

    public override int GetHashCode() => HashCode.Combine(Record, State, Due);

    public static void AddDifference(CommitDraft draft, string id, ScheduleShape before, ScheduleShape after)
    {
        var (tables, commit) = (GridLayout.Schedules, draft.Commit);
        if (!ReferenceEquals(before.Record, after.Record)) Replace(tables.Records, after.Record?.Encode());
        if (!ReferenceEquals(before.State, after.State)) Replace(tables.States, after.State?.Encode());
        if (before.Due != after.Due)
        {
            if (before.Due is { } old) commit.Remove(tables.Due.Only, id, old);
            if (after.Due is { } due) commit.Put(tables.Due.Only, id, due);
        }

        var (wasOpen, isOpen) = (before.State is { IsOpen: true }, after.State is { IsOpen: true });
        if (wasOpen && !isOpen) commit.Remove(tables.Open, id);
        if (isOpen && !wasOpen) draft.Put(tables.Open, id, [1]);
        List(ScheduleTables.AllList, before.Record is not null, after.Record is not null);
        // Silos of an earlier release do not know the list: one that they have paused is put in with whatever changes of it.
        var isUnserved = after.State is { IsUnserved: true };
        List(ScheduleTables.UnservedList, !isUnserved && before.State is { IsUnserved: true }, isUnserved);
        if (before.Record?.Application == after.Record?.Application) return;
        if (before.Record?.Application is { } left) List(ScheduleTables.ListOf(left), true, false);
        if (after.Record?.Application is { } joined) List(ScheduleTables.ListOf(joined), false, true);

        void List(string name, bool was, bool stands)
        {
            if (was && !stands) commit.Remove(tables.Lists[name], id, 0);
            if (stands && !was) commit.Put(tables.Lists[name], id, 0);
        }

        void Replace(RowTable table, byte[]? row)
        {
            if (row is null) commit.Remove(table, id);
            else draft.Put(table, id, row);
        }
    }
}
