using Microsoft.Extensions.Logging;

namespace OrleansJobs.Gateway.Live;

/// <summary>The watches of this process: one stream from the grid for each job that anybody watches, for as long as somebody does.</summary>
internal sealed partial class WatchHub(IJobClient client, ILogger<WatchHub> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JobWatch> _watches = new(StringComparer.Ordinal);

    /// <summary>Jobs that are watched now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _watches.Count;
            }
        }
    }

    public JobSubscription Subscribe(string id, EventReader reader, long seen)
    {
        JobSubscription subscription;
        lock (_lock)
        {
            if (!_watches.TryGetValue(id, out var watch))
            {
                _watches[id] = watch = new JobWatch(id);
                _ = FollowAsync(watch);
            }

            subscription = new JobSubscription(watch, reader, seen);
            watch.Add(subscription);
        }

        return subscription;
    }

    public void Unsubscribe(JobSubscription subscription)
    {
        lock (_lock)
        {
            if (!subscription.Watch.Remove(subscription)) return;
            Forget(subscription.Watch);
        }

        subscription.Watch.Stopped.Cancel();
    }

    private async Task FollowAsync(JobWatch watch)
    {
        await Task.Yield();
        try
        {
            await foreach (var status in client.Get(watch.Id).WatchAsync(watch.Stopped.Token)) watch.Tell(status);
        }
        catch (OperationCanceledException) when (watch.Stopped.IsCancellationRequested)
        {
        }
        catch (JobNotFoundException)
        {
        }
        catch (Exception exception)
        {
            LogLost(watch.Id, exception.Message);
        }

        // Who comes later starts afresh: a job that has ended may be run again.
        lock (_lock)
        {
            Forget(watch);
        }

        watch.End();
    }

    private void Forget(JobWatch watch)
    {
        if (_watches.TryGetValue(watch.Id, out var known) && known == watch) _watches.Remove(watch.Id);
    }

    [LoggerMessage(1, LogLevel.Warning, "Job {Id} can no longer be followed: {Reason}")]
    private partial void LogLost(string id, string reason);
}
