namespace OrleansJobs.Faults.Histories;

/// <summary>Holds what all readers were told of one job against each other, in the order of real time.</summary>
internal static class ReadingOrder
{
    /// <remarks>
    /// Two answers of which one was asked for before the other was there overlap, and either may be the older one. An answer that was asked for after
    /// another was there may not be behind it, whoever the two readers were.
    /// </remarks>
    public static void Check(IReadOnlyCollection<Reading> readings, List<Violation> violations)
    {
        var answered = new Queue<Reading>(readings.OrderBy(reading => reading.At));
        Reading? newest = null, end = null;
        foreach (var reading in readings.OrderBy(reading => reading.AskedAt))
        {
            while (answered.TryPeek(out var earlier) && earlier.At < reading.AskedAt)
            {
                answered.Dequeue();
                if (newest is null || earlier.Version > newest.Value.Version) newest = earlier;
                if (earlier.IsTerminal) end ??= earlier;
            }

            if (newest is { } seen && reading.Version < seen.Version)
                violations.Add(new(Rules.VersionWentBack, reading.Id, $"{reading.Reader} saw {reading.Version} after {seen.Version} was answered to {seen.Reader}{Later(reading, seen)}"));
            if (end is { } ended && !reading.IsTerminal)
                violations.Add(new(Rules.TerminalChanged, reading.Id, $"was {ended.State} for {ended.Reader}, then {reading.State} for {reading.Reader}{Later(reading, ended)}"));
        }
    }

    /// <summary>A finished job stays as it is: there no order matters.</summary>
    /// <returns>The first terminal answer; null: there was none.</returns>
    public static Reading? CheckEnd(IEnumerable<Reading> readings, List<Violation> violations)
    {
        Reading? end = null;
        foreach (var reading in readings.Where(reading => reading.IsTerminal).OrderBy(reading => reading.At))
        {
            end ??= reading;
            if (reading.State != end.Value.State || reading.Content != end.Value.Content)
                violations.Add(new(Rules.TerminalChanged, reading.Id, $"was {end.Value.State} {end.Value.Content} for {end.Value.Reader}, then {reading.State} {reading.Content} for {reading.Reader}"));
        }

        return end;
    }

    private static string Later(Reading reading, Reading before) => $", {Math.Round((reading.AskedAt - before.At) / 1e6, 1)} ms before it was asked for";
}
