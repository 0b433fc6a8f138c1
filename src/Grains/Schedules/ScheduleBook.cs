using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>
/// The schedules of a partition that are in memory: those with occurrences that have not ended, and those that are being looked at or changed. All others are
/// rows; of them memory knows when the first is due.
/// </summary>
internal sealed class ScheduleBook
{
    private readonly JobGridOptions _options;
    private readonly PendingChanges _changes;
    private readonly Dictionary<string, ScheduleEntry> _live = [];
    private readonly SortedSet<long> _readings = [];
    private readonly Queue<(ScheduleEntry Entry, long Reading)> _idle = [];
    private readonly HashSet<string> _unserved = new(StringComparer.Ordinal);
    private long _lastReading;
    private long? _next;

    public ScheduleBook(int partition, PartitionOpening opening, JobGridOptions options, PendingChanges changes, JobBook jobs, JobOrders orders, LetterBook letters)
    {
        (_options, _changes) = (options, changes);
        _next = opening.First(GridLayout.Schedules.Due);
        var lists = opening.Sets(GridLayout.Schedules.Lists).ToList();
        (Count, ListedAtStart) = (CountOf(ScheduleTables.AllList), CountOf(ScheduleTables.UnservedList));
        OpenAtStart = [.. opening.Rows(GridLayout.Schedules.Open).Select(row => row.Key)];
        Releases = new ReleaseBook(opening, changes);
        Occurrences = new ScheduleOccurrences(this, partition, options, changes, jobs, orders, letters);
        Orders = new ScheduleOrders(this, options);

        long CountOf(string name) => lists.Where(list => list.Name == name).Sum(list => list.Count);
    }

    /// <summary>Those that are to be loaded before anything else happens: their jobs may end.</summary>
    public string[] OpenAtStart { get; }

    /// <summary>How many stood in the list of those that the grid cannot serve, each of which is to be <see cref="Listed"/> before anything else happens.</summary>
    public long ListedAtStart { get; }

    /// <summary>What happens at instants, and when occurrences end.</summary>
    public ScheduleOccurrences Occurrences { get; }

    /// <summary>What is ordered of schedules.</summary>
    public ScheduleOrders Orders { get; }

    /// <summary>Which release of an application says what its schedules are.</summary>
    public ReleaseBook Releases { get; }

    /// <summary>How many schedules there are.</summary>
    public long Count { get; set; }

    /// <summary>How many of them the grid has paused, since it cannot serve them, as far as they stand in the list or have been seen.</summary>
    public long Unserved => _unserved.Count;

    /// <summary>How many of them memory holds.</summary>
    public int Held => _live.Count;

    /// <summary>Those that are due are being served; until they are, no timer need wait for them.</summary>
    public bool IsServing { get; set; }

    /// <summary>When the next one is due, or a bound below it.</summary>
    public long? NextDue => IsServing ? null : _next;

    /// <summary>Why there cannot be another one; null where there can. Ids spread schedules by chance: a partition may have a tenth more than its share, so that not one of them is full long before the grid.</summary>
    public string? Refusal => Count >= Math.Max(1, (long)_options.MaxSchedules * 11 / 10 / _options.Partitions)
        ? $"The grid holds as many schedules as it may ({_options.MaxSchedules})."
        : null;

    public ScheduleEntry? Find(string id) => _live.GetValueOrDefault(id);

    /// <summary>One that whoever is reading goes on to use after others have had their turn: memory keeps it until the reading is over.</summary>
    public ScheduleEntry? FindFor(string id)
    {
        if (!_live.TryGetValue(id, out var entry)) return null;
        entry.NeededBy = _lastReading;
        return entry;
    }

    /// <summary>Before the store is asked: what is let go of meanwhile might be read as it was before.</summary>
    /// <returns>What <see cref="EndReading"/> is to be given.</returns>
    public long BeginReading()
    {
        _readings.Add(++_lastReading);
        return _lastReading;
    }

    public void EndReading(long reading)
    {
        _readings.Remove(reading);
        LetGoOfIdle();
    }

