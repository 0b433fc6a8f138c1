using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Histories;

/// <summary>
/// What the jobs of a partition came to, minute by minute. Counted when the store has acknowledged it, so that what was refused never counts; written once a minute, and so lost with
/// the process for as long as that. Nothing is written before what was stored has been read, to which it is added.
/// </summary>
internal sealed class HistoryBook(PendingChanges changes)
{
    private readonly MinuteRing _ring = new();
    private readonly SortedSet<long> _unwritten = [];
    private readonly SortedSet<long> _unmade = [];
    private readonly Dictionary<string, RowEntry> _entries = [];
    private PeriodCounts _open = new(0);

    /// <summary>Where jobs of the queue and type that were counted last are: most come in runs.</summary>
    private (string Queue, string Type, SeriesCounts Counts)? _last;

    /// <summary>What was said to wait last, as a row.</summary>
    private byte[] _waiting = [];
    private long _waitingSaid;

    /// <summary>What was stored has been read.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>What waits now.</summary>
    public Func<IReadOnlyDictionary<(string Queue, string Type), LaneFigures>>? Held { get; set; }

    /// <summary>The minute that goes on.</summary>
    public PeriodCounts Open => _open;

    /// <summary>A commit is in the store. Costs a look at a table for each run of jobs of one queue and type, and additions.</summary>
    public void Count(SealedCommit commit, long now)
    {
        Turn(now);
        foreach (var (entry, was) in commit.Entries)
        {
            if (entry is LiveJob job) Count(job, (JobShape)was, job.Stored);
        }
    }

    /// <summary>Closes the minute that has passed, where there is something to say of it, and marks what is to be written.</summary>
    /// <param name="mayWrite">False while the store is nearly full: what room there is belongs to ends, and three hours are kept in memory.</param>
    public void Advance(long now, bool mayWrite = true)
    {
        Turn(now);
        if (!IsLoaded || !mayWrite) return;
        var hour = _open.Index / 60;
        if (_unwritten.Count == 0 && !_unmade.Any(made => made < hour)) return;
        // An hour goes with the last of its minutes, or with the first after it: a minute whose place is taken has been counted in its hour.
        using var together = changes.Together();
        foreach (var settled in _entries.Where(entry => entry.Value.IsSettled).ToList()) _entries.Remove(settled.Key);
        foreach (var minute in _unwritten)
        {
            if (_ring[minute] is { } row) Put(HistoryTables.MinuteKey(minute), row);
        }

        _unwritten.Clear();
        foreach (var over in _unmade.Where(made => made < hour).ToList())
        {
            _unmade.Remove(over);
            if (_ring.IsWhole(over)) Put(HistoryTables.HourKey(over), _ring.RollUp(over).ToRow());
        }
    }

    /// <summary>The activation is about to end: what goes on is written as well, for the next one to go on with.</summary>
    public void Leave(long now)
    {
        Turn(now);
        if (!_open.IsEmpty) Close();
        Advance(now);
    }

    /// <summary>What was stored, as rows in any order; it is added to what has been counted since the opening.</summary>
    /// <returns>Hours that are over and may not have been made of their minutes yet: tell <see cref="MakeHour"/> what is stored of them.</returns>
    public List<long> Load(IEnumerable<byte[]> rows, long now)
    {
        if (IsLoaded) return [];
        IsLoaded = true;
        Turn(now);
        foreach (var row in rows)
        {
            var minute = PeriodCounts.IndexOf(row);
            if (_ring[minute] is { } counted)
            {
                var both = PeriodCounts.Decode(row);
                both.AddEarlier(PeriodCounts.Decode(counted));
                both.SetWaiting(PeriodCounts.Decode(counted));
                _ring.Put(minute, both.ToRow());
            }
            else if (!_unwritten.Any(counts => counts % HistoryTables.MinutePlaces == minute % HistoryTables.MinutePlaces)) _ring.Put(minute, row);

            if (minute == _open.Index) _open.AddEarlier(PeriodCounts.Decode(row));
        }

        var hour = _open.Index / 60;
        if (_unwritten.Count == 0 && Before(_open.Index + 1) is { } last) (_waiting, _waitingSaid) = (WaitingOf(PeriodCounts.Decode(last)).Encode(), hour);
        var hours = _ring.Minutes.Select(minute => minute / 60).ToHashSet();
        // Those that are not over are made when they are, whether more comes in them or not.
        _unmade.UnionWith(hours.Where(later => later >= hour));
        return hours.Where(over => over < hour && _ring.IsWhole(over)).Order().ToList();
    }

    /// <summary>Makes an hour of its minutes, unless that has been done.</summary>
    public void MakeHour(long hour, byte[]? stored)
    {
        if (stored is null || PeriodCounts.IndexOf(stored) != hour || !stored.AsSpan().SequenceEqual(_ring.RollUp(hour).ToRow())) _unmade.Add(hour);
    }

    /// <summary>A minute; null: nothing happened.</summary>
    public byte[]? Minute(long minute) => minute == _open.Index ? OpenRow() : _ring[minute];

    /// <summary>The minutes of an hour that is in memory, as rows; null: it is stored, if it is anywhere.</summary>
    public List<byte[]>? MinutesOf(long hour)
    {
        // The minutes of older ones have given their places to later ones.
        if (!_ring.IsWhole(hour)) return null;
        var minutes = Enumerable.Range(0, 60).Select(i => Minute(hour * 60 + i)).OfType<byte[]>().ToList();
        return minutes.Count == 0 ? null : minutes;
    }

    /// <summary>What waited when a minute began, by what its hour says so far; null: nothing did.</summary>
    public byte[]? Before(long minute)
    {
        for (var earlier = minute - 1; earlier >= minute - minute % 60; earlier--)
        {
            if (Minute(earlier) is { } row) return row;
        }

        return null;
    }

