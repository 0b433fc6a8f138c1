namespace OrleansJobs.Histories;

/// <summary>Makes the grid's history of what its partitions answer.</summary>
internal static class HistoryMerge
{
    public static JobHistory Merge(HistoryRange range, IReadOnlyCollection<HistorySlice> slices)
    {
        var steps = new SeriesCounts[range.Count];
        var waiting = new long[range.Count];
        for (var i = 0; i < steps.Length; i++) steps[i] = new SeriesCounts();
        var (types, queues) = (new Dictionary<string, SeriesCounts>(StringComparer.Ordinal), new Dictionary<string, SeriesCounts>(StringComparer.Ordinal));
        foreach (var slice in slices)
        {
            for (var i = 0; i < slice.Steps.Length; i++)
            {
                if (range.Holds(slice.Steps[i])) steps[slice.Steps[i] - range.First].AddBeside(SeriesCounts.Decode(slice.Counts[i]));
            }

            AddWaiting(range, slice, waiting);
            foreach (var ((_, type), series) in PeriodCounts.Decode(slice.Types, HistorySlice.MaxNames, HistorySlice.MaxNames).Series) Add(types, type, series);
            foreach (var ((queue, _), series) in PeriodCounts.Decode(slice.Queues, HistorySlice.MaxNames, HistorySlice.MaxNames).Series) Add(queues, queue, series);
        }

        var total = new SeriesCounts();
        foreach (var step in steps) total.AddEarlier(step);
        return new()
        {
            Step = range.Step, From = range.StartOf(range.First), To = range.StartOf(range.Last + 1),
            Points = [.. steps.Select((step, i) => new HistoryPoint(range.StartOf(range.First + i), step.Figures(waiting[i])))],
            Total = total.Figures(waiting[^1]), Types = Totals(types), Queues = Totals(queues),
        };
    }

    /// <summary>Those of the range, oldest first.</summary>
    public static HistoryEvent[] EventsOf(HistoryRange range, IEnumerable<HistoryEvent[]> kept)
    {
        var (from, to) = (range.StartOf(range.First), range.StartOf(range.Last + 1));
        return [.. kept.SelectMany(events => events).Where(happening => happening.At >= from && happening.At < to).OrderBy(happening => happening.At)];
    }

    /// <summary>
    /// What waits is said when it changes, and in the first minute of each hour. So a minute without a row is as the one before it was, and where an hour has none, nothing waited.
    /// </summary>
    private static void AddWaiting(HistoryRange range, HistorySlice slice, long[] waiting)
    {
        var known = new long?[range.Count];
        for (var i = 0; i < slice.Steps.Length; i++)
        {
            if (range.Holds(slice.Steps[i])) known[slice.Steps[i] - range.First] = SeriesCounts.Decode(slice.Counts[i]).Waiting;
        }

        var last = slice.WaitingBefore;
        for (var i = 0; i < waiting.Length; i++)
        {
            if (range.Step == HistoryStep.Hour || (range.First + i) % 60 == 0 && i > 0) last = 0;
            last = known[i] ?? last;
            waiting[i] += last;
        }
    }

    private static void Add(Dictionary<string, SeriesCounts> names, string name, SeriesCounts series)
    {
        if (!names.TryGetValue(name, out var sum)) names.Add(name, sum = new SeriesCounts());
        sum.AddEarlier(series);
    }

    /// <summary>The largest, and one for all others.</summary>
    private static HistoryTotal[] Totals(Dictionary<string, SeriesCounts> names)
    {
        var sorted = names.Where(name => name.Key != JobHistory.Other).OrderByDescending(name => name.Value.Weight).ThenBy(name => name.Key, StringComparer.Ordinal).ToList();
        var others = names.GetValueOrDefault(JobHistory.Other) ?? new SeriesCounts();
        foreach (var (_, series) in sorted.Skip(HistorySlice.MaxNames)) others.AddEarlier(series);
        var told = sorted.Take(HistorySlice.MaxNames).Select(name => new HistoryTotal(name.Key, name.Value.Figures(0)));
        return [.. others.Weight > 0 || names.ContainsKey(JobHistory.Other) ? told.Append(new(JobHistory.Other, others.Figures(0))) : told];
    }
}
