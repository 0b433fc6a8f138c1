using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Live;

/// <summary>The newest jobs of a filter, asked for at most once a second however many streams follow it.</summary>
internal sealed class FilterPages(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int MaxKept = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Filter> _filters = new(StringComparer.Ordinal);

    /// <param name="since">A timestamp: what was asked for before it is too old.</param>
    public Task<JobPage> NewestAsync(JobQuery query, long since)
    {
        var key = KeyOf(query);
        lock (_lock)
        {
            if (!_filters.TryGetValue(key, out var filter))
            {
                if (_filters.Count >= MaxKept) _filters.Clear();
                _filters[key] = filter = new();
            }

            // The next one is asked for later than now.
            if (filter.Next is { } next) return next;
            if (filter.Page is { IsFaulted: false } page && filter.AskedAt >= since) return page;
            var wait = filter.Page is null ? TimeSpan.Zero : Interval - time.GetElapsedTime(filter.AskedAt);
            return wait <= TimeSpan.Zero ? Ask(filter, query) : filter.Next = AskLaterAsync(filter, query, wait);
        }
    }

    private async Task<JobPage> AskLaterAsync(Filter filter, JobQuery query, TimeSpan wait)
    {
        await Task.Delay(wait, time);
        Task<JobPage> page;
        lock (_lock)
        {
            filter.Next = null;
            page = Ask(filter, query);
        }

        return await page;
    }

    private Task<JobPage> Ask(Filter filter, JobQuery query)
    {
        filter.AskedAt = time.GetTimestamp();
        return filter.Page = AskAsync(query);
    }

    private async Task<JobPage> AskAsync(JobQuery query) => await grid.Whole.List(query);

    // What comes from outside is escaped, so that a value with separators in it does not read as two.
    private static string KeyOf(JobQuery query) => string.Join('&',
        [$"{query.State}", query.Queue, query.Type, $"{query.Limit}", .. query.Tags.Select(tag => $"{Uri.EscapeDataString(tag.Name)}={Uri.EscapeDataString(tag.Value)}")]);

    private sealed class Filter
    {
        public long AskedAt { get; set; }
        public Task<JobPage>? Page { get; set; }

        /// <summary>Not asked for yet.</summary>
        public Task<JobPage>? Next { get; set; }
    }
}
