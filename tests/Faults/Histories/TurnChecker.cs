namespace OrleansJobs.Faults.Histories;

/// <summary>
/// Holds the marks of handlers against what turns promise: while one tenant has very many jobs, a single one of another starts within a few rounds. What time that takes goes by
/// the machine; how many jobs of the flood start meanwhile does not.
/// </summary>
internal static class TurnChecker
{
    /// <param name="flood">The ids of the one that has very many.</param>
    /// <param name="singles">When each of the others' jobs was accepted.</param>
    /// <param name="most">So many of the flood may start between a job's acceptance and its start.</param>
    /// <param name="deaths">When silos were killed: a partition may have been away, with a single job and not the flood.</param>
    /// <param name="recovery">What starts within so long after that does not count.</param>
    public static IEnumerable<Violation> Starved(
        IReadOnlySet<string> flood, IReadOnlyDictionary<string, long> singles, IEnumerable<RunMark> marks, int most, IReadOnlyCollection<long> deaths, long recovery)
    {
        var starts = marks.Where(mark => mark.Kind == RunMarkKind.Started).GroupBy(mark => mark.Id).ToDictionary(group => group.Key, group => group.Min(mark => mark.At));
        var floods = starts.Where(start => flood.Contains(start.Key) && !deaths.Any(death => start.Value >= death && start.Value < death + recovery)).Select(start => start.Value).ToList();
        foreach (var (id, accepted) in singles)
        {
            var hasStarted = starts.TryGetValue(id, out var started);
            var before = floods.Count(at => at > accepted && (!hasStarted || at < started));
            if (before > most)
                yield return new Violation(Rules.TenantStarved, id, $"{before} jobs of the flood started while it waited, {(hasStarted ? $"{Monotonic.Span(started - accepted).TotalSeconds:0.0} s" : "and it never did")}");
        }
    }
}
