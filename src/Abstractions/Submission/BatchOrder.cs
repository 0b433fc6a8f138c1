namespace OrleansJobs;

/// <summary>In which order the jobs of a batch are submitted, so that those exist that others of it are said to follow. A pure function.</summary>
internal static class BatchOrder
{
    /// <returns>
    /// Places of the batch, in stages: a job follows none of its own stage or a later one. And those that follow each other in a circle, each with the pointer to
    /// where it closes; they are in no stage.
    /// </returns>
    public static (IReadOnlyList<int[]> Stages, IReadOnlyDictionary<int, SubmissionProblem> Circles) Of(IReadOnlyList<JobSubmission> jobs)
    {
        // Nearly every batch has none.
        if (!jobs.Any(job => job.After.Length > 0)) return ([[.. Enumerable.Range(0, jobs.Count)]], Nothing);
        var places = new Dictionary<string, int>(jobs.Count, StringComparer.Ordinal);
        for (var i = 0; i < jobs.Count; i++) places.TryAdd(jobs[i].Id, i);

        var open = new int[jobs.Count];
        var followers = new List<int>?[jobs.Count];
        for (var i = 0; i < jobs.Count; i++)
        {
            foreach (var after in jobs[i].After)
            {
                // One that follows itself breaks a rule of its own.
                if (after.Job is null || !places.TryGetValue(after.Job, out var named) || named == i) continue;
                (followers[named] ??= []).Add(i);
                open[i]++;
            }
        }

        var stages = new List<int[]>();
        int[] stage = [.. Enumerable.Range(0, jobs.Count).Where(place => open[place] == 0)];
        while (stage.Length > 0)
        {
            stages.Add(stage);
            stage = [.. stage.SelectMany(place => followers[place] ?? []).Where(follower => --open[follower] == 0).Order()];
        }

        return (stages, Circles(jobs, places, open));
    }

    private static readonly Dictionary<int, SubmissionProblem> Nothing = [];

    /// <summary>What is left either is part of a circle or stands behind one, and cannot be submitted either way.</summary>
    private static Dictionary<int, SubmissionProblem> Circles(IReadOnlyList<JobSubmission> jobs, Dictionary<string, int> places, int[] open)
    {
        var problems = new Dictionary<int, SubmissionProblem>();
        for (var i = 0; i < open.Length; i++)
        {
            if (open[i] == 0) continue;
            var at = Array.FindIndex(jobs[i].After, after => after.Job is not null && places.TryGetValue(after.Job, out var named) && named != i && open[named] > 0);
            problems[i] = new($"/after/{at}", $"'{jobs[i].Id}' and '{jobs[i].After[at].Job}' would wait for each other, or stand behind some that do.");
        }

        return problems;
    }
}
