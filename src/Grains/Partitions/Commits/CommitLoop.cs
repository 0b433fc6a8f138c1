using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>
/// Group commit: one write to the store is under way at a time, and all that changes meanwhile forms the next one. Runs in the turns of its
/// partition; nothing here is safe to call from elsewhere.
/// </summary>
internal sealed partial class CommitLoop(
    PendingChanges pending, IPartitionStore store, TimeProvider time, GridHealth health, JobMeters meters, ILogger logger, CancellationToken closing)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    private TaskCompletionSource _next = NewCompletion();
    private Task _current = Task.CompletedTask;

    // Who waits, and for how many changes.
    private readonly List<(TaskCompletionSource Done, long Through)> _waiting = [];
    private bool _running;

    /// <summary>A commit is in the store.</summary>
    public Action<SealedCommit>? Applied { get; set; }

    /// <summary>The store is full: these submits were not taken.</summary>
    public Action<List<Entry>>? Dropped { get; set; }

    /// <summary>This activation can write no more.</summary>
    public Action<CommitOutcome>? Ended { get; set; }

    public bool IsOver { get; private set; }

    /// <summary>Completes when all changes made so far are in the store; fails where they never will be.</summary>
    public Task Committed()
    {
        if (IsOver) return Task.FromException(PartitionMoved.Exception(pending.Partition));
        if (!pending.HasAny) return _current;
        if (!_running) _ = RunAsync();
        return _next.Task;
    }

    /// <summary>Completes when the changes of one entry are in the store.</summary>
    public Task Settled(Entry entry) => entry.IsSettled ? Task.CompletedTask : entry.IsDirty ? Committed() : _current;

    private async Task RunAsync()
    {
        _running = true;
        try
        {
            while (pending.HasAny && !IsOver)
            {
                // Calls that wait for their turn already belong into this commit.
                await Task.Yield();
                var done = _next;
                _next = NewCompletion();
                _current = done.Task;
                _waiting.Add((done, pending.Count));
                var changes = pending.Seal();
                Finish(changes, changes.Commit.IsEmpty ? CommitOutcome.Applied : await SendAsync(changes));
            }
        }
        catch (Exception exception)
        {
            // What was sent may or may not be stored, and memory cannot tell: the next activation reads it.
            if (!closing.IsCancellationRequested) LogBroken(exception, pending.Partition);
            End(CommitOutcome.Fenced);
        }
        finally
        {
            _running = false;
        }
    }

    private void Finish(SealedCommit changes, CommitOutcome outcome)
    {
        switch (outcome)
        {
            case CommitOutcome.Applied:
                pending.Applied(changes);
                Applied?.Invoke(changes);
                Complete(changes.Through);
                break;
            case CommitOutcome.Full:
                // Whoever waits for anything but the dropped submits goes on waiting: their changes stand behind all others now.
                var dropped = pending.Refused(changes);
                Dropped?.Invoke(dropped);
                if (!pending.HasAny)
                {
                    // All that is left was dropped, with what came of it meanwhile: those who wait for that have no other commit to wait for.
                    Complete(pending.Count);
                    var meanwhile = _next;
                    _next = NewCompletion();
                    meanwhile.TrySetResult();
                }

                for (var i = 0; i < _waiting.Count; i++) _waiting[i] = (_waiting[i].Done, pending.Count);
                break;
            default:
                End(outcome);
                break;
        }
    }

    /// <summary>Changes up to this count are in the store.</summary>
    private void Complete(long through)
    {
        var done = 0;
        while (done < _waiting.Count && _waiting[done].Through <= through) _waiting[done++].Done.TrySetResult();
        _waiting.RemoveRange(0, done);
    }

    /// <summary>Sends a commit until the store has answered it. A reply that is lost means "unknown", and the same commit again finds out.</summary>
    private async Task<CommitOutcome> SendAsync(SealedCommit changes)
    {
        var commit = changes.Commit;
        var delay = FirstRetry;
        while (true)
        {
            closing.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            try
            {
                CommitCrashPoints.Before(changes.Counts);
                var outcome = await store.CommitAsync(commit, closing);
                CommitCrashPoints.After(changes.Counts);
                health.StoreAnswered();
                meters.Commit(changes.Counts.Sum, time.GetElapsedTime(started), outcome);
                return outcome;
            }
            catch (Exception exception) when (exception is not ArgumentException && !closing.IsCancellationRequested)
            {
                health.StoreFailed();
                meters.CommitRetried();
                LogRetry(exception, pending.Partition, commit.Sequence, delay);
            }

            await Task.Delay(delay, time, closing);
            delay = delay * 2 < LastRetry ? delay * 2 : LastRetry;
        }
    }

    private void End(CommitOutcome outcome)
    {
        if (IsOver) return;
        IsOver = true;
        var moved = PartitionMoved.Exception(pending.Partition);
        foreach (var (done, _) in _waiting.Append((_next, 0)))
        {
            done.TrySetException(moved);
            _ = done.Task.Exception;
        }

        _waiting.Clear();
        Ended?.Invoke(outcome);
    }

    private static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition}: the store did not answer commit {Sequence}; sending it again in {Delay}")]
    private partial void LogRetry(Exception exception, int partition, long sequence, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "Partition {Partition}: its commits broke off; it will be opened anew")]
    private partial void LogBroken(Exception exception, int partition);
}

/// <summary>What callers see of an activation that is over: ask again, another one answers.</summary>
internal static class PartitionMoved
{
    public static OrleansException Exception(int partition) => new($"Partition {partition} was opened elsewhere; ask again.");
}
