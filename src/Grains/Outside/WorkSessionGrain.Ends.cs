using Microsoft.Extensions.Logging;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What time does to a session and its leases, and the ways in which it ends.</summary>
internal sealed partial class WorkSessionGrain
{
    private static readonly TimeSpan LossRetry = TimeSpan.FromSeconds(1);

    /// <summary>A lease that nobody has come for is for others to run, as one that finds no slot in a silo is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private Task _dying = Task.CompletedTask;
    private long _heardAt;
    private long _askedAll;

    private void Heard(WorkCall call)
    {
        _heardAt = _time.GetTimestamp();
        if (_state is SessionState.Live || (_state is SessionState.Over && call.Bye)) return;
        if (_state is SessionState.Over)
        {
            if (_outbox.Count > 0 || !_plan.IsQuiet) throw new TimeoutException("The partitions have not yet heard that the session had ended.");
            BeginAsking();
        }

        _state = SessionState.Live;
        // At once, wanted or not: another activation may have left leases behind, of which nobody but the partitions knows.
        for (var partition = 0; partition < _ties.Length; partition++) _plan.Hinted(partition);
        Wake();
    }

    /// <summary>What is held and not reported goes back; answered once the partitions know.</summary>
    private async Task SayGoodbyeAsync()
    {
        _isOpen = false;
        if (_state is not SessionState.Over)
        {
            _state = SessionState.Over;
            foreach (var lease in _book.Values.Where(lease => !lease.HasEnded).ToList()) End(lease, AttemptEnding.Returned);
            _plan.Stop();
            Pump();
        }

        var began = _time.GetTimestamp();
        while (_outbox.Count > 0 || !_plan.IsQuiet || Array.Exists(_ties, ties => !ties.IsKnown || ties.LostAnswer))
        {
            var left = AnswerPatience - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) throw new TimeoutException("Not all partitions could be told in time that the session ends.");
            await _woken.Task.WaitAsync(left, _time, _closing.Token);
        }

