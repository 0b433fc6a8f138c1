namespace OrleansJobs.Workers;

/// <summary>
/// Leases that are here and have no slot yet, in the order they came; a queue whose own slots are taken does not hold up the others. Those go first whose
/// slots were kept free for them. Not thread-safe.
/// </summary>
internal sealed class WaitingJobs(bool perQueue)
{
    private readonly Dictionary<string, Queue<RunningJob>> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<RunningJob>> _withSlot = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    /// <summary>Those among them for whom a slot was kept free.</summary>
    public int WithSlot { get; private set; }

    public void Add(RunningJob job)
    {
        var lines = job.HasSlot ? _withSlot : _lines;
        var key = perQueue ? job.Queue : "";
        if (!lines.TryGetValue(key, out var line)) lines[key] = line = new Queue<RunningJob>();
        line.Enqueue(job);
        Count++;
        if (job.HasSlot) WithSlot++;
    }

    /// <summary>The next job that gets a slot; null where none does.</summary>
    public RunningJob? TakeNext(SlotPool slots)
    {
        if (Count == 0) return null;
        return (WithSlot > 0 ? TakeFrom(_withSlot, slots) : null) ?? TakeFrom(_lines, slots);
    }

    /// <summary>Whether the job that has waited longest in one of the queues is such a one.</summary>
    public bool Any(Predicate<RunningJob> oldest)
    {
        if (Count == 0) return false;
        return Any(_lines, oldest) || (WithSlot > 0 && Any(_withSlot, oldest));
    }

    /// <summary>Takes out what fits, wherever it stands.</summary>
    public List<RunningJob> Remove(Predicate<RunningJob> which)
    {
        var removed = new List<RunningJob>();
        Remove(_withSlot, which, removed);
        WithSlot -= removed.Count;
        Remove(_lines, which, removed);
        Count -= removed.Count;
        return removed;
    }

    private RunningJob? TakeFrom(Dictionary<string, Queue<RunningJob>> lines, SlotPool slots)
    {
        foreach (var line in lines.Values)
        {
            if (!line.TryPeek(out var job) || !slots.TryStart(job.Queue)) continue;
            Count--;
            if (job.HasSlot) WithSlot--;
            return line.Dequeue();
        }

        return null;
    }

    private static bool Any(Dictionary<string, Queue<RunningJob>> lines, Predicate<RunningJob> oldest)
    {
        foreach (var line in lines.Values)
        {
            if (line.TryPeek(out var job) && oldest(job)) return true;
        }

        return false;
    }

    private static void Remove(Dictionary<string, Queue<RunningJob>> lines, Predicate<RunningJob> which, List<RunningJob> removed)
    {
        foreach (var line in lines.Values)
        {
            for (var left = line.Count; left > 0; left--)
            {
                var job = line.Dequeue();
                if (which(job)) removed.Add(job);
                else line.Enqueue(job);
            }
        }
    }
}
