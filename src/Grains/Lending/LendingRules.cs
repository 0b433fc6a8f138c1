namespace OrleansJobs.Lending;

/// <summary>Who is lent permits of a queue, and who is to give some back: pure functions.</summary>
internal static class LendingRules
{
    /// <summary>How many are asked for at a time.</summary>
    public const int Lot = 64;

    /// <summary>For how long what was lent may lie unused, in milliseconds; then others may have it, or it lapses.</summary>
    public const long IdleMost = 1000;

    /// <summary>For how long permits are kept for which there are no jobs, in milliseconds, where nobody else asks for them: so jobs that come one by one ask for none.</summary>
    public const long KeptMost = 60_000;

    /// <summary>After nobody took what was lent, nothing is asked for so long, in milliseconds, unless a worker comes that would take it; twice as long each time.</summary>
    public const long Rest = 10_000;

    /// <inheritdoc cref="Rest"/>
    public const long RestMost = 300_000;

    /// <summary>For how long a worker that has come is kept waiting for a permit that may be lent, in milliseconds, before it is given what goes after.</summary>
    public const long WaitMost = 50;

    /// <summary>Permits are asked back at most so often, in milliseconds, for the sake of equal shares: each time they go round costs a few letters.</summary>
    public const long RecallPause = 200;

    /// <summary>Shares out what is free, one by one to whoever has least of those who have asked, and in turn where they have the same.</summary>
    /// <param name="lent">How many each has.</param>
    /// <param name="asked">How many more each asks for.</param>
    /// <param name="first">Whose turn it is.</param>
    /// <returns>How many each gets, and whose turn it is next.</returns>
    public static (int[] Lots, int Next) Share(IReadOnlyList<int> lent, IReadOnlyList<int> asked, int free, int first)
    {
        var count = asked.Count;
        var lots = new int[count];
        var waiting = new PriorityQueue<int, (int Has, int Turn)>();
        for (var i = 0; i < count; i++)
        {
            if (asked[i] > 0) waiting.Enqueue(i, (lent[i], (i - first + count) % count));
        }

        for (; free > 0 && waiting.TryDequeue(out var least, out var place); free--)
        {
            first = (least + 1) % count;
            if (++lots[least] < asked[least]) waiting.Enqueue(least, (place.Has + 1, place.Turn));
        }

        return (lots, first);
    }

    /// <summary>
    /// How many more each is to give back: those that lie idle, as many as others ask for. Then so many that all who ask come to an equal share; where they are more
    /// than the permits, these go round. What is above a limit comes back as well.
    /// </summary>
    /// <param name="lent">How many each has, without those that it is to give back already.</param>
    /// <param name="idle">How many of them lie idle.</param>
    /// <param name="shares">False: none is asked for but idle ones.</param>
    public static int[] Recall(IReadOnlyList<int> lent, IReadOnlyList<int> asked, IReadOnlyList<int> idle, int limit, bool shares)
    {
        var (count, back) = (lent.Count, new int[lent.Count]);
        // What is free, and what is on its way back, goes to them first.
        var free = limit - lent.Sum();
        free += Draw(asked.Sum() - free, i => Math.Min(idle[i], lent[i]), least: 0, back);
        if (!shares) return back;
        var takers = Enumerable.Range(0, count).Count(i => lent[i] > back[i] || asked[i] > 0);
        if (takers == 0) return back;
        var (share, least) = (Math.Max(1, limit / takers), limit < takers ? 0 : limit / takers);
        var wanted = Enumerable.Range(0, count).Sum(i => Math.Max(0, Math.Min(asked[i], share - lent[i] + back[i])));
        Draw(wanted - free, i => lent[i] - back[i], least, back);
        return back;
    }

    /// <summary>Takes from whoever has most, one by one, until nobody has more than the least.</summary>
    private static int Draw(int need, Func<int, int> has, int least, int[] back)
    {
        if (need <= 0) return 0;
        var most = new PriorityQueue<int, (int Has, int Place)>();
        for (var i = 0; i < back.Length; i++)
        {
            if (has(i) is var left && left > least) most.Enqueue(i, (-left, i));
        }

        var drawn = 0;
        for (; drawn < need && most.TryDequeue(out var i, out var place); drawn++)
        {
            back[i]++;
            if (-place.Has - 1 > least) most.Enqueue(i, (place.Has + 1, i));
        }

        return drawn;
    }
}
