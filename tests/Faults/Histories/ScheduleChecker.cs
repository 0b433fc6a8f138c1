using System.Globalization;

namespace OrleansJobs.Faults.Histories;

/// <summary>What a schedule was from an instant on, by the grid's clock, in milliseconds.</summary>
/// <param name="Every">Its instants are the multiples of so many milliseconds; null while it is paused.</param>
internal sealed record ScheduleEdition(long Since, long? Every);

/// <summary>The job of an occurrence: for which instant, and when it was submitted, by the grid's clock, in milliseconds.</summary>
internal sealed record ScheduleOccurrence(string Id, long At, long SubmittedAt);

/// <summary>Holds the occurrences of a schedule to what it was told over time: each instant that was due is served once and never early, or was missed as its rule allows.</summary>
internal static class ScheduleChecker
{
    private const long MissedAfter = 60_000;

    /// <param name="missed">The rule for instants that nobody could serve in time.</param>
    /// <param name="editions">What it was, oldest first; the last one is a pause, with which looking ends.</param>
    /// <returns>What is wrong.</returns>
    public static IEnumerable<string> Check(string missed, IReadOnlyList<ScheduleEdition> editions, IReadOnlyList<ScheduleOccurrence> occurrences)
    {
        foreach (var twice in occurrences.GroupBy(job => job.At).Where(same => same.Count() > 1))
            yield return $"{Said(twice.Key)} has {twice.Count()} occurrences: {string.Join(", ", twice.Select(job => job.Id))}";
        foreach (var job in occurrences.Where(job => job.SubmittedAt < job.At)) yield return $"{Said(job.At)} was submitted {job.At - job.SubmittedAt} ms early";
        var due = Due(editions).ToList();
        var served = occurrences.GroupBy(job => job.At).ToDictionary(same => same.Key, same => same.First().SubmittedAt);
        foreach (var instant in served.Keys.Except(due).Order()) yield return $"{Said(instant)} was served, and was not due";
        long? next = null;
        for (var i = due.Count - 1; i >= 0; i--)
        {
            if (served.ContainsKey(due[i])) next = due[i];
            // When it was passed by: the next that was served tells.
            else if (missed == "all" || next is not { } then || served[then] - due[i] <= MissedAfter) yield return $"{Said(due[i])} was due, and nothing became of it";
            else if (missed == "one" && due[i + 1] == then && served[then] - then <= MissedAfter) yield return $"{Said(due[i])} was the latest that was missed, and was not served";
        }
    }

    /// <summary>The instants of each edition, while it stood.</summary>
    public static IEnumerable<long> Due(IReadOnlyList<ScheduleEdition> editions)
    {
        for (var i = 0; i + 1 < editions.Count; i++)
        {
            if (editions[i].Every is not { } every) continue;
            // What is due with the making itself is its own; what is due with a change belongs to what was before.
            var first = (editions[i].Since - (i == 0 ? 1 : 0)) / every + 1;
            for (var instant = first * every; instant <= editions[i + 1].Since; instant += every) yield return instant;
        }
    }

    private static string Said(long instant) => DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