        LogGoodbye(Session, _worker);
        Leave();
        DeactivateOnIdle();
    }

    private Task OnTimer()
    {
        var now = _time.GetTimestamp();
        if (_state is SessionState.Unheard or SessionState.Live && _time.GetElapsedTime(_heardAt, now) >= services.Outside.Silence)
        {
            _dying = DieAsync();
            return Task.CompletedTask;
        }

        foreach (var lease in _book.Values.Where(lease => !lease.HasEnded).ToList()) Look(lease, now);
        // Notices go one way and may be lost: that a partition has opened elsewhere, that it has work.
        if (_state is SessionState.Live && _time.GetElapsedTime(_askedAll, now) >= services.Options.NoticePeriod) AskAll();
        Pump();
        return Task.CompletedTask;
    }

    /// <summary>
    /// A lease whose answer was lost comes again with the next one, if the worker still wants any. If not, it is for others to run: nobody would ever report it.
    /// A call that was sent before the answer arrived is here within a heartbeat.
    /// </summary>
    private void ReturnUnheard(WorkCall call)
    {
        var now = _time.GetTimestamp();
        foreach (var lease in _book.Values.Where(lease => lease is { HasEnded: false, WasNamed: false, GivenAt: > 0 } && (call.Want == 0 || lease.Stop is not null)).ToList())
        {
            if (_time.GetElapsedTime(lease.GivenAt, now) < services.Outside.Heartbeat || call.Reports.Any(report => NameOf(report.Lease) == lease.Name)) continue;
            End(lease, lease.Stop is WorkCancelReason.Cancelled ? AttemptEnding.Cancelled : AttemptEnding.Returned);
        }
    }

    private void Look(HeldLease lease, long now)
    {
        if (lease.GivenAt == 0)
        {
            if (!_isOpen && _time.GetElapsedTime(lease.ArrivedAt, now) >= Patience) End(lease, AttemptEnding.Returned);
            return;
        }

        if (lease.Stop is null && lease.Timeout is { } timeout && _time.GetElapsedTime(lease.GivenAt, now) >= timeout)
        {
            lease.AskToStop(WorkCancelReason.Timeout, now);
            Wake();
        }

        if (lease.Stop is null && lease.StalledAfter is { } silence && _time.GetElapsedTime(lease.NewsAt, now) >= silence)
        {
            lease.AskToStop(WorkCancelReason.Stalled, now);
            Wake();
        }

        if (lease.Stop is { } why && HasHeard(lease, why) && _time.GetElapsedTime(lease.StoppedAt, now) >= services.Options.CancelGrace)
        {
            End(lease, AttemptRules.OfStuck(why switch { WorkCancelReason.Cancelled => StopReason.Cancel, WorkCancelReason.Stalled => StopReason.Stalled, _ => StopReason.Timeout }));
            Wake();
        }
    }

    /// <summary>A worker that has not called since is no handler that does not stop: where it is dead its jobs are lost with it, which is a crash and no failure of theirs.</summary>
    private bool HasHeard(HeldLease lease, WorkCancelReason why) => why is not WorkCancelReason.Stalled || _heardAt > lease.StoppedAt;

    /// <summary>Sets the timer to the next moment at which something is to be done.</summary>
    private void Arm()
    {
        if (_closing.IsCancellationRequested || _state is SessionState.Dying) return;
        var now = _time.GetTimestamp();
        var next = _state is SessionState.Over ? TimeSpan.MaxValue : services.Outside.Silence - _time.GetElapsedTime(_heardAt, now);
        foreach (var lease in _book.Values)
        {
            if (lease.HasEnded) continue;
            if (lease.GivenAt == 0 && !_isOpen) Sooner(Patience - _time.GetElapsedTime(lease.ArrivedAt, now));
            else if (lease.Stop is { } why)
            {
                if (HasHeard(lease, why)) Sooner(services.Options.CancelGrace - _time.GetElapsedTime(lease.StoppedAt, now));
            }
            else if (lease.GivenAt > 0)
            {
                if (lease.Timeout is { } timeout) Sooner(timeout - _time.GetElapsedTime(lease.GivenAt, now));
                if (lease.StalledAfter is { } silence) Sooner(silence - _time.GetElapsedTime(lease.NewsAt, now));
            }
        }

        if (_plan.NextRetry is { } retry) Sooner(TimeSpan.FromMilliseconds(retry - Now));
        if (_state is SessionState.Live && _suspects.NextAt is { } turn && turn > Now) Sooner(TimeSpan.FromMilliseconds(turn - Now));
        if (_state is SessionState.Live) Sooner(services.Options.NoticePeriod - _time.GetElapsedTime(_askedAll, now));
        if (next < TimeSpan.MaxValue) _timer.Change(next > TimeSpan.FromMilliseconds(1) ? next : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);

        void Sooner(TimeSpan moment)
        {
            if (moment < next) next = moment;
        }
    }

    /// <summary>Its worker is lost, or never came back to it: what it holds is a crash of these jobs, and of no others.</summary>
    private async Task DieAsync()
    {
        LogDead(Session, _worker, _book.Count);
        _state = SessionState.Dying;
        _isOpen = false;
        Wake();
        Pump();
        await Task.WhenAll(Enumerable.Range(0, _ties.Length).Select(LoseAsync));
        foreach (var lease in _book.Values.ToList()) Drop(lease);
        _state = SessionState.Over;
        Leave();
        Wake();
        DeactivateOnIdle();
    }

    private async Task LoseAsync(int partition)
    {
        var ties = _ties[partition];
        while (!_closing.IsCancellationRequested)
        {
            // What the worker has reported counts.
            if (ties.Reports > 0)
            {
                await _woken.Task.WaitAsync(_closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                Pump();
                continue;
            }

            try
            {
                await services.Grid.Partition(partition).Lost(_address, ++ties.Sequence, ties.NewestGeneration);
                ties.IsKnown = true;
                ties.LostAnswer = false;
                return;
            }
            catch (Exception exception)
            {
                LogNotTold(exception, Session, partition);
            }

            await Task.Delay(LossRetry, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [LoggerMessage(LogLevel.Information, "Session {Session} of worker {Worker} has ended")]
    private partial void LogGoodbye(string session, string worker);

    [LoggerMessage(LogLevel.Warning, "Session {Session} of worker {Worker} was silent for too long; {Jobs} jobs that it is known to hold run again")]
    private partial void LogDead(string session, string worker, int jobs);

    [LoggerMessage(LogLevel.Warning, "Session {Session}: partition {Partition} could not be told that it is dead; it is tried again")]
    private partial void LogNotTold(Exception exception, string session, int partition);
}
