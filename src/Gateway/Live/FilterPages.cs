using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Live;

/// <summary>The newest jobs of a filter, asked for at most once a second however many streams follow it, and of few filters at a time.</summary>
internal sealed class FilterPages(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Looks that are under way at a time; those of further filters wait for their turn.</summary>
    public const int MaxLooks = 32;

    /// <summary>Pages that one look reads on where the grid's bound for one page leaves some of the filter's jobs out.</summary>
    public const int MaxPages = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Filter> _filters = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _looks = new(MaxLooks);
    private long _sweptAt = time.GetTimestamp();

    /// <param name="since">A timestamp: what was asked for before it is too old.</param>
    public Task<JobPage> NewestAsync(JobQuery query, long since)
    {
        var key = KeyOf(query);
        lock (_lock)
        {
            if (!_filters.TryGetValue(key, out var filter))
            {
                Sweep();
                _filters[key] = filter = new();
            }

            // The next one is asked for later than now.
            if (filter.Next is { } next) return next;
            if (filter.Page is { IsFaulted: false, IsCanceled: false } page && filter.AskedAt >= since) return page;
            var wait = filter.Page is null ? TimeSpan.Zero : Interval - time.GetElapsedTime(filter.AskedAt);
            return filter.Next = AskLaterAsync(filter, query, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }

    private async Task<JobPage> AskLaterAsync(Filter filter, JobQuery query, TimeSpan wait)
    {
        // A wait below a millisecond is over at once: what follows must not run within the caller's lock, before the caller has set what it takes back.
        await Task.Delay(wait, time).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _looks.WaitAsync();
        try
        {
            Task<JobPage> page;
            lock (_lock)
            {
                filter.Next = null;
                filter.AskedAt = time.GetTimestamp();
                filter.Page = page = AskAsync(query);
            }

            return await page;
        }
        finally
        {
            _looks.Release();
        }
    }

    /// <summary>Where a page was cut short by the grid's bound, the next one is read too, as far as a look may cost.</summary>
    private async Task<JobPage> AskAsync(JobQuery query)
    {
        var page = await grid.Whole.List(query);
        for (var pages = 1; pages < MaxPages && page.Cursor is not null && page.Jobs.Length < query.Limit; pages++)
        {
            var next = await grid.Whole.List(query with { Cursor = page.Cursor, Limit = query.Limit - page.Jobs.Length });
            page = new([.. page.Jobs, .. next.Jobs], next.Cursor);
        }

        return page;
    }

    /// <summary>Forgets filters that nobody has looked at lately. Those that were are kept, however many: a forgotten one could be asked for twice in a second.</summary>
    private void Sweep()
    {
        if (time.GetElapsedTime(_sweptAt) < Interval) return;
        _sweptAt = time.GetTimestamp();
        foreach (var (key, filter) in _filters)
        {
            if (filter.Next is null && filter.Page?.IsCompleted != false && time.GetElapsedTime(filter.AskedAt) >= Interval) _filters.Remove(key);
        }
    }

    // What comes from outside is escaped, so that a value with separators in it does not read as two.
    private static string KeyOf(JobQuery query) => string.Join('&',
        [$"{query.State}", query.Queue, query.Type, query.Parent, $"{query.Limit}", .. query.Tags.Select(tag => $"{Uri.EscapeDataString(tag.Name)}={Uri.EscapeDataString(tag.Value)}")]);

    private sealed class Filter
    {
        public long AskedAt { get; set; }
        public Task<JobPage>? Page { get; set; }

        /// <summary>Not asked for yet.</summary>
        public Task<JobPage>? Next { get; set; }
    }
}