    /// <summary>
    /// The minute that the clock says goes on. Where the clock goes back, it is counted on in the minute that it says then: what was counted in it is there still.
    /// </summary>
    private void Turn(long now)
    {
        var minute = now / 60_000;
        if (minute == _open.Index) return;
        if (_open.Index > 0) Close();
        _open = _ring[minute] is { } row ? PeriodCounts.Decode(row) : new PeriodCounts(minute);
        _last = null;
    }

    private void Close()
    {
        var waiting = WaitingNow();
        var said = waiting.Encode();
        var hour = _open.Index / 60;
        // What waits is said when it is another than before, and once an hour, so that an hour without a row is one in which nothing waited.
        var isNews = !said.AsSpan().SequenceEqual(_waiting) || (!waiting.IsEmpty && _waitingSaid != hour);
        if (_open.IsEmpty && !isNews) return;
        _open.SetWaiting(waiting);
        (_waiting, _waitingSaid) = (said, hour);
        _ring.Put(_open.Index, _open.ToRow());
        _unwritten.RemoveWhere(minute => minute != _open.Index && minute % HistoryTables.MinutePlaces == _open.Index % HistoryTables.MinutePlaces);
        _unwritten.Add(_open.Index);
        _unmade.Add(hour);
    }

    /// <summary>The minute that goes on, with what waits now: a copy, since what is only looked at is not written.</summary>
    private byte[]? OpenRow()
    {
        var waiting = WaitingNow();
        if (_open.IsEmpty && waiting.IsEmpty && _waiting.AsSpan().SequenceEqual(waiting.Encode())) return _ring[_open.Index];
        var open = PeriodCounts.Decode(_open.Encode());
        open.SetWaiting(waiting);
        return open.Encode();
    }

    private PeriodCounts WaitingNow()
    {
        var waiting = new PeriodCounts(0);
        if (Held?.Invoke() is not { } held) return waiting;
        // In one order, so that what has not changed says the same.
        foreach (var ((queue, type), figures) in held.Where(lane => lane.Value.Waiting > 0).OrderBy(lane => lane.Key.Queue, StringComparer.Ordinal).ThenBy(lane => lane.Key.Type, StringComparer.Ordinal))
            waiting.Of(queue, type).Waiting += figures.Waiting;
        return waiting;
    }

    private static PeriodCounts WaitingOf(PeriodCounts counts)
    {
        var waiting = new PeriodCounts(0);
        foreach (var ((queue, type), series) in counts.Series.Where(series => series.Value.Waiting > 0).OrderBy(series => series.Key.Queue, StringComparer.Ordinal).ThenBy(series => series.Key.Type, StringComparer.Ordinal))
            waiting.Of(queue, type).Waiting += series.Waiting;
        return waiting;
    }

    private void Put(string key, byte[] row)
    {
        if (!_entries.TryGetValue(key, out var entry)) _entries.Add(key, entry = new RowEntry(GridLayout.History.Rows, key));
        changes.Mark(entry.Set(row));
    }

    private void Count(LiveJob job, JobShape before, JobShape after)
    {
        var isNew = !before.HasSpec && after.HasSpec;
        // One that ran again and ended again within one commit has another end.
        var hasEnded = after.Outcome is { } end && before.Outcome?.FinishedAt != end.FinishedAt;
        if (!isNew && !hasEnded && before.Lease?.Token == after.Lease?.Token && !IsHeld(before)) return;
        var series = SeriesOf(job.Lane.Queue, job.Lane.Type);
        if (isNew) series.Submitted++;
        if (Running(before) is { } ended && ended.Token != Running(after)?.Token) CountAttempt(series, ended, after);
        if (after.Lease is { } lease && lease.Token != before.Lease?.Token) series.WaitTime.Add(Math.Max(0, lease.StartedAt - job.Due));
        if (!hasEnded) return;
        switch (after.Outcome!.State)
        {
            case JobState.Success: series.Succeeded++; break;
            case JobState.Failure: series.Failed++; break;
            default: series.Cancelled++; break;
        }
    }

    private SeriesCounts SeriesOf(string queue, string type)
    {
        if (_last is { } last && last.Queue == queue && last.Type == type) return last.Counts;
        var counts = _open.Of(queue, type);
        _last = (queue, type, counts);
        return counts;
    }

    /// <summary>An attempt has ended. One that was handed back, put off or parked ran for no time that says anything.</summary>
    private static void CountAttempt(SeriesCounts series, JobTrack ended, JobShape after)
    {
        var track = after.Outcome?.Track ?? after.Track ?? after.Lease;
        var last = track?.History is [.., var newest] && newest.Token == ended.Token ? newest : null;
        if (last?.Outcome == "crashed")
        {
            series.Lost++;
            return;
        }

        if (last?.Outcome == "failed")
        {
            // By when it was decided, whatever time the store took.
            if (after.Outcome is null) series.Retried++;
            series.RunTime.Add(Math.Max(0, last.EndedAt.ToUnixTimeMilliseconds() - ended.StartedAt));
        }
        // An attempt that was undone has not been.
        else if (last is null && after.Outcome is { } outcome && outcome.Track.Token == ended.Token) series.RunTime.Add(Math.Max(0, outcome.FinishedAt - ended.StartedAt));
    }

    /// <summary>The attempt that goes on, in a slot or outside without a worker.</summary>
    private static JobTrack? Running(JobShape shape) => shape.Lease ?? (IsHeld(shape) ? shape.Track : null);

    private static bool IsHeld(JobShape shape) => shape.Track is { IsHeld: true, HasOpenAttempt: true };
}
