namespace OrleansJobs.Faults.Histories;

/// <summary>For how long the schedule of an occurrence that lives elsewhere need not have heard that it has ended: a letter's way, and longer while something was done to the grid.</summary>
internal sealed class UnheardEnds
{
    /// <summary>The way of a letter, where nothing is done to the grid, in milliseconds.</summary>
    public const long Way = 5_000;

    /// <summary>How long after its victim is back a fault may still be felt, in milliseconds.</summary>
    public const long Aftermath = 10_000;

    private readonly List<(long From, long To)> _troubles = [];

    /// <summary>Something was done to the grid, from one instant until what it was done to was back.</summary>
    public void Add(long from, long to)
    {
        lock (_troubles) _troubles.Add((from, to + Aftermath));
    }

    /// <summary>Whether what ended at one instant may not have been heard of at another.</summary>
    public bool MayBe(long ended, long at)
    {
        lock (_troubles)
        {
            long troubled = 0, upTo = ended;
            foreach (var (from, to) in _troubles.OrderBy(trouble => trouble.From))
            {
                var (start, end) = (Math.Max(from, upTo), Math.Min(to, at));
                if (end <= start) continue;
                troubled += end - start;
                upTo = end;
            }

            return at - ended - troubled <= Way;
        }
    }
}
