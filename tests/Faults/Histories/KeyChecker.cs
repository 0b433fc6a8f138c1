namespace OrleansJobs.Faults.Histories;

/// <summary>What a key's rule was, as the one who put it knows.</summary>
/// <param name="From">It may hold from then on: it was sent.</param>
/// <param name="Until">It may hold until then: a later one was answered.</param>
internal sealed record KeyLimitWindow(long From, long Until, int? Concurrency);

/// <summary>
/// Holds the marks of handlers, which know nothing of keys, against what was said of keys: overlaps, rates and order are reckoned from the instants alone. A start
/// comes later than the grant, by as long as its delivery takes, which is allowed for.
/// </summary>
internal static class KeyChecker
{
    /// <summary>Never more at a time than a rule that may have held.</summary>
    /// <param name="jobs">The ids of the key's jobs.</param>
    /// <param name="delivery">A grant is at most so much older than its start.</param>
    /// <param name="deaths">When the lives of silos ended that were killed: what ran there ran no longer.</param>
    public static IEnumerable<Violation> Concurrency(
        string key, IReadOnlySet<string> jobs, IEnumerable<RunMark> marks, IReadOnlyList<KeyLimitWindow> windows, long delivery, IReadOnlyDictionary<string, long> deaths)
    {
        var open = new Dictionary<(string, long), long>();
        foreach (var (at, isStart, mark) in Edges(jobs, marks, deaths))
        {
            if (!isStart)
            {
                open.Remove((mark.Id, mark.Token));
                continue;
            }

            open.Add((mark.Id, mark.Token), at);
            var held = windows.Where(window => window.From <= at && window.Until >= at - delivery).ToList();
            if (held.Count == 0 || held.Any(window => window.Concurrency is null) || open.Count <= held.Max(window => window.Concurrency)) continue;
            yield return new Violation(Rules.KeyLimit, mark.Id, $"{open.Count} attempts of '{key}' run at a time: {string.Join(", ", open.Keys.Select(run => run.Item1))}");
        }
    }

    /// <summary>In no window start more than the burst and the limit for each period of the window and of what delivery takes.</summary>
    public static IEnumerable<Violation> Rate(string key, IReadOnlySet<string> jobs, IEnumerable<RunMark> marks, int limit, TimeSpan per, int burst, long delivery)
    {
        var starts = marks.Where(mark => mark.Kind == RunMarkKind.Started && jobs.Contains(mark.Id)).Select(mark => mark.At).Order().ToList();
        for (var first = 0; first < starts.Count; first++)
        {
            for (var last = first; last < starts.Count; last++)
            {
                var most = burst + (double)limit * (starts[last] - starts[first] + delivery) / Monotonic.Of(per);
                if (last - first + 1 <= most) continue;
                yield return new Violation(Rules.KeyRate, key, $"{last - first + 1} attempts started within {Monotonic.Span(starts[last] - starts[first]).TotalMilliseconds} ms");
                yield break;
            }
        }
    }

    /// <summary>One after the other, in the order of their submits: none starts before those before it have started.</summary>
    /// <param name="order">Ids in the order in which they were accepted, each before the next was sent.</param>
    public static IEnumerable<Violation> Order(string key, IReadOnlyList<string> order, IEnumerable<RunMark> marks)
    {
        var starts = marks.Where(mark => mark.Kind == RunMarkKind.Started).GroupBy(mark => mark.Id).ToDictionary(group => group.Key, group => group.Min(mark => mark.At));
        var (latest, before) = (long.MinValue, "");
        foreach (var id in order)
        {
            if (!starts.TryGetValue(id, out var at)) continue;
            if (at < latest) yield return new Violation(Rules.KeyOrder, id, $"it started before {before}, which stands before it in '{key}'");
            else (latest, before) = (at, id);
        }
    }

    /// <summary>The same while a rule held that has not always done so: those that had started before are of no account, and none that starts in it passes one that stands before it.</summary>
    /// <param name="order">As of <see cref="Order"/>; the next is sent only once one is accepted.</param>
    public static IEnumerable<Violation> OrderWithin(string key, IReadOnlyList<string> order, IEnumerable<RunMark> marks, long from, long until)
    {
        var starts = marks.Where(mark => mark.Kind == RunMarkKind.Started).GroupBy(mark => mark.Id).ToDictionary(group => group.Key, group => group.Min(mark => mark.At));
        var (latest, before) = (long.MinValue, "");
        foreach (var id in order)
        {
            var at = starts.GetValueOrDefault(id, long.MaxValue);
            if (at < from) continue;
            if (at <= until && at < latest) yield return new Violation(Rules.KeyOrder, id, $"it started before {before}, which stands before it in '{key}'");
            if (at > latest) (latest, before) = (at, id);
        }
    }

    /// <summary>Of a unique value never two jobs run at a time, whatever became of their submits.</summary>
    /// <param name="jobs">The ids of those that had the value.</param>
    public static IEnumerable<Violation> Unique(string value, IReadOnlySet<string> jobs, IEnumerable<RunMark> marks, IReadOnlyDictionary<string, long> deaths)
    {
        var open = new HashSet<(string Id, long Token)>();
        foreach (var (_, isStart, mark) in Edges(jobs, marks, deaths))
        {
            if (!isStart) open.Remove((mark.Id, mark.Token));
            else
            {
                foreach (var (other, _) in open.Where(run => run.Id != mark.Id)) yield return new Violation(Rules.UniqueTwice, mark.Id, $"it runs beside {other}, and both have the value '{value}'");
                open.Add((mark.Id, mark.Token));
            }
        }
    }

    /// <summary>Of a value that is unique until its job starts never two wait at a time: not before they are due, when nothing can have started them.</summary>
    /// <param name="jobs">Those that had the value and ran.</param>
    /// <param name="countdown">How long each of them waits from its submit on.</param>
    public static IEnumerable<Violation> UniqueUntilStart(string value, IEnumerable<Submitted> jobs, long countdown)
    {
        var (latest, before) = (long.MinValue, "");
        foreach (var job in jobs.Where(job => job.AcceptedAt < job.FirstSentAt + countdown).OrderBy(job => job.AcceptedAt))
        {
            if (job.AcceptedAt < latest) yield return new Violation(Rules.UniqueTwice, job.Id, $"it waits beside {before}, and both have the value '{value}'");
            if (job.FirstSentAt + countdown > latest) (latest, before) = (job.FirstSentAt + countdown, job.Id);
        }
    }

    private static IEnumerable<(long At, bool IsStart, RunMark Mark)> Edges(IReadOnlySet<string> jobs, IEnumerable<RunMark> marks, IReadOnlyDictionary<string, long> deaths)
    {
        var runs = marks.Where(mark => jobs.Contains(mark.Id)).GroupBy(mark => (mark.Id, mark.Token));
        var edges = new List<(long At, bool IsStart, RunMark Mark)>();
        foreach (var run in runs)
        {
            if (!run.Any(mark => mark.Kind == RunMarkKind.Started)) continue;
            var start = run.First(mark => mark.Kind == RunMarkKind.Started);
            edges.Add((start.At, true, start));
            var end = run.Where(mark => mark.Kind != RunMarkKind.Started).Select(mark => (long?)mark.At).Max() ?? (deaths.TryGetValue(start.Silo, out var died) ? died : null);
            if (end is { } at) edges.Add((Math.Max(at, start.At), false, start));
        }

        // What ends at an instant has ended when another starts at it.
        return edges.OrderBy(edge => edge.At).ThenBy(edge => edge.IsStart);
    }
}