    /// <summary>Those that have occurrences of which nobody has heard for long.</summary>
    public List<ScheduleEntry> ToBeLookedFor(long now) => [.. _live.Values.Where(entry => ScheduleOccurrences.IsToBeLookedFor(entry, now))];

    /// <summary>A schedule as it stands in memory, or else as it was read.</summary>
    public ScheduleEntry? Resolve(string id, StoredRows rows)
    {
        if (FindFor(id) is { } known) return known;
        if (rows[0] is not { } row) return null;
        var (record, state) = (ScheduleRecord.Decode(row), rows[1] is { } stored ? ScheduleState.Decode(stored) : ScheduleState.None);
        var entry = new ScheduleEntry(id, this) { Record = record, State = state, NeededBy = _lastReading };
        entry.Stored = ScheduleShape.Of(entry);
        NoteServed(entry);
        _live.Add(id, entry);
        LetGo(entry);
        return entry;
    }

    /// <summary>
    /// One that stands in the list of those that the grid cannot serve. Silos of an earlier release do not know the list: what they have resumed or deleted stands there
    /// still, and is taken out.
    /// </summary>
    public void Listed(string id, StoredRows rows)
    {
        var entry = Resolve(id, rows) ?? New(id);
        if (entry.State.IsUnserved) return;
        // As the list says of it.
        entry.Stored = entry.Stored with { State = entry.State with { IsUnserved = true } };
        Mark(entry);
    }

    /// <summary>Whether the grid can serve it may have changed.</summary>
    public void NoteServed(ScheduleEntry entry)
    {
        if (entry.State.IsUnserved) _unserved.Add(entry.Id);
        else _unserved.Remove(entry.Id);
    }

    /// <summary>An id that no schedule has.</summary>
    public ScheduleEntry New(string id)
    {
        if (FindFor(id) is { } gone) return gone;
        var entry = new ScheduleEntry(id, this) { NeededBy = _lastReading };
        _live.Add(id, entry);
        return entry;
    }

    /// <summary>It has changed.</summary>
    public void Mark(ScheduleEntry entry)
    {
        _changes.Mark(entry);
        Note(entry.Due);
    }

    /// <summary>One is due by then.</summary>
    public void Note(long? due)
    {
        if (due is not null && !(due >= _next)) _next = due;
    }

    /// <summary>One is due, as far as memory knows.</summary>
    public bool HasDue(long now) => _next <= now;

    /// <summary>When the first is due, before the store is asked: those that are noted from now on, and those that it does not know yet, count beside its answer.</summary>
    public long? Take()
    {
        var next = _next;
        _next = null;
        foreach (var entry in _live.Values)
        {
            if (!entry.IsSettled) Note(entry.Due);
        }

        return next;
    }

    /// <summary>Memory lets go of a schedule, once it need not keep it.</summary>
    public void LetGo(ScheduleEntry entry)
    {
        if (!MayGo(entry)) return;
        // Where it stands in line already, that is too early: a reading that is under way began before what is stored now.
        entry.NeededBy = Math.Max(entry.NeededBy, _lastReading);
        _idle.Enqueue((entry, _lastReading));
        LetGoOfIdle();
    }

    /// <summary>Forgets one that was never stored.</summary>
    public void Discard(ScheduleEntry entry)
    {
        if (entry.Record is not null) Count--;
        entry.Record = null;
        entry.State = ScheduleState.None;
        NoteServed(entry);
        LetGo(entry);
    }

    private static bool MayGo(ScheduleEntry entry) => entry.IsSettled && (entry.Record is null || !entry.State.IsOpen);

    private void LetGoOfIdle()
    {
        // A reading that began before one was stored may bring what it was before.
        while (_idle.TryPeek(out var first) && (_readings.Count == 0 || _readings.Min > first.Reading))
        {
            _idle.Dequeue();
            if (_readings.Count > 0 && first.Entry.NeededBy >= _readings.Min)
            {
                // Somebody has found it since, and holds it.
                _idle.Enqueue((first.Entry, first.Entry.NeededBy));
                continue;
            }

            if (MayGo(first.Entry) && _live.GetValueOrDefault(first.Entry.Id) == first.Entry) _live.Remove(first.Entry.Id);
        }
    }
}
