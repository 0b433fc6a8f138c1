using System.Collections.Concurrent;
using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Live;

/// <summary>The newest jobs of a filter, asked for at most once a second however many streams follow it.</summary>
internal sealed class FilterPages(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int MaxKept = 256;

    private readonly ConcurrentDictionary<string, (long AskedAt, Task<JobPage> Page)> _pages = new(StringComparer.Ordinal);

    public Task<JobPage> NewestAsync(JobQuery query)
    {
        var key = string.Join('&', [$"{query.State}", query.Queue, query.Type, $"{query.Limit}", .. query.Tags.Select(tag => $"{tag.Name}={tag.Value}")]);
        if (_pages.TryGetValue(key, out var known) && time.GetElapsedTime(known.AskedAt) < Interval && !known.Page.IsFaulted) return known.Page;
        if (_pages.Count >= MaxKept) _pages.Clear();
        var page = grid.Whole.List(query);
        _pages[key] = (time.GetTimestamp(), page);
        return page;
    }
}
