using System.Globalization;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Jobs;

/// <summary>A place in the grid's list of jobs, which is ordered by stamp, newest first, and then by partition.</summary>
internal readonly record struct ListCursor(long Stamp, int Partition)
{
    public static readonly ListCursor Start = new(long.MaxValue, int.MaxValue);

    /// <summary>The bound for a partition's stamps: below it, everything comes after the cursor.</summary>
    public long Before(int partition) => partition > Partition ? Stamp + 1 : Stamp;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Stamp:x}.{Partition:x}");

    public static bool TryParse(string? text, out ListCursor cursor)
    {
        cursor = Start;
        if (text is null) return true;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1
            || !long.TryParse(text.AsSpan(0, dot), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var stamp)
            || !int.TryParse(text.AsSpan(dot + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var partition)
            || stamp < 0 || partition < 0)
            return false;
        cursor = new(stamp, partition);
        return true;
    }
}

/// <summary>Makes one page of the pages of all partitions.</summary>
internal static class ListMerge
{
    /// <param name="pages">By partition.</param>
    public static JobPage Merge(IReadOnlyList<PartitionPage> pages, int limit)
    {
        // Below the highest stamp that some partition stopped at, its jobs are missing: the page ends there.
        var floor = new ListCursor(long.MinValue, int.MaxValue);
        for (var partition = 0; partition < pages.Count; partition++)
        {
            if (pages[partition].LookedDownTo is { } stamp && stamp >= floor.Stamp && (stamp > floor.Stamp || partition < floor.Partition)) floor = new(stamp, partition);
        }

        var jobs = pages.SelectMany((page, partition) => page.Jobs.Select(job => (Place: new ListCursor(job.Stamp, partition), job.Status)))
            .Where(job => job.Place.Stamp > floor.Stamp || (job.Place.Stamp == floor.Stamp && job.Place.Partition <= floor.Partition))
            .OrderByDescending(job => job.Place.Stamp).ThenBy(job => job.Place.Partition)
            .Take(limit + 1).ToList();
        var cursor = jobs.Count > limit ? jobs[limit - 1].Place : floor.Stamp > long.MinValue ? floor : (ListCursor?)null;
        return new JobPage([.. jobs.Take(limit).Select(job => job.Status)], cursor?.ToString())
        {
            Reach = cursor is { } end && jobs.Count < limit ? new(pages.Sum(page => (long)page.LookedAt), DateTimeOffset.FromUnixTimeMilliseconds(end.Stamp >> JobSpec.StampShift)) : null,
        };
    }
}
