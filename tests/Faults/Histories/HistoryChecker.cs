namespace OrleansJobs.Faults.Histories;

/// <summary>Holds a history against the promises. Pure: the same history gives the same violations.</summary>
internal static class HistoryChecker
{
    public static List<Violation> Check(History history)
    {
        var violations = new List<Violation>();
        var submits = history.Submits.ToDictionary(submit => submit.Id);
        var runs = JobRuns.Of(history.Marks);
        CheckNothingInvented(history, submits, runs, violations);
        CheckStarts(submits, runs, history.Faults, violations);
        var ends = CheckReadings(history, submits, violations);
        CheckEnds(history, submits, runs, ends, violations);
        return violations;
    }

    /// <summary>Nothing runs or is stored that nobody submitted.</summary>
    private static void CheckNothingInvented(
        History history, Dictionary<string, Submitted> submits, Dictionary<string, JobRuns> runs, List<Violation> violations)
    {
        var ran = runs.Keys.Where(id => !submits.ContainsKey(id)).ToHashSet();
        var stored = (history.Store ?? []).Select(row => row.Id).Where(id => !submits.ContainsKey(id)).ToHashSet();
        if (ran.Union(stored).Count() <= history.Unanswered) return;
        foreach (var id in ran) violations.Add(new(Rules.Phantom, id, "ran, but nobody submitted it"));
        foreach (var id in stored) violations.Add(new(Rules.Phantom, id, "is stored, but nobody submitted it"));
    }

    private static void CheckStarts(
        Dictionary<string, Submitted> submits, Dictionary<string, JobRuns> runs, List<FaultWindow> faults, List<Violation> violations)
    {
        var explaining = faults.Where(fault => fault.ExplainsRepeats).ToLookup(fault => fault.Target);
        foreach (var (id, job) in runs)
        {
            if (submits.TryGetValue(id, out var submit) && job.Attempts[0].StartedAt < submit.NotBefore)
                violations.Add(new(Rules.Early, id, $"started {Milliseconds(submit.NotBefore - job.Attempts[0].StartedAt)} ms before its time"));
            foreach (var twice in job.Attempts.GroupBy(attempt => attempt.Token).Where(group => group.Count() > 1))
                violations.Add(new(Rules.TokenTwice, id, $"token {twice.Key} started {twice.Count()} times, on {string.Join(", ", twice.Select(attempt => attempt.Silo))}"));
            CheckRepeats(id, job, explaining, violations);
        }
    }

    /// <summary>In the order of starts no token goes back, and no attempt is followed by another without a reason.</summary>
    private static void CheckRepeats(string id, JobRuns job, ILookup<string, FaultWindow> explaining, List<Violation> violations)
    {
        for (var i = 1; i < job.Attempts.Count; i++)
        {
            // A process that was stopped between taking a job and starting it starts late, when another already has it. Nobody can prevent that
            // but whoever the handler passes its token to; on a process that nothing was done to, it is an error.
            var (before, after) = (job.Attempts[i - 1], job.Attempts[i]);
            if (after.Token < before.Token && !explaining[after.Silo].Any(fault => fault.From <= after.StartedAt))
                violations.Add(new(Rules.TokenWentBack, id, $"token {after.Token} on {after.Silo} started after {before.Token} on {before.Silo}"));
        }

        var given = job.Attempts.OrderBy(attempt => attempt.Token).ToList();
        for (var i = 1; i < given.Count; i++)
        {
            var (repeated, repeat) = (given[i - 1], given[i]);
            if (repeated.End == RunMarkKind.Threw || repeated.Token == repeat.Token) continue;
            var (from, to) = (Math.Min(repeated.StartedAt, repeat.StartedAt), Math.Max(repeated.StartedAt, repeat.StartedAt));
            if (!explaining[repeated.Silo].Any(fault => fault.From <= to && fault.To >= from))
                violations.Add(new(Rules.UnexplainedRepeat, id,
                    $"token {repeated.Token} on {repeated.Silo} was followed by {repeat.Token} on {repeat.Silo} {Milliseconds(repeat.StartedAt - repeated.StartedAt)} ms later, and nothing was done to {repeated.Silo}"));
        }
    }

