using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>
/// How a partition looks for jobs, newest submits first: through the rarest index that holds all that fit, or else through the logs of the queues and types
/// that do, within bounds of the time of submit.
/// </summary>
/// <param name="Index">Null: the logs.</param>
/// <param name="Before">Only stamps below.</param>
/// <param name="After">Only stamps above.</param>
/// <param name="FirstChunk">Lines of the first read.</param>
/// <param name="LargestChunk">Lines of one read, at most.</param>
/// <param name="MostLines">Lines that a page looks at, at most.</param>
internal readonly record struct ListPlan(string? Index, long Before, long After, int FirstChunk, int LargestChunk, int MostLines)
{
    /// <summary>Lines whose ids alone are looked at: no record is read for those that do not fit.</summary>
    public const int MostIds = 10_000;

    /// <summary>Stamps are about the time of submit: ahead of it where very many came at once, or where a clock was set back.</summary>
    private const long StampSlack = 60_000;

    public static ListPlan Of(JobQuery query, long before)
    {
        // What started or ended before an instant was submitted before it too.
        foreach (var bound in (DateTimeOffset?[])[query.SubmittedBefore, query.StartedBefore, query.FinishedBefore])
        {
            if (bound is { } instant) before = Math.Min(before, JobSpec.StampAt(Math.Max(0, instant.ToUnixTimeMilliseconds()) + StampSlack));
        }

        var after = query.SubmittedAfter is { } submitted ? JobSpec.StampAt(submitted.ToUnixTimeMilliseconds()) : 0;
        // One line more than the page, to know whether there is another. Where lines do not fit the filter, ever more are looked at.
        return query.Id is null
            ? new(IndexOf(query), before, after, query.Limit + 1, JobLimits.MaxPage + 1, int.MaxValue)
            : new(IndexOf(query), before, after, MostIds / 10 + 1, MostIds / 10 + 1, MostIds);
    }

    public int Next(int chunk) => Math.Min(2 * chunk, LargestChunk);

    private static string? IndexOf(JobQuery query) =>
        query.Schedule is { } schedule ? IndexNames.Schedule(schedule)
        : query.Parent is { } parent ? IndexNames.Parent(parent)
        : query.After is { } leader ? IndexNames.After(leader)
        : query.Tags.Length > 0 ? IndexNames.Tag(query.Tags[0])
        // Only failed jobs have an error.
        : IndexNames.State(query.State ?? (query.Error is null ? null : JobState.Failure));
}
