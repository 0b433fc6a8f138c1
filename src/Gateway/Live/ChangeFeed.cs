using Microsoft.Extensions.Logging;
using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Live;

/// <summary>Who is told of changes. Both are called from any thread, and must not wait.</summary>
internal interface IChangeListener
{
    void Tell(ChangedJob[] jobs);

    /// <summary>There may have been changes that are not told: the lists know.</summary>
    void TellGap();
}

/// <summary>
/// What the grid commits: each partition is asked once for this process, however many streams listen, and only while one does. An answer comes as
/// soon as anything has changed, but not more often than the pace, so that a busy grid tells much at a time, or only that there was too much to tell.
/// </summary>
internal sealed partial class ChangeFeed(JobGrid grid, TimeProvider time, ILogger<ChangeFeed> logger)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Between two questions to a partition.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>After a question that failed.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<IChangeListener> _listeners = [];
    private IChangeListener[] _told = [];
    private CancellationTokenSource? _stop;

    /// <summary>Listeners get a gap of each partition once it is listened to.</summary>
    public void Add(IChangeListener listener)
    {
        lock (_lock)
        {
            _listeners.Add(listener);
            _told = [.. _listeners];
            if (_stop is not null) return;
            _stop = new();
            _ = RunAsync(_stop.Token);
        }
    }

    public void Remove(IChangeListener listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
            _told = [.. _listeners];
            if (_listeners.Count > 0) return;
            _stop?.Cancel();
            _stop = null;
        }
    }

    private async Task RunAsync(CancellationToken stopped)
    {
        await Task.Yield();
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var partitions = (await grid.InfoAsync()).Partitions;
                await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => FollowAsync(partition, stopped)));
                return;
            }
            catch (Exception exception)
            {
                LogAway(exception.Message);
                await Task.Delay(Retry, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(int partition, CancellationToken stopped)
    {
        var place = default(ChangePlace);
        var wasSilent = false;
        while (!stopped.IsCancellationRequested)
        {
            var pause = Pace;
            try
            {
                var changes = await grid.Changes(partition).ReadChanges(place, LongPoll).WaitAsync(LongPoll + Patience, time, stopped);
                // While it did not answer, its lists were all that there was.
                if (changes.HasGap || wasSilent) Tell(listener => listener.TellGap());
                if (changes.Jobs.Length > 0) Tell(listener => listener.Tell(changes.Jobs));
                (place, wasSilent) = (changes.Place, false);
            }
            catch (Exception exception)
            {
                if (stopped.IsCancellationRequested) return;
                if (!wasSilent) LogSilent(partition, exception.Message);
                (pause, wasSilent) = (Retry, true);
                Tell(listener => listener.TellGap());
            }

            await Task.Delay(pause, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(Action<IChangeListener> tell)
    {
        foreach (var listener in Volatile.Read(ref _told)) tell(listener);
    }

    [LoggerMessage(1, LogLevel.Warning, "The grid cannot be listened to; streams of filters look at its lists: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(2, LogLevel.Warning, "Partition {Partition} cannot be listened to; streams of filters look at its lists: {Reason}")]
    private partial void LogSilent(int partition, string reason);
}
