namespace OrleansJobs.Faults.Histories;

/// <summary>The attempts of one job as the sink has them, in the order in which they started.</summary>
internal sealed class JobRuns
{
    public List<RunAttempt> Attempts { get; } = [];

    /// <summary>Pairs the marks of each job. An end without a start is an attempt of its own, which the checker will not know what to do with: it is a broken sink.</summary>
    public static Dictionary<string, JobRuns> Of(IEnumerable<RunMark> marks)
    {
        var jobs = new Dictionary<string, JobRuns>();
        foreach (var mark in marks.OrderBy(mark => mark.At))
        {
            if (!jobs.TryGetValue(mark.Id, out var job)) jobs[mark.Id] = job = new JobRuns();
            if (mark.Kind == RunMarkKind.Started)
            {
                job.Attempts.Add(new RunAttempt(mark.Token, mark.Attempt, mark.Silo, mark.At));
                continue;
            }

            var attempt = job.Attempts.LastOrDefault(attempt => attempt.Token == mark.Token && attempt.Silo == mark.Silo && attempt.End is null)
                ?? throw new InvalidDataException($"The sink has an end of job {mark.Id}, token {mark.Token} on {mark.Silo}, without its start.");
            attempt.End = mark.Kind;
            attempt.EndedAt = mark.At;
        }

        return jobs;
    }
}

internal sealed class RunAttempt(long token, int number, string silo, long startedAt)
{
    public long Token { get; } = token;
    public int Number { get; } = number;
    public string Silo { get; } = silo;
    public long StartedAt { get; } = startedAt;

    /// <summary>Null where it never came to its end.</summary>
    public RunMarkKind? End { get; set; }
    public long EndedAt { get; set; } = long.MaxValue;

    public bool WasRunningAt(long moment) => StartedAt <= moment && EndedAt > moment;
}
