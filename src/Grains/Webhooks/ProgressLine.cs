using OrleansJobs.Workers;

namespace OrleansJobs.Webhooks;

/// <summary>What one receiver is told of one attempt: the newest value, once it is time for it.</summary>
internal sealed class ProgressLine(ProgressCalls calls, Lease lease, string url)
{
    private readonly Lock _gate = new();
    private (Progress Value, DateTimeOffset At)? _newest;
    private CancellationTokenSource? _waiting;
    private (long Epoch, long Sequence) _seen;
    private DateTimeOffset _next;
    private int _failures;
    private bool _isBusy;
    private bool _isOver;

    /// <summary>Returns at once.</summary>
    public void Tell(Progress progress, DateTimeOffset at)
    {
        lock (_gate)
        {
            var place = (progress.Epoch, progress.Sequence);
            if (_isOver || place.CompareTo(_seen) <= 0) return;
            _seen = place;
            _newest = (progress, at);
            if (_isBusy) return;
            _isBusy = true;
        }

        _ = RunAsync();
    }

    /// <summary>The attempt has ended: what waits is not told any more.</summary>
    public void Over()
    {
        lock (_gate)
        {
            (_isOver, _newest) = (true, null);
            // Under the lock, or it may be disposed of already.
            _ = _waiting?.CancelAsync();
        }
    }

    /// <summary>One at a time, as long as there is something to tell. Nobody waits for it.</summary>
    private async Task RunAsync()
    {
        try
        {
            while (await WaitAsync(_next - calls.Now).ConfigureAwait(false) && Take() is var (value, at)) await TellAsync(value, at).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (calls.Closing.IsCancellationRequested)
        {
            // The silo stops.
        }
        catch (Exception exception)
        {
            lock (_gate) _isOver = true;
            calls.Failed(exception);
        }
    }

    private async Task TellAsync(Progress value, DateTimeOffset at)
    {
        var began = calls.Now;
        var (answer, delay) = await calls.CallAsync(url, WebhookEvent.IdOfProgress(lease, value, url), WebhookEvent.OfProgress(lease, value, at)).ConfigureAwait(false);
        lock (_gate)
        {
            if (answer is ProgressAnswer.NotAsked) _next = began + delay!.Value;
            else
            {
                _failures = answer is ProgressAnswer.NotTaken ? Math.Min(_failures + 1, 16) : 0;
                var pause = calls.Pace * Math.Pow(2, _failures);
                if (_failures > 0 && pause > ProgressCalls.LongestPause) pause = calls.Pace > ProgressCalls.LongestPause ? calls.Pace : ProgressCalls.LongestPause;
                _next = began + (delay > pause ? delay.Value : pause);
            }

            if (answer is ProgressAnswer.Unwanted) (_isOver, _newest) = (true, null);
            // Unless there is a newer one, or the end has come.
            else if (answer is not ProgressAnswer.Taken && !_isOver) _newest ??= (value, at);
        }
    }

    private (Progress Value, DateTimeOffset At)? Take()
    {
        lock (_gate)
        {
            var newest = _newest;
            _newest = null;
            if (newest is null) _isBusy = false;
            return newest;
        }
    }

    /// <returns>False: there is nothing to wait for any more.</returns>
    private async Task<bool> WaitAsync(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero) return true;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(calls.Closing);
        lock (_gate)
        {
            // What is said of it meanwhile is told then; it is over, or nothing is left: nobody need wait.
            if (_newest is null)
            {
                _isBusy = false;
                return false;
            }

            _waiting = waiting;
        }

        try
        {
            await calls.DelayAsync(wait, waiting.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!calls.Closing.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            lock (_gate) _waiting = null;
        }
    }
}
