using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// Follows the newest jobs of a filter. It is told of changes by the partitions, and looks at the list at first, where it was not told of some, and
/// once a minute in case. Jobs that run are watched, for their progress; others are told as the partitions tell of them.
/// </summary>
internal sealed partial class FilterFollower
{
    /// <summary>Between two turns, so that the many jobs of a busy grid are taken in together and only the newest of them are watched.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, FollowedJob> _jobs = new(StringComparer.Ordinal);

    /// <summary>Jobs that fit no longer and whose watches have yet to tell how they ended.</summary>
    private readonly List<FollowedJob> _ending = [];
    private readonly JobGrid _grid;
    private readonly WatchHub _hub;
    private readonly FilterPages _pages;
    private readonly ChangeFeed _feed;
    private readonly JobQuery _query;
    private readonly EventReader _reader;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ChangeInbox _inbox;

    public FilterFollower(JobGrid grid, WatchHub hub, FilterPages pages, ChangeFeed feed, JobQuery query, EventReader reader, TimeProvider time, ILogger<FilterFollower> logger)
    {
        (_grid, _hub, _pages, _feed, _query, _reader, _time, _logger) = (grid, hub, pages, feed, query, reader, time, logger);
        _inbox = new(change => _jobs.ContainsKey(change.Id) || (change.Status is { } status && query.Matches(status)), time);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _feed.Add(_inbox);
        _inbox.TellGap();
        var follow = FollowAsync(ending.Token);
        try
        {
            // A stream that follows nothing any more ends, so that its reader comes again.
            await _reader.RunAsync(withJobId: true, () => follow.IsCompleted, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            _feed.Remove(_inbox);
            await ending.CancelAsync();
            await follow.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (follow.Exception is { } broken) LogBroken(broken.InnerException ?? broken);
            foreach (var job in _jobs.Values.Concat(_ending)) job.Leave(_hub);
        }
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _inbox.WaitAsync(LookAgain, cancellation);
            var gone = _inbox.TakeGap() is { } since ? await LookAsync(since, cancellation) : [];
            var changes = _inbox.TakeJobs();
            // A change says more of a job than that the list does not have it.
            foreach (var change in changes) gone.Remove(change.Id);
            foreach (var (id, status) in gone) Miss(id, status);
            TakeIn(changes);
            _ending.RemoveAll(job => !job.IsWatched);
            await Task.Delay(Turn, _time, cancellation);
        }
    }

    /// <returns>Jobs that are followed and that the list should have and has not, with where they stand if they are watched.</returns>
    private async Task<Dictionary<string, JobStatus?>> LookAsync(long since, CancellationToken cancellation)
    {
        try
        {
            var page = await _pages.NewestAsync(_query, since).WaitAsync(cancellation);
            var gone = await StatusesOfAsync(MissingIn(page), cancellation);
            // Oldest first, so that a reader that puts each event on top has the order of the list.
            for (var i = page.Jobs.Length - 1; i >= 0; i--) Follow(page.Jobs[i]);
            return gone;
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && GatewayErrors.IsUnavailable(exception))
        {
            // The grid is away; the next look may find it.
            _inbox.TellGap();
            await Task.Delay(FilterPages.Interval, _time, cancellation);
            return [];
        }
    }

    /// <summary>Of a page that was cut short, only what is newer than its last job: of others it does not know whether they fit.</summary>
    private List<string> MissingIn(JobPage page)
    {
        var isCutShort = page.Cursor is not null && page.Jobs.Length < _query.Limit;
        if (isCutShort && page.Jobs.Length == 0) return [];
        var floor = isCutShort ? page.Jobs[^1].SubmittedAt : (DateTimeOffset?)null;
        return [.. _jobs.Where(job => floor is null || job.Value.SubmittedAt > floor).Select(job => job.Key).Except(page.Jobs.Select(job => job.Id))];
    }

    /// <summary>Those that are watched are asked for: their readers are still to be told what became of them.</summary>
    private async Task<Dictionary<string, JobStatus?>> StatusesOfAsync(List<string> missing, CancellationToken cancellation)
    {
        var statuses = new Dictionary<string, JobStatus?>(StringComparer.Ordinal);
        // One after the other: the partition's answers come with results.
        foreach (var id in missing)
        {
            var isWatched = _jobs.TryGetValue(id, out var job) && job.IsWatched;
            statuses[id] = isWatched && await (await _grid.PartitionAsync(id)).Get(id).WaitAsync(cancellation) is { } status ? status with { Result = null } : null;
        }

        return statuses;
    }

    /// <summary>The list should have it and has not.</summary>
    private void Miss(string id, JobStatus? status)
    {
        if (status is null) Drop(id);
        else if (!_query.Matches(status)) Part(status);
        // It fits: others are newer, or it came back meanwhile.
    }

    private void TakeIn(ChangedJob[] changes)
    {
        var joining = new List<JobStatus>();
        foreach (var (id, status) in changes)
        {
            if (status is null) Drop(id);
            else if (!_query.Matches(status)) Part(status);
            else if (_jobs.ContainsKey(id)) Follow(status);
            else joining.Add(status);
        }

        // Of those that are followed and those that join, the newest. The others are not watched for a moment only to be dropped again.
        var newest = _jobs.Values.Select(job => (job.SubmittedAt, Joining: (JobStatus?)null)).Concat(joining.Select(status => (status.SubmittedAt, Joining: (JobStatus?)status)))
            .OrderByDescending(job => job.SubmittedAt).Take(_query.Limit);
        foreach (var status in newest.Select(job => job.Joining).OfType<JobStatus>().Reverse().ToList()) Follow(status);
        if (_jobs.Count <= _query.Limit) return;
        foreach (var (id, _) in _jobs.OrderBy(job => job.Value.SubmittedAt).Take(_jobs.Count - _query.Limit).ToList()) Drop(id);
    }

    private void Follow(JobStatus status) => _jobs.GetOrAdd(status.Id, _ => new(status, _reader)).Take(status, _hub);

    private void Drop(string id)
    {
        if (_jobs.TryRemove(id, out var job)) job.Leave(_hub);
    }

    /// <summary>It fits no longer, which is the last that is told of it.</summary>
    private void Part(JobStatus status)
    {
        if (!_jobs.TryRemove(status.Id, out var job)) return;
        job.Part(status, _hub);
        if (job.IsWatched) _ending.Add(job);
    }

    [LoggerMessage(1, LogLevel.Error, "A stream of events that follows a filter has ended, since its filter could not be followed")]
    private partial void LogBroken(Exception exception);
}
