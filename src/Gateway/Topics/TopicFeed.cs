using Microsoft.Extensions.Logging;
using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Topics;

/// <summary>What is published in the grid, for the streams of this process: each partition is asked once, however many streams there are, and only while there is one.</summary>
internal sealed partial class TopicFeed(JobGrid grid, TimeProvider time, ILogger<TopicFeed> logger)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Between two questions to a partition, so that a busy one tells much at a time.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>After a question that failed.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<TopicInbox> _inboxes = [];
    private TopicInbox[] _told = [];
    private Listening? _listening;

    /// <returns>Completes when all partitions are listened to: what is published from then on is told.</returns>
    public Task Add(TopicInbox inbox)
    {
        lock (_lock)
        {
            _inboxes.Add(inbox);
            _told = [.. _inboxes];
            if (_listening is null)
            {
                _listening = new();
                _ = RunAsync(_listening);
            }

            return _listening.Ready.Task;
        }
    }

    public void Remove(TopicInbox inbox)
    {
        lock (_lock)
        {
            _inboxes.Remove(inbox);
            _told = [.. _inboxes];
            if (_inboxes.Count > 0) return;
            _listening?.Stop.Cancel();
            _listening = null;
        }
    }

    private async Task RunAsync(Listening listening)
    {
        await Task.Yield();
        var stopped = listening.Stop.Token;
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var partitions = (await grid.InfoAsync()).Partitions;
                listening.Missing = partitions;
                await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => FollowAsync(partition, listening)));
                return;
            }
            catch (Exception exception)
            {
                LogAway(exception.Message);
                await Task.Delay(Retry, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(int partition, Listening listening)
    {
        var stopped = listening.Stop.Token;
        var place = default(ChangePlace);
        var (wasHeard, wasSilent) = (false, false);
        while (!stopped.IsCancellationRequested)
        {
            var pause = Pace;
            try
            {
                var told = await grid.Topics(partition).ListenToTopics(place, LongPoll).WaitAsync(LongPoll + Patience, time, stopped);
                if (told.HasGap || wasSilent) Tell(inbox => inbox.TellGap());
                foreach (var heard in told.Events) Tell(inbox => inbox.Tell(heard));
                (place, wasSilent) = (told.Place, false);
                if (!wasHeard && Interlocked.Decrement(ref listening.Missing) == 0) listening.Ready.TrySetResult();
                wasHeard = true;
            }
            catch (Exception exception)
            {
                if (stopped.IsCancellationRequested) return;
                if (!wasSilent) LogSilent(partition, exception.Message);
                (pause, wasSilent) = (Retry, true);
            }

            await Task.Delay(pause, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(Action<TopicInbox> tell)
    {
        foreach (var inbox in Volatile.Read(ref _told)) tell(inbox);
    }

    private sealed class Listening
    {
        public readonly CancellationTokenSource Stop = new();
        public readonly TaskCompletionSource Ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Partitions that have not answered yet.</summary>
        public int Missing;
    }

    [LoggerMessage(1, LogLevel.Warning, "The grid cannot be listened to; streams of topics tell of nothing: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(2, LogLevel.Warning, "Partition {Partition} cannot be listened to; streams of topics have a gap: {Reason}")]
    private partial void LogSilent(int partition, string reason);
}
