namespace OrleansJobs.Faults.Histories;

/// <summary>How long the jobs that a fault hit had to wait until they ran again.</summary>
internal static class Recovery
{
    /// <summary>For each job that was running on the target of one of these faults: from the fault to its next start, in milliseconds.</summary>
    public static List<double> Times(History history, Func<FaultWindow, bool> which)
    {
        var runs = JobRuns.Of(history.Marks);
        var times = new List<double>();
        foreach (var fault in history.Faults.Where(which))
        {
            foreach (var job in runs.Values)
            {
                if (!job.Attempts.Any(attempt => attempt.Silo == fault.Target && attempt.WasRunningAt(fault.From))) continue;
                var next = job.Attempts.FirstOrDefault(attempt => attempt.StartedAt > fault.From);
                if (next is not null) times.Add((next.StartedAt - fault.From) / 1e6);
            }
        }

        times.Sort();
        return times;
    }

    /// <param name="sorted">Ascending; not empty.</param>
    public static double Percentile(List<double> sorted, double share) => sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * share)];
}
