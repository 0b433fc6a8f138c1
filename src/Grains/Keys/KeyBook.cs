using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Keys;

/// <summary>
/// The keys of a partition: how many attempts each has, what its rule allows, and whose turn it is. Permits are the leases that are stored, and nothing beside
/// them: they come back when the leases do. Without keys it holds nothing and is asked nothing.
/// </summary>
internal sealed class KeyBook
{
    private readonly PendingChanges _changes;
    private readonly Dictionary<string, KeyLine> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, int Priority), TurnClock> _clocks = [];
    private readonly IndexedHeap<KeyLine> _waking = new(static (x, y) => x.WakeAt < y.WakeAt);
    private readonly Dictionary<string, (byte[] Row, KeyBucket Bucket)> _storedRates = new(StringComparer.Ordinal);
    private readonly long _tolerance;

    /// <summary>Keys to be looked at as soon as it is known what time it is.</summary>
    private readonly HashSet<KeyLine> _unseen = [];

    public KeyBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes)
    {
        _changes = changes;
        _tolerance = (long)options.ClockTolerance.TotalMilliseconds;
        Rules = new KeyRuleBook(opening, options, changes);
        Uniques = new UniqueBook(changes);
        foreach (var (key, row) in opening.Rows(GridLayout.Keys.Rates)) _storedRates.Add(key, (row, KeyBucket.Decode(row)));
    }

    public KeyRuleBook Rules { get; }

    /// <summary>Which job has a unique value.</summary>
    public UniqueBook Uniques { get; }

    /// <summary>The lanes that keys open and close.</summary>
    public LaneIndex? Index { get; set; }

    /// <summary>Gives a waiting job another seat.</summary>
    public Action<LiveJob, long>? Seat { get; set; }

    /// <summary>Lanes of keys that are ready.</summary>
    public int Ready { get; set; }

    /// <summary>Keys have jobs that may start: turns are to be taken.</summary>
    public bool HasTurns => Ready > 0;

    /// <summary>The same of one queue and priority.</summary>
    public bool HasTurnsIn(Lane lane) => HasTurns && ClockOf(lane.Queue, lane.Priority) is { Ready: > 0 };

    public IReadOnlyCollection<KeyLine> Lines => _lines.Values;

    /// <summary>When the rate of some key allows another; null where none waits for that.</summary>
    public long? NextWake => _unseen.Count > 0 ? 0 : _waking.First?.WakeAt;

    public KeyLine? Find(string key) => _lines.GetValueOrDefault(key);

    /// <summary>The line of a key, made where there is none.</summary>
    public KeyLine LineOf(string key)
    {
        if (_lines.TryGetValue(key, out var line)) return line;
        line = new KeyLine(key);
        _lines.Add(key, line);
        Govern(line);
        if (!line.IsOpen) _unseen.Add(line);
        return line;
    }

    /// <summary>A lane of the key is in memory from now on.</summary>
    public KeyTurn Join(KeyLine line, Lane lane)
    {
        line.Lanes.Add(lane);
        // The first of several has to shut the others.
        if (line.IsOrdered && line.Lanes.Count == 2) line.Head = line.FindHead();
        var place = (lane.Queue, lane.Priority);
        if (!_clocks.TryGetValue(place, out var clock)) _clocks.Add(place, clock = new TurnClock());
        clock.Lanes++;
        if (!line.Turns.TryGetValue(place, out var turn)) line.Turns.Add(place, turn = new KeyTurn(clock, line));
        return turn;
    }

    /// <summary>A lane of the key is forgotten.</summary>
    public void Leave(KeyLine line, Lane lane)
    {
        line.Lanes.Remove(lane);
        if (line.Head == lane) line.Head = null;
        var place = (lane.Queue, lane.Priority);
        if (_clocks.TryGetValue(place, out var clock) && --clock.Lanes == 0) _clocks.Remove(place);
        if (!line.Lanes.Exists(other => other.Queue == lane.Queue && other.Priority == lane.Priority)) line.Turns.Remove(place);
        LetGo(line);
    }

    public TurnClock? ClockOf(string queue, int priority) => _clocks.GetValueOrDefault((queue, priority));

    /// <summary>A job of the key starts, and holds a permit from now on.</summary>
    public void Take(KeyLine line, long now)
    {
        line.Running++;
        if (line.Rule?.Rate is { Rejects: false } rate) Count(line, rate, now);
        Look(line, now);
    }

    /// <summary>A job of the key ran when the partition opened, or its handler goes on without it.</summary>
    public void Take(KeyLine line)
    {
        if (Sabotage.IsOff(Safeguard.KeyPermits)) return;
        line.Running++;
        _unseen.Add(line);
    }

    /// <summary>A permit comes back.</summary>
    public void GiveBack(KeyLine line)
    {
        if (line.Running > 0 || !Sabotage.IsOff(Safeguard.KeyPermits)) line.Running--;
        _unseen.Add(line);
    }

    /// <summary>
    /// An attempt that was given out never began: it is no start of the rate. What time has given back since is not given back again, nor is what the rate did not count,
    /// because it was put after the attempt was given out.
    /// </summary>
    public void NeverBegan(KeyLine line, long startedAt, long now)
    {
        if (line.Rule?.Rate is not { Rejects: false }) return;
        Refresh(line, now);
        if (startedAt < line.Bucket.Since) return;
        var bucket = line.Bucket.GiveBack(1, startedAt);
        if (bucket == line.Bucket) return;
        line.Bucket = bucket;
        Store(line);
        _unseen.Add(line);
    }

    /// <summary>Whether a submit comes too soon by a rate that refuses; when the next one may come. Null: it may come now.</summary>
    public long? TooSoon(string key, long now)
    {
        if (_lines.TryGetValue(key, out var line)) Refresh(line, now);
        var rule = line is null ? Rules.RuleOf(key).Rule : line.Rule;
        if (rule?.Rate is not { Rejects: true } rate) return null;
        line ??= LineOf(key);
        Refresh(line, now);
        var next = line.Bucket.Next(rate, now);
        return next > now ? next : null;
    }

    /// <summary>Submits of the key are counted.</summary>
    public bool CountsSubmits(string key) => _lines.TryGetValue(key, out var line) && line.Rule?.Rate is { Rejects: true };

    /// <summary>A submit of the key is taken.</summary>
    public void Submitted(string key, long now)
    {
        if (_lines.TryGetValue(key, out var line) && line.Rule?.Rate is { Rejects: true } rate) Count(line, rate, now);
    }

    /// <summary>Something else is said of this name: it holds from now on.</summary>
    public void Changed(string name, long now)
    {
        List<KeyLine> lines = name.Contains('/') ? _lines.TryGetValue(name, out var one) ? [one] : [] : [.. _lines.Values.Where(line => line.Prefix == name)];
        foreach (var line in lines)
        {
            var old = line.Rule?.Rate;
            Refresh(line, now);
            Govern(line);
            if (line.Rule?.Rate is { } rate && rate != old)
            {
                line.Bucket = (line.Bucket.Per == 0 ? KeyBucket.Of(rate) : line.Bucket.Until(now).As(rate)) with { Since = now };
                if (line.Bucket.Used > 0) Store(line);
            }

            if (line.IsOrdered) line.Head = line.FindHead();
            Look(line, now, anyway: true);
        }
    }

    /// <summary>Time has passed: rates have recovered.</summary>
    public void Advance(long now)
    {
        if (_unseen.Count > 0)
        {
            KeyLine[] unseen = [.. _unseen];
            _unseen.Clear();
            foreach (var line in unseen)
            {
                Look(line, now);
                LetGo(line);
            }
        }

        while (_waking.First is { } line && line.WakeAt <= now) Look(line, now);
    }

    /// <summary>Strikes what is stored of rates that have recovered, and forgets keys that nothing is left of.</summary>
    public void Sweep(long now)
    {
        Advance(now);
        Rules.Sweep(now);
        foreach (var line in _lines.Values.ToList())
        {
            Refresh(line, now);
            if (line.BucketRow is { Value: not null } row && line.Bucket.Until(now).Used == 0) _changes.Mark(row.Set(null));
            LetGo(line);
        }

        foreach (var (key, (_, bucket)) in _storedRates.Where(stored => stored.Value.Bucket.Until(now - _tolerance).Used == 0).ToList())
        {
            LineOf(key);
            Refresh(_lines[key], now);
        }
    }

    private void Count(KeyLine line, KeyRate rate, long now)
    {
        Refresh(line, now);
        line.Bucket = line.Bucket.Take(rate, now);
        Store(line);
    }

    private void Store(KeyLine line) => _changes.Mark((line.BucketRow ??= new RowEntry(GridLayout.Keys.Rates, line.Key)).Set(line.Bucket.Encode()));

    /// <summary>What was stored of the key's rate before this opening is taken up where it is first needed.</summary>
    private void Refresh(KeyLine line, long now)
    {
        if (_storedRates.Count == 0 || !_storedRates.Remove(line.Key, out var stored)) return;
        line.BucketRow = new RowEntry(GridLayout.Keys.Rates, line.Key, stored.Row);
        line.Bucket = line.Rule?.Rate is { } rate ? stored.Bucket.Reopened(rate, now, _tolerance) : stored.Bucket;
    }

    private void Govern(KeyLine line)
    {
        line.Rule = Rules.RuleOf(line.Key).Rule;
        line.IsPaused = Rules.PauseOf(line.Key) is not null;
        if (line.Rule?.Rate is { } rate && line.Bucket.Per == 0) line.Bucket = KeyBucket.Of(rate);
        // Looked at before anything starts, since what is stored of its rate is taken up by then.
        if (line.IsPaused || line.Rule is not null) line.Limits = new(0, KeyHold.Rate, null);
        else line.Limits = KeyLimits.Open;
    }

    /// <summary>Opens or closes the lanes of a key.</summary>
    public void Look(KeyLine line, long now, bool anyway = false)
    {
        Refresh(line, now);
        var was = line.IsOpen;
        line.Limits = KeyLimits.Of(line.Rule, line.IsPaused, line.Running, line.Bucket, now);
        if (_waking.Contains(line)) _waking.Remove(line);
        if (line.Limits.Next is { } next)
        {
            line.WakeAt = Math.Max(next, now + 1);
            _waking.Add(line);
        }

        if (was == line.IsOpen && !anyway) return;
        foreach (var lane in line.Lanes.ToArray()) Index!.Changed(lane);
    }

    private void LetGo(KeyLine line)
    {
        if (line.Lanes.Count > 0 || line.Running > 0 || _unseen.Contains(line) || line.BucketRow is { } row && (row.Value is not null || !row.IsSettled)) return;
        if (_waking.Contains(line)) _waking.Remove(line);
        _lines.Remove(line.Key);
    }
}
