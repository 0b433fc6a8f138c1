using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;

namespace OrleansJobs.Lending;

/// <summary>What a partition says to the home of a queue: what it asks for, what it gives back, and what lies idle. Booked in the group of the letter.</summary>
/// <param name="nextJoin">A number under which nothing has been said yet.</param>
internal sealed class QueueLineClerk(JobGridOptions options, PendingChanges changes, Func<long> nextJoin)
{
    public LetterBook? Letters { get; set; }

    /// <summary>Asks for what is needed, and gives back what is not.</summary>
    /// <returns>When it is to be looked at again; null: not before something happens.</returns>
    public long? Settle(QueueLine line, long now)
    {
        Count(line);
        var need = Demand(line, now);
        var idle = line.Limits.Concurrency is null ? 0 : Math.Max(0, line.Permits - line.Running);
        // With a rate a permit is worth as much as the start that came with it.
        var back = line.Limits.Rate is null ? Math.Min(line.Recalled, idle) : idle - Math.Min(idle, line.Starts);
        var (left, isUnused, isOver) = (idle - back, false, false);
        // No worker takes them, however short each of them is here.
        if (CountUnused(line, left, need, now) >= LendingRules.IdleMost && line.RestsUntil is null) BeginRest(line, now);
        var rests = line.RestsUntil is not null;
        if (left == 0 || line.Limits.Rate is not null) line.IdleSince = null;
        else if ((line.IdleSince ??= now) <= now - LendingRules.KeptMost && need == 0) (back, left, isOver, line.IdleSince) = (idle, 0, true, null);
        // They stay here until others ask for them.
        else isUnused = rests || line.IdleSince <= now - LendingRules.IdleMost;
        var more = rests || isUnused ? 0 : Math.Max(0, need - (line.Limits.Rate is null ? left : line.Starts) - line.Asked);
        // What was asked for and is not wanted any more would be lent for nothing, again and again.
        var takesBack = (rests || isUnused || isOver) && line.Asked > 0;
        if (more > 0 || back > 0 || takesBack || line.MustJoin || line.Lapsed > 0 || (isUnused && left > line.SaidIdle)) Tell(line, more, back, isUnused ? left : 0, takesBack);
        return NextLook(line, need, isUnused);
    }

    /// <summary>Nobody takes what is lent: each rest is longer than the one before, until something starts.</summary>
    public static void BeginRest(QueueLine line, long now)
    {
        line.RestsUntil = now + line.RestSpan;
        line.RestSpan = Math.Min(2 * line.RestSpan, LendingRules.RestMost);
        (line.UnusedSince, line.Unused) = (null, 0);
    }

    public void Book(QueueLine line) => changes.Mark((line.Row ??= new RowEntry(GridLayout.QueueLimits.Held, line.Queue))
        .Set(new Loan(line.Setting.Version, line.Join, line.Permits, line.Asked, line.Recalled).Encode()));

    /// <summary>What a home lends, or asks back.</summary>
    public void Lend(int partition, QueueWord word) => Letters!.Send(partition, LetterKind.QueueLot, word.Encode());

    private static void Count(QueueLine line)
    {
        if (line.Limits.Concurrency is not null)
        {
            // What runs counts, and each end of it is for the home to decide about: there may be more of them than may run.
            if (line.IsNew) (line.Permits, line.Recalled) = (line.Running, line.Running);
            else if (line.IsInherited && line.Running > line.Permits)
            {
                // The activation before was lost between two commits, of which the second had their permits. They may run all the same.
                (line.Permits, line.Recalled, line.MustJoin) = (line.Running, line.Recalled + line.Running - line.Permits, true);
            }
        }

        (line.IsNew, line.IsInherited) = (false, false);
    }

    /// <summary>How many of its jobs could start now, were it not for its limits; not more than are asked for at a time.</summary>
    private static int Demand(QueueLine line, long now)
    {
        var need = 0;
        foreach (var ready in line.Queues)
        {
            foreach (var lane in ready.Lanes)
            {
                need += lane.CountWilling(now, LendingRules.Lot - need);
                if (need >= LendingRules.Lot) return LendingRules.Lot;
            }
        }

        return need;
    }

    /// <summary>For how long there have been permits and jobs that nobody took, in milliseconds, since something was started last.</summary>
    private static long CountUnused(QueueLine line, int left, int need, long now)
    {
        // Starts that are lent by a rate lapse by themselves, and a queue that rests has had its turn.
        if (need == 0 || line.Limits.Rate is not null || line.RestsUntil is not null) (line.UnusedSince, line.Unused) = (null, 0);
        else if (left > 0) line.UnusedSince ??= now;
        else if (line.UnusedSince is { } since) (line.UnusedSince, line.Unused) = (null, line.Unused + Math.Max(0, now - since));
        return line.Unused + (line.UnusedSince is { } begun ? Math.Max(0, now - begun) : 0);
    }

    private static long? NextLook(QueueLine line, int need, bool isUnused)
    {
        var at = long.MaxValue;
        if (line.UnusedSince is { } begun && line.RestsUntil is null) at = begun + LendingRules.IdleMost - line.Unused;
        if (line.Starts > 0) at = Math.Min(at, line.StartsUntil);
        if (line.IdleSince is { } since && !isUnused) at = Math.Min(at, since + LendingRules.IdleMost);
        if (line.IdleSince is { } idle && isUnused && need == 0) at = Math.Min(at, idle + LendingRules.KeptMost);
        if (line.RestsUntil is { } rested) at = Math.Min(at, rested);
        return at == long.MaxValue ? null : at;
    }

    /// <param name="idle">How many permits lie unused.</param>
    /// <param name="takesBack">What it has asked for and has not got, it wants no more.</param>
    private void Tell(QueueLine line, int more, int back, int idle, bool takesBack)
    {
        using var together = changes.Together();
        // Under another number: what was lent for it meanwhile, and is on its way, counts neither here nor there.
        if (takesBack) (line.Join, line.HasJoined, line.Asked) = (nextJoin(), false, 0);
        line.Permits -= back;
        line.Recalled = Math.Max(0, line.Recalled - back);
        line.Asked += more;
        // Who has not said so before says all that it has; what it gives back is not of that.
        var word = line.HasJoined ? new QueueWord(line.Queue, changes.Partition, line.Setting.Version, line.Join, null, more, back)
            : new QueueWord(line.Queue, changes.Partition, line.Setting.Version, line.Join, line.Permits, line.Asked, line.Recalled);
        word = word with { Idle = idle, Lapsed = line.Lapsed, Lent = line.Lapsed > 0 ? line.LapsedFrom : default };
        (line.HasJoined, line.MustJoin, line.SaidIdle, line.Lapsed) = (true, false, idle, 0);
        Book(line);
        Letters!.Send(QueueLimitQuestions.HomeOf(line.Queue, options.Partitions), LetterKind.QueueAsk, word.Encode());
    }
}