    /// <summary>No answer is behind one that was there before it was asked for, and a finished job stays as it is.</summary>
    /// <returns>The first terminal reading of each job.</returns>
    private static Dictionary<string, Reading> CheckReadings(History history, Dictionary<string, Submitted> submits, List<Violation> violations)
    {
        var ends = new Dictionary<string, Reading>();
        foreach (var job in history.Readings.GroupBy(reading => reading.Id))
        {
            if (!submits.ContainsKey(job.Key)) violations.Add(new(Rules.Phantom, job.Key, "was answered, but nobody submitted it"));
            var readings = job.ToList();
            ReadingOrder.Check(readings, violations);
            if (ReadingOrder.CheckEnd(readings, violations) is { } end) ends[job.Key] = end;
        }

        return ends;
    }

    /// <summary>Every accepted job has ended once and rightly, and the three ways to look at it agree.</summary>
    private static void CheckEnds(
        History history, Dictionary<string, Submitted> submits, Dictionary<string, JobRuns> runs, Dictionary<string, Reading> ends, List<Violation> violations)
    {
        var last = history.Readings.GroupBy(reading => reading.Id).ToDictionary(group => group.Key, group => group.MaxBy(reading => reading.At));
        var rows = history.Store?.ToDictionary(row => row.Id);
        foreach (var submit in submits.Values)
        {
            var accepted = submit.AcceptedAt is not null;
            var read = last.TryGetValue(submit.Id, out var reading);
            if (accepted && history.FinallyRead.Contains(submit.Id))
            {
                if (!read) violations.Add(new(Rules.Lost, submit.Id, "was accepted; nothing answers to its id"));
                else if (!reading.IsTerminal) violations.Add(new(Rules.Unfinished, submit.Id, $"is still {reading.State}"));
            }

            string? stored = null;
            if (rows is not null)
            {
                if (rows.TryGetValue(submit.Id, out var row)) stored = CheckRow(submit, row, accepted, violations);
                else if (accepted) violations.Add(new(Rules.Lost, submit.Id, "was accepted; the store does not have it"));
            }

            if (!ends.TryGetValue(submit.Id, out var end)) continue;
            if (stored is not null && stored != end.State)
                violations.Add(new(Rules.Disagreement, submit.Id, $"HTTP says {end.State}, the store {stored}"));
            if (!submit.Expected.Allows(end.State, end.ErrorCode))
                violations.Add(new(Rules.WrongEnd, submit.Id, $"ended {end.State} {end.ErrorCode}, expected {submit.Expected}"));
            CheckResult(submit.Id, end, runs.GetValueOrDefault(submit.Id), violations);
        }
    }

    private static string? CheckRow(Submitted submit, StoreRow row, bool accepted, List<Violation> violations)
    {
        if (row.Places.Count != 1) violations.Add(new(Rules.Disagreement, submit.Id, $"is in {row.Places.Count} places of the store: {string.Join(", ", row.Places)}"));
        if (accepted && row.State is null) violations.Add(new(Rules.Unfinished, submit.Id, $"is stored as {string.Join(", ", row.Places)}"));
        return row.State;
    }

    /// <summary>A result was returned by a handler, and by the newest attempt: whatever an older one said had to be refused.</summary>
    private static void CheckResult(string id, Reading end, JobRuns? job, List<Violation> violations)
    {
        if (end.State != "SUCCESS" || end.ResultToken is not { } token) return;
        var attempt = job?.Attempts.FirstOrDefault(attempt => attempt.Token == token);
        if (attempt is null || attempt.End != RunMarkKind.Returned)
            violations.Add(new(Rules.Disagreement, id, $"SUCCESS with token {token}, but the sink has no end of that attempt"));
        else if (job!.Attempts.MaxBy(other => other.Token) is { } newest && newest.Token > token)
            violations.Add(new(Rules.StaleAccepted, id, $"the result is of token {token}, though {newest.Token} was given to {newest.Silo}"));
    }

    private static double Milliseconds(long nanoseconds) => Math.Round(nanoseconds / 1e6, 1);
}
