using System.Globalization;
using OrleansJobs.Partitions;

namespace OrleansJobs.Jobs;

/// <summary>Makes one page of the pages of all partitions, of jobs by when they are due.</summary>
internal static class DueMerge
{
    public static JobPage Merge(IReadOnlyList<DuePage> pages, int limit)
    {
        // Beyond the first place that some partition stopped at, its jobs are missing: the page ends there.
        var ceiling = pages.Min(page => page.LookedUpTo);
        var jobs = pages.SelectMany(page => page.Jobs).Select(job => (Place: new DuePlace(job.Due, job.Status.Id), job.Status))
            .Where(job => ceiling is not { } end || job.Place.CompareTo(end) <= 0)
            .OrderBy(job => job.Place).Take(limit + 1).ToList();
        var cursor = jobs.Count > limit ? jobs[limit - 1].Place : ceiling;
        return new JobPage([.. jobs.Take(limit).Select(job => job.Status)], cursor is { } place ? Text(place) : null)
        {
            Reach = cursor is { } end && jobs.Count < limit ? new(pages.Sum(page => (long)page.LookedAt), DateTimeOffset.FromUnixTimeMilliseconds(end.Due)) : null,
        };
    }

    public static string Text(DuePlace place) => string.Create(CultureInfo.InvariantCulture, $"{place.Due:x}.{place.Id}");

    /// <param name="text">Null: the beginning.</param>
    public static bool TryParse(string? text, out DuePlace place)
    {
        place = DuePlace.Start;
        if (text is null) return true;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || !long.TryParse(text.AsSpan(0, dot), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var due) || due < 0 || !JobIds.IsValid(text[(dot + 1)..])) return false;
        place = new(due, text[(dot + 1)..]);
        return true;
    }
}
