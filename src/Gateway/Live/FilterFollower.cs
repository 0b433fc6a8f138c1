using System.Collections.Concurrent;
using Orleans.Runtime;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// Follows the newest jobs of a filter. It is told of changes by the partitions, and looks at the list at first, where it was not told of some, and
/// once a minute in case. Jobs that run are watched, for their progress; others are told as the partitions tell of them.
/// </summary>
internal sealed class FilterFollower
{
    /// <summary>Between two turns, so that the many jobs of a busy grid are taken in together and only the newest of them are watched.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, FollowedJob> _jobs = new(StringComparer.Ordinal);
    private readonly WatchHub _hub;
    private readonly FilterPages _pages;
    private readonly ChangeFeed _feed;
    private readonly JobQuery _query;
    private readonly EventReader _reader;
    private readonly TimeProvider _time;
    private readonly ChangeInbox _inbox;

    public FilterFollower(WatchHub hub, FilterPages pages, ChangeFeed feed, JobQuery query, EventReader reader, TimeProvider time)
    {
        (_hub, _pages, _feed, _query, _reader, _time) = (hub, pages, feed, query, reader, time);
        _inbox = new(change => _jobs.ContainsKey(change.Id) || (change.Status is { } status && query.Matches(status)), time);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _inbox.TellGap();
        _feed.Add(_inbox);
        var follow = FollowAsync(ending.Token);
        try
        {
            await _reader.RunAsync(withJobId: true, () => follow.IsFaulted, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            _feed.Remove(_inbox);
            await ending.CancelAsync();
            await follow.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var job in _jobs.Values) job.Leave(_hub);
        }
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _inbox.WaitAsync(LookAgain, cancellation);
            var gone = _inbox.TakeGap() is { } since ? await LookAsync(since, cancellation) : [];
            var changes = _inbox.TakeJobs();
            TakeIn(changes);
            // What the list does not have any more goes, unless a change says more of it.
            foreach (var id in gone.Except(changes.Select(change => change.Id))) Drop(id);
            await Task.Delay(Turn, _time, cancellation);
        }
    }

    /// <returns>Jobs that are followed and that the list does not have.</returns>
    private async Task<string[]> LookAsync(long since, CancellationToken cancellation)
    {
        try
        {
            var newest = (await _pages.NewestAsync(_query, since).WaitAsync(cancellation)).Jobs;
            string[] gone = [.. _jobs.Keys.Except(newest.Select(job => job.Id))];
            // Oldest first, so that a reader that puts each event on top has the order of the list.
            for (var i = newest.Length - 1; i >= 0; i--) Follow(newest[i]);
            return gone;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or GridUnavailableException)
        {
            // The grid is away; the next look may find it.
            _inbox.TellGap();
            await Task.Delay(FilterPages.Interval, _time, cancellation);
            return [];
        }
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
        if (_jobs.TryRemove(status.Id, out var job)) job.Part(status, _hub);
    }
}
