using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Lending;

/// <summary>
/// Limits of queues as a partition goes by them: it starts jobs of such a queue with permits that the queue's home has lent, which it asks for and gives back by
/// letter. Without limits it holds nothing and is asked nothing.
/// </summary>
internal sealed class QueueLimitBook
{
    private readonly PendingChanges _changes;
    private readonly long _generation;
    private readonly long _tolerance;
    private readonly Dictionary<string, QueueLine> _lines = new(StringComparer.Ordinal);
    private readonly IndexedHeap<QueueLine> _waking = new(static (x, y) => x.WakeAt < y.WakeAt);
    private readonly List<QueueLine> _touched = [];

    /// <summary>Queues with other limits than the lanes know.</summary>
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private long _joins;

    public QueueLimitBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes)
    {
        (_changes, _generation, _tolerance) = (changes, opening.Generation, (long)options.ClockTolerance.TotalMilliseconds);
        Settings = new QueueSettingBook(opening, options, changes);
        Homes = new QueueHomeBook(opening, options, changes, Settings);
        Clerk = new QueueLineClerk(options, changes, NextJoin);
        var held = opening.Rows(GridLayout.QueueLimits.Held).ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
        foreach (var (queue, setting) in Settings.Limited)
        {
            var line = Add(queue, setting);
            if (!held.Remove(queue, out var row)) continue;
            line.Row = new RowEntry(GridLayout.QueueLimits.Held, queue, row);
            if (Loan.Decode(row) is not { } loan || loan.Version != setting.Version) continue;
            (line.Permits, line.Recalled, line.IsNew, line.IsInherited) = (loan.Permits, loan.Recalled, false, true);
            // What has nothing, and nothing on its way to it, joins with the first that it asks for: there may be many such queues.
            line.MustJoin = !loan.IsNothing;
            Look(line);
        }

        foreach (var (queue, row) in held) changes.Mark(new RowEntry(GridLayout.QueueLimits.Held, queue, row).Set(null));
    }

    public QueueSettingBook Settings { get; }

    /// <summary>The queues that this partition lends permits of.</summary>
    public QueueHomeBook Homes { get; }

    /// <summary>Says what is asked for and given back.</summary>
    public QueueLineClerk Clerk { get; }

    public LaneIndex? Index { get; set; }

    /// <summary>Attempts that have not been given up.</summary>
    public Func<IReadOnlyCollection<LiveJob>>? Leased { get; set; }

    /// <summary>Handlers that run on though their attempts have ended: they count as those do that have not.</summary>
    public StuckBook? Stuck { get; set; }

    public bool HasAny => _lines.Count > 0;

    public IReadOnlyCollection<QueueLine> Lines => _lines.Values;

    /// <summary>When something is to be looked at, here or in the books of a home.</summary>
    public long? NextWake
    {
        get
        {
            if (_touched.Count > 0 || _changed.Count > 0) return 0;
            var (own, home) = (_waking.First?.WakeAt, Homes.NextWake);
            return own < home || home is null ? own : home;
        }
    }

    /// <summary>The limits of a queue; null: there are none.</summary>
    public QueueLine? Find(string queue) => _lines.Count == 0 ? null : _lines.GetValueOrDefault(queue);

    /// <summary>Takes what a queue's home has decided, or this one as its home. The lanes hear of it before anything is looked for in them.</summary>
    /// <returns>False where it is older than what is known.</returns>
    public bool Take(string queue, QueueLimitSetting setting)
    {
        if (!Settings.Take(queue, setting)) return false;
        Homes.Changed(queue, setting);
        RowEntry? row = null;
        if (_lines.Remove(queue, out var old))
        {
            if (_waking.Contains(old)) _waking.Remove(old);
            _touched.Remove(old);
            row = old.Row;
        }

        if (setting.Limits is not null)
        {
            var line = Add(queue, setting);
            (line.Row, line.IsUncounted) = (row, true);
        }
        else if (row is not null) _changes.Mark(row.Set(null));

        _changed.Add(queue);
        return true;
    }

    /// <summary>An attempt starts.</summary>
    /// <param name="attempt">What it is known by until it ends.</param>
    public void Start(string queue, object attempt)
    {
        if (Find(queue) is not { IsUncounted: false } line) return;
        line.Running++;
        if (line.Limits.Rate is not null && line.Starts > 0)
        {
            line.Starts--;
            (line.Begun ??= new(ReferenceEqualityComparer.Instance))[attempt] = line.StartsFrom;
        }

        (line.IdleSince, line.RestsUntil, line.RestSpan) = (null, null, LendingRules.Rest);
        (line.UnusedSince, line.Unused) = (null, 0);
        Touch(line);
        Look(line);
    }

    /// <summary>An attempt ran when the partition opened, or its handler goes on without it.</summary>
    public void Found(string queue)
    {
        if (Find(queue) is not { IsUncounted: false } line || Sabotage.IsOff(Safeguard.KeyPermits)) return;
        line.Running++;
        Look(line);
    }

    /// <summary>An attempt that is about to be given up never began: what it took of a rate lapses, where this activation has given it out.</summary>
    public void NeverBegan(string queue, object attempt)
    {
        if (Find(queue) is not { Begun: { } begun } line || !begun.Remove(attempt, out var from)) return;
        Lapse(line, 1, from);
        Touch(line);
    }

    /// <summary>An attempt has been given up, or has ended.</summary>
    public void End(string queue, object attempt)
    {
        if (Find(queue) is not { IsUncounted: false } line) return;
        line.Begun?.Remove(attempt);
        if (line.Running > 0) line.Running--;
        Touch(line);
        Look(line);
    }

    /// <summary>What the home says.</summary>
    public void Hear(QueueWord word, long now)
    {
        if (Find(word.Queue) is not { } line || line.Setting.Version != word.Version) return;
        if (line.Join != word.Join)
        {
            // What was lent for what is wanted no more was never started: the home is told of it with the next word.
            if (line.Limits.Rate is not null && word.More > 0)
            {
                Lapse(line, word.More, word.Lent);
                Touch(line);
            }

            // It has books of an activation before this one, which has said nothing yet since there was nothing to say.
            if (line.HasJoined) return;
            line.MustJoin = true;
            Touch(line);
            return;
        }

        line.Asked = Math.Max(0, line.Asked - word.More);
        if (line.Limits.Concurrency is not null)
        {
            line.Permits += word.More;
            line.Recalled += word.Less;
            line.SaidIdle = Math.Max(0, line.SaidIdle - word.Less);
        }

        if (line.Limits.Rate is not null && word.More > 0)
        {
            // However late the letter, they were lent when it was written. They lapse with the first of them: were they to wait for each other, they would start together.
            var until = Math.Min(now + LendingRules.IdleMost, word.Lent.At + LendingRules.IdleMost + _tolerance);
            if (until <= now)
            {
                Lapse(line, word.More, word.Lent);
                QueueLineClerk.BeginRest(line, now);
            }
            else
            {
                if (line.Starts == 0) (line.StartsUntil, line.StartsFrom) = (until, word.Lent);
                else (line.StartsUntil, line.StartsFrom) = (Math.Min(line.StartsUntil, until), line.StartsFrom.Home == word.Lent.Home ? line.StartsFrom : default);
                line.Starts += word.More;
            }
        }

        Clerk.Book(line);
        Touch(line);
        Look(line);
        if (word.More > 0) Tell(line);
        line.Awaited?.TrySetResult();
    }

    public void Touch(QueueLine line)
    {
        if (line.IsTouched) return;
        line.IsTouched = true;
        _touched.Add(line);
    }

    /// <summary>The lanes hear of other limits; what was lent and not used lapses.</summary>
    public void Advance(long now)
    {
        if (_changed.Count > 0) Relimit();
        while (_waking.First is { } line && line.WakeAt <= now)
        {
            _waking.Remove(line);
            Touch(line);
            if (line.RestsUntil <= now) line.RestsUntil = null;
            if (line.Starts > 0 && line.StartsUntil <= now)
            {
                Lapse(line, line.Starts, line.StartsFrom);
                line.Starts = 0;
                QueueLineClerk.BeginRest(line, now);
            }

            Look(line);
        }
    }

    /// <summary>Asks for what is needed, and gives back what is not.</summary>
    public void Settle(long now)
    {
        Advance(now);
        for (var i = 0; i < _touched.Count; i++)
        {
            var line = _touched[i];
            line.IsTouched = false;
            Wake(line, Clerk.Settle(line, now), now);
            Look(line);
        }

        _touched.Clear();
        Homes.Settle(now, Clerk.Lend);
    }

    /// <summary>Forgets what nothing is said of any more.</summary>
    public void Sweep(long now)
    {
        Settings.Sweep(now);
        Homes.Sweep(now);
    }

    /// <summary>A worker has come that would take something of a queue that rests.</summary>
    public void Awaken(QueueLine line)
    {
        line.RestsUntil = null;
        Touch(line);
        Look(line);
    }

    /// <summary>Starts that were lent and never were. The home is told of them, unless nobody knows what they have taken of the rate: those of different activations of it.</summary>
    /// <param name="from">When the first of them was lent.</param>
    private static void Lapse(QueueLine line, int starts, LendingInstant from)
    {
        if (from.Home == 0) return;
        if (line.Lapsed == 0) (line.Lapsed, line.LapsedFrom) = (starts, from);
        else if (line.LapsedFrom.Home == from.Home) (line.Lapsed, line.LapsedFrom) = (line.Lapsed + starts, from.At < line.LapsedFrom.At ? from : line.LapsedFrom);
    }

    private void Relimit()
    {
        var batches = new HashSet<AttemptBatch>();
        foreach (var job in Leased!())
        {
            if (job.Batch is { } batch && !batches.Add(batch)) continue;
            // What runs goes on, and counts: the home lends when it knows of all.
            if (Find(job.Lane.Queue) is { IsUncounted: true } line) line.Running++;
        }

        foreach (var stuck in Stuck!.All)
        {
            if (Find(stuck.Queue) is { IsUncounted: true } line) line.Running++;
        }

        foreach (var queue in _changed)
        {
            if (Find(queue) is { } line) line.IsUncounted = false;
        }

        Index!.Relimit(_changed);
        _changed.Clear();
    }

    /// <summary>
    /// What workers can have of the queue may be more or less than before. Only queues that have room stand among those that a worker is given jobs from, so that
    /// others cost nothing there; of what comes free nobody was told.
    /// </summary>
    private void Look(QueueLine line)
    {
        var standing = line.Room > 0 ? QueueStanding.Open : line.RestsUntil is not null ? QueueStanding.Resting : QueueStanding.Held;
        if (standing == line.Standing) return;
        var wasHeld = line.Standing == QueueStanding.Held;
        line.Standing = standing;
        foreach (var ready in line.Queues) ready.Owner.Place(ready);
        if (wasHeld) Tell(line);
    }

    private void Tell(QueueLine line)
    {
        foreach (var ready in line.Queues)
        {
            foreach (var lane in ready.Lanes.Take(line.Offered)) Index!.Tell(lane);
        }
    }

    private void Wake(QueueLine line, long? at, long now)
    {
        if (_waking.Contains(line)) _waking.Remove(line);
        if (at is not { } instant) return;
        line.WakeAt = Math.Max(instant, now + 1);
        _waking.Add(line);
    }

    private QueueLine Add(string queue, QueueLimitSetting setting)
    {
        var line = new QueueLine(queue, setting, NextJoin());
        _lines.Add(queue, line);
        Touch(line);
        return line;
    }

    private long NextJoin() => FencingToken.Make(_generation, ++_joins);
}
