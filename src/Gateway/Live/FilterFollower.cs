using Orleans.Runtime;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// Follows the newest jobs of a filter: those that have not ended are watched, those that have are told once. Jobs are found by looking at the
/// list once a second, so a job shows up within about that; what happens to it then is told at once.
/// </summary>
internal sealed class FilterFollower(WatchHub hub, FilterPages pages, JobQuery query, EventReader reader, TimeProvider time)
{
    private readonly Dictionary<string, Followed> _jobs = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var look = LookAsync(ending.Token);
        try
        {
            await reader.RunAsync(withJobId: true, () => look.IsFaulted, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            await ending.CancelAsync();
            await look.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var job in _jobs.Values) Leave(job);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(FilterPages.Interval, time);
        do
        {
            try
            {
                Follow((await pages.NewestAsync(query)).Jobs);
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException or GridUnavailableException)
            {
                // The grid is away; the next look may find it.
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private void Follow(JobStatus[] newest)
    {
        var gone = new HashSet<string>(_jobs.Keys);
        // Oldest first, so that a reader that puts each event on top has the order of the list.
        for (var i = newest.Length - 1; i >= 0; i--)
        {
            var status = newest[i];
            gone.Remove(status.Id);
            if (_jobs.TryGetValue(status.Id, out var known))
            {
                // Run again after its end, or another job of the same id: its watch has ended too.
                if (!known.Subscription.Watch.IsOver || (status.IsFinished && status.Version <= known.Subscription.Watch.Latest?.Status.Version)) continue;
                Leave(known);
            }

            _jobs[status.Id] = status.IsFinished ? Tell(status) : new(hub.Subscribe(status.Id, reader, 0), InHub: true);
        }

        foreach (var id in gone)
        {
            Leave(_jobs[id]);
            _jobs.Remove(id);
        }
    }

    private Followed Tell(JobStatus status)
    {
        var watch = new JobWatch(status.Id);
        watch.Tell(status);
        watch.End();
        var subscription = new JobSubscription(watch, reader, 0);
        watch.Add(subscription);
        return new(subscription, InHub: false);
    }

    private void Leave(Followed job)
    {
        if (job.InHub) hub.Unsubscribe(job.Subscription);
    }

    private sealed record Followed(JobSubscription Subscription, bool InHub);
}
