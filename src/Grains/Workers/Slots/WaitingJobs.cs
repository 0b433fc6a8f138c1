namespace OrleansJobs.Workers;

/// <summary>Leases that are here and have no slot yet, in the order they came; a queue whose own slots are taken does not hold up the others. Not thread-safe.</summary>
internal sealed class WaitingJobs(bool perQueue)
{
    private readonly Dictionary<string, Queue<RunningJob>> _lines = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public void Add(RunningJob job)
    {
        var key = perQueue ? job.Queue : "";
        if (!_lines.TryGetValue(key, out var line)) _lines[key] = line = new Queue<RunningJob>();
        line.Enqueue(job);
        Count++;
    }

    /// <summary>The next job that gets a slot; null where none does.</summary>
    public RunningJob? TakeNext(SlotPool slots)
    {
        if (Count == 0) return null;
        foreach (var line in _lines.Values)
        {
            if (!line.TryPeek(out var job) || !slots.TryStart(job.Queue)) continue;
            Count--;
            return line.Dequeue();
        }

        return null;
    }

    /// <summary>Whether the job that has waited longest in one of the queues is such a one.</summary>
    public bool Any(Predicate<RunningJob> oldest)
    {
        if (Count == 0) return false;
        foreach (var line in _lines.Values)
        {
            if (line.TryPeek(out var job) && oldest(job)) return true;
        }

        return false;
    }

    /// <summary>Takes out what fits, wherever it stands.</summary>
    public List<RunningJob> Remove(Predicate<RunningJob> which)
    {
        var removed = new List<RunningJob>();
        foreach (var line in _lines.Values)
        {
            for (var left = line.Count; left > 0; left--)
            {
                var job = line.Dequeue();
                if (which(job)) removed.Add(job);
                else line.Enqueue(job);
            }
        }

        Count -= removed.Count;
        return removed;
    }
}
