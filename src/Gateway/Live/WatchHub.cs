using Microsoft.Extensions.Logging;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Live;

/// <summary>The watches of this process: one stream from the grid for each job that anybody watches, for as long as somebody does.</summary>
internal sealed partial class WatchHub(IJobClient client, EventMemory memory, WaitRefiner waits, ILogger<WatchHub> logger)
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

    /// <summary>A status as it is told.</summary>
    public JobStatus Refine(JobStatus status) => waits.Refine(status);

    public JobSubscription Subscribe(string id, EventReader reader, long seen)
    {
        JobSubscription subscription;
        lock (_lock)
        {
            if (!_watches.TryGetValue(id, out var watch))
            {
                _watches[id] = watch = new JobWatch(id, memory);
                _ = FollowAsync(watch);
            }

            subscription = new JobSubscription(watch, reader, seen, this);
            watch.Add(subscription);
        }

        return subscription;
    }

    public void Unsubscribe(JobSubscription subscription)
    {
        JobWatch? left;
        lock (_lock)
        {
            left = subscription.Leave();
            if (left is null) return;
            Forget(left);
        }

        left.Stopped.Cancel();
    }

    private async Task FollowAsync(JobWatch watch)
    {
        await Task.Yield();
        try
        {
            await foreach (var status in client.Get(watch.Id).WatchAsync(watch.Stopped.Token)) watch.Tell(waits.Refine(status));
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
