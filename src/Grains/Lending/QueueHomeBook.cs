using System.Globalization;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Lending;

/// <summary>The queues whose permits this partition lends: what each partition has of them, booked in the group of the letter that lends it.</summary>
internal sealed class QueueHomeBook
{
    private readonly Dictionary<string, QueueHome> _homes = new(StringComparer.Ordinal);
    private readonly HashSet<QueueHome> _touched = [];
    private readonly IndexedHeap<QueueHome> _waking = new(static (x, y) => x.WakeAt < y.WakeAt);
    private readonly PendingChanges _changes;
    private readonly JobGridOptions _options;
    private readonly long _tolerance;
    private readonly long _generation;

    /// <summary>How much is used up of the rates of queues that have no limits now, should they have some again.</summary>
    private readonly Dictionary<string, (RowEntry Row, KeyBucket Used)> _spent = new(StringComparer.Ordinal);

    public QueueHomeBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes, QueueSettingBook settings)
    {
        (_changes, _options, _tolerance, _generation) = (changes, options, (long)options.ClockTolerance.TotalMilliseconds, opening.Generation);
        foreach (var (queue, setting) in settings.Limited)
        {
            if (IsHome(queue)) Add(queue, setting);
        }

        foreach (var (key, row) in opening.Rows(GridLayout.QueueLimits.Lent))
        {
            var (partition, queue) = Parse(key);
            var entry = new RowEntry(GridLayout.QueueLimits.Lent, key, row);
            if (partition < options.Partitions && _homes.TryGetValue(queue, out var home)) home.Borrowers[partition].Open(entry, Loan.Decode(row));
            else changes.Mark(entry.Set(null));
        }

        foreach (var (queue, row) in opening.Rows(GridLayout.QueueLimits.Rates))
        {
            var entry = new RowEntry(GridLayout.QueueLimits.Rates, queue, row);
            if (_homes.TryGetValue(queue, out var home)) (home.BucketRow, home.Stored) = (entry, KeyBucket.Decode(row));
            else _spent.Add(queue, (entry, KeyBucket.Decode(row)));
        }
    }

    public long? NextWake => _touched.Count > 0 ? 0 : _waking.First?.WakeAt;

    public QueueHome? Find(string queue) => _homes.GetValueOrDefault(queue);

    /// <summary>Other limits hold: who borrows says anew what it has.</summary>
    public void Changed(string queue, QueueLimitSetting setting)
    {
        if (!IsHome(queue)) return;
        if (_homes.Remove(queue, out var old) && _waking.Contains(old)) _waking.Remove(old);
        if (old is not null) _touched.Remove(old);
        if (setting.Limits is null)
        {
            if (old is null) return;
            foreach (var borrower in old.Borrowers)
            {
                if (borrower.Row is { } row) _changes.Mark(row.Set(null));
            }

            if (old.BucketRow is { } used) _spent[queue] = (used, old.Stored ?? old.Bucket);
            return;
        }

        var home = Add(queue, setting);
        if (_spent.Remove(queue, out var spent)) (home.BucketRow, home.Stored) = (spent.Row, spent.Used);
        if (old is null) return;
        for (var i = 0; i < home.Borrowers.Length; i++) home.Borrowers[i].Row = old.Borrowers[i].Row;
        (home.BucketRow, home.Stored, home.Bucket) = (old.BucketRow, old.Stored, old.Bucket);
    }

    /// <summary>What a borrower says, as part of the decision that is under way.</summary>
    public void Hear(QueueWord word)
    {
        if (!_homes.TryGetValue(word.Queue, out var home) || home.Setting.Version != word.Version || word.Partition >= home.Borrowers.Length) return;
        var borrower = home.Borrowers[word.Partition];
        if (word.Joins is { } has) borrower.Loan = new Loan(word.Version, word.Join, has, word.More, word.Less, word.Idle);
        else if (borrower.Loan is not { } loan || loan.Version != word.Version || loan.Join != word.Join) return;
        else
        {
            borrower.Loan = loan with
            {
                Permits = Math.Max(0, loan.Permits - word.Less), Asked = loan.Asked + word.More, Recalled = Math.Max(0, loan.Recalled - word.Less),
                Idle = word.Idle,
            };
        }

        if (word.Lapsed > 0 && word.Lent.Home == _generation && home.BucketRow is { } row)
        {
            home.Bucket = home.Bucket.GiveBack(word.Lapsed, word.Lent.At);
            _changes.Mark(row.Set(home.Bucket.Encode()));
        }

        Book(home, borrower, word.Partition);
        _touched.Add(home);
    }

    /// <summary>Lends what is free to those who have asked, and asks back what others wait for.</summary>
    public void Settle(long now, Action<int, QueueWord> send)
    {
        while (_waking.First is { } due && due.WakeAt <= now)
        {
            _waking.Remove(due);
            _touched.Add(due);
        }

        if (_touched.Count == 0) return;
        foreach (var home in _touched) Settle(home, now, send);
        _touched.Clear();
    }

    private void Settle(QueueHome home, long now, Action<int, QueueWord> send)
    {
        if (_waking.Contains(home)) _waking.Remove(home);
        // Until all have said what runs of theirs, nobody knows what is free.
        if (!home.IsComplete) return;
        Refresh(home, now);
        var asked = Array.ConvertAll(home.Borrowers, static borrower => borrower.Loan!.Asked);
        if (!Array.Exists(asked, static more => more > 0)) return;
        var limits = home.Setting.Limits!;
        var free = limits.Concurrency is { } most ? most - home.Lent : int.MaxValue;
        if (limits.Rate is { } rate) free = Math.Min(free, home.Bucket.Left(rate, now));
        if (free > 0) Lend(home, asked, free, now, send);
        if (limits.Rate is { } slow && home.Bucket.Left(slow, now) == 0) Wake(home, home.Bucket.Next(slow, now), now);
        // With a rate each permit comes home by itself.
        if (limits.Rate is not null || limits.Concurrency is not { } bound || !home.Borrowers.Any(static borrower => borrower.Loan!.Asked > 0)) return;
        Recall(home, bound, now, send);
        if (now < home.RecallAt) Wake(home, home.RecallAt, now);
    }

    private void Lend(QueueHome home, int[] asked, int free, long now, Action<int, QueueWord> send)
    {
        using var together = _changes.Together();
        (var lots, home.Turn) = LendingRules.Share(Array.ConvertAll(home.Borrowers, static borrower => borrower.Loan!.Permits), asked, free, home.Turn);
        for (var i = 0; i < lots.Length; i++)
        {
            if (lots[i] == 0) continue;
            var borrower = home.Borrowers[i];
            var loan = borrower.Loan!;
            borrower.Loan = loan with { Asked = loan.Asked - lots[i], Permits = home.Setting.Limits!.Concurrency is null ? 0 : loan.Permits + lots[i] };
            Book(home, borrower, i);
            for (var taken = 0; home.Setting.Limits.Rate is { } rate && taken < lots[i]; taken++) home.Bucket = home.Bucket.Take(rate, now);
            send(i, new(home.Queue, i, loan.Version, loan.Join, null, lots[i], 0) { Lent = home.Setting.Limits.Rate is null ? default : new(home.Bucket.At, _generation) });
            if (home.Setting.Limits.Rate is not null) _changes.Mark((home.BucketRow ??= new RowEntry(GridLayout.QueueLimits.Rates, home.Queue)).Set(home.Bucket.Encode()));
        }
    }

    private void Recall(QueueHome home, int limit, long now, Action<int, QueueWord> send)
    {
        var shares = now >= home.RecallAt;
        var back = LendingRules.Recall(
            Array.ConvertAll(home.Borrowers, static borrower => borrower.Loan!.Permits - borrower.Loan.Recalled), Array.ConvertAll(home.Borrowers, static borrower => borrower.Loan!.Asked),
            Array.ConvertAll(home.Borrowers, static borrower => borrower.Loan!.Idle), limit, shares);
        if (Array.TrueForAll(back, static none => none == 0)) return;
        if (shares) home.RecallAt = now + LendingRules.RecallPause;
        using var together = _changes.Together();
        for (var i = 0; i < back.Length; i++)
        {
            if (back[i] == 0) continue;
            var borrower = home.Borrowers[i];
            borrower.Loan = borrower.Loan! with { Recalled = borrower.Loan.Recalled + back[i], Idle = Math.Max(0, borrower.Loan.Idle - back[i]) };
            Book(home, borrower, i);
            send(i, new(home.Queue, i, borrower.Loan.Version, borrower.Loan.Join, null, 0, back[i]));
        }
    }

    /// <summary>Strikes what is stored of rates that have recovered.</summary>
    public void Sweep(long now)
    {
        foreach (var home in _homes.Values)
        {
            Refresh(home, now);
            if (home.BucketRow is { Value: not null } row && HasRecovered(home.Stored ?? home.Bucket, now)) _changes.Mark(row.Set(null));
        }

        foreach (var (queue, (row, used)) in _spent.Where(spent => HasRecovered(spent.Value.Used, now)).ToList())
        {
            // The row goes first, the name with the next sweep.
            if (row.Value is not null) _changes.Mark(row.Set(null));
            if (row.IsSettled) _spent.Remove(queue);
        }
    }

    private bool HasRecovered(KeyBucket used, long now) => used.Until(Math.Max(used.At, now - _tolerance)).Used == 0;

    private void Book(QueueHome home, QueueBorrower borrower, int partition)
    {
        var loan = borrower.Loan!;
        // Without it another activation of the home knows nothing of what was lent, and lends it again.
        if (Sabotage.IsOff(Safeguard.LoanInCommit)) loan = loan with { Permits = 0 };
        _changes.Mark((borrower.Row ??= new RowEntry(GridLayout.QueueLimits.Lent, NameOf(partition, home.Queue))).Set(loan.Encode()));
    }

    /// <summary>What was stored of the rate before this opening, or by another rate, is taken up where it is first needed.</summary>
    private void Refresh(QueueHome home, long now)
    {
        if (home.Setting.Limits?.Rate is not { } rate) return;
        if (home.Stored is { } stored)
        {
            home.Bucket = stored.Reopened(rate, now, _tolerance);
            home.Stored = null;
        }

        home.Bucket = home.Bucket.Per == 0 ? KeyBucket.Of(rate) : home.Bucket.Until(now).As(rate);
    }

    private void Wake(QueueHome home, long at, long now)
    {
        at = Math.Max(at, now + 1);
        if (_waking.Contains(home))
        {
            if (home.WakeAt <= at) return;
            _waking.Remove(home);
        }

        home.WakeAt = at;
        _waking.Add(home);
    }

    private QueueHome Add(string queue, QueueLimitSetting setting)
    {
        var home = new QueueHome(queue, setting, _options.Partitions);
        _homes.Add(queue, home);
        _touched.Add(home);
        return home;
    }

    private bool IsHome(string queue) => QueueLimitQuestions.HomeOf(queue, _options.Partitions) == _changes.Partition;

    private static string NameOf(int partition, string queue) => string.Create(CultureInfo.InvariantCulture, $"{partition}/{queue}");

    private static (int Partition, string Queue) Parse(string name)
    {
        var at = name.IndexOf('/');
        return (int.Parse(name.AsSpan(0, at), CultureInfo.InvariantCulture), name[(at + 1)..]);
    }
}
