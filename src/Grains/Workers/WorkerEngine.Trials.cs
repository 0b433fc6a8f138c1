using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Workers;

/// <summary>
/// Suspects run alone. While some wait, the worker asks for the turn to stand empty; in its turn it takes nothing else, and once nothing runs,
/// it takes one suspect after the other. If it did not come to stand empty in its time, because what runs is long, one suspect may come among others.
/// </summary>
internal sealed partial class WorkerEngine
{
    private static readonly TimeSpan SeekRetry = TimeSpan.FromSeconds(1);

    private readonly TrialTurn _trial = new();

    /// <summary>Partitions that have suspects for this worker, by their last word.</summary>
    private readonly HashSet<int> _suspectsAt = [];

    /// <summary>The suspect of this turn, from its arrival until its partition has had the last word on it.</summary>
    private RunningJob? _onTrial;
    private long _trialEnd;

    /// <summary>From the begin of a turn until it is given back.</summary>
    private bool _inTurn;
    private bool _seeking;

    private bool WantsTurn =>
        _suspectsAt.Count > 0 && _started && !_draining && !_closed && !_seeking && !_inTurn && !_slots.HasSuspect && !_slots.SuspectWelcome;

    public void HasSuspects(int partition, string queue, string type)
    {
        if (!_handlers.Has(type)) return;
        lock (_gate)
        {
            if (_draining) return;
            if (_slots.IsClosed(queue)) _plan.HeldBack(partition);
            else if (_suspectsAt.Add(partition)) WelcomeSuspect();
            else return;
        }

        Pump();
    }

    /// <summary>Brings the turn on, as far as it goes now.</summary>
    private void FollowTrial()
    {
        if (_inTurn)
        {
            if (_draining || Now >= _trialEnd) _trial.TimeIsOver();
            if (_slots.Counts is { Running: 0, Stuck: 0 }) _trial.NothingRuns();
            if (_suspectsAt.Count == 0) _trial.NothingLeft();
            FollowSuspect();
            if (_trial.TakeNews() is { } partition) _plan.MustTell(partition);
            if (!_trial.IsOn) EndTurn();
        }

        if (!WantsTurn) return;
        if (Sabotage.IsOff(Safeguard.Trial))
        {
            _slots.SuspectWelcome = true;
            WelcomeSuspect();
            return;
        }

        _seeking = true;
        ThreadPool.UnsafeQueueUserWorkItem(static engine => _ = engine.SeekTurnAsync(), this, preferLocal: false);
    }

    private void FollowSuspect()
    {
        if (_onTrial is not { } job) return;
        if (_trial.Lease is null)
        {
            _onTrial = null;
            if (job.Stage is not JobStage.Waiting) return;
            if (_draining || _slots.IsPaused(job.Queue)) End([job], AttemptEnding.Returned);
            else _waiting.Add(job);
        }
        else if (_trial.Stage is TrialStage.Alone && job.Stage is JobStage.Waiting && _slots.TryStart(job.Queue)) Run(job);
    }

    private void EndTurn()
    {
        _inTurn = false;
        // What runs here is long: suspects would wait for ever.
        _slots.SuspectWelcome = !_trial.WasEmpty && !_draining && _suspectsAt.Count > 0;
        WelcomeSuspect();
        StartWaiting();
        LogTurnEnded(_trial.WasEmpty);
        ThreadPool.UnsafeQueueUserWorkItem(static engine => _ = engine.GiveBackAsync(), this, preferLocal: false);
    }

    private void WelcomeSuspect()
    {
        if (!_slots.SuspectWelcome) return;
        foreach (var partition in _suspectsAt) _plan.MayBringSuspect(partition);
    }

    /// <summary>The next partition to ask for a suspect, where this silo stands empty.</summary>
    private Ask? NextTrialAsk()
    {
        if (_trial.Stage is not TrialStage.Empty || _outbox.IsFull || _slots.HasSuspect || _slots.Free == 0) return null;
        foreach (var partition in _suspectsAt)
        {
            if (_plan.OutOfTurn(partition, 1, Now) is { } ask) return ask;
        }

        return null;
    }

    /// <summary>A suspect has come while this silo stands empty.</summary>
    private void Try(RunningJob job)
    {
        _onTrial = job;
        _trial.Received(job.Lease.Partition, job.LeaseName);
    }

    /// <summary>What a partition has said of its suspects, and of the one that is here.</summary>
    private void SettleTrial(Exchange exchange, ExchangeReply reply)
    {
        if (!reply.Suspects) _suspectsAt.Remove(exchange.Partition);
        else if (_suspectsAt.Add(exchange.Partition)) WelcomeSuspect();
        if (_suspectsAt.Count == 0) _slots.SuspectWelcome = false;
        if (exchange.Request.Trial is not { } word) return;
        // It is not ours to run any more.
        if (!reply.TrialStored && _onTrial is { Stage: JobStage.Waiting } job && job.LeaseName == word.Lease) End([job], AttemptEnding.Returned);
        _trial.Answered(word, reply.TrialStored);
    }

    private async Task SeekTurnAsync()
    {
        TimeSpan? turn = null;
        var asked = Now;
        try
        {
            turn = await _grid.Trials.Ask(_identity.Silo).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogNoTurn(exception);
            await Task.Delay(SeekRetry, _time).ConfigureAwait(false);
        }

        bool refused;
        lock (_gate)
        {
            _seeking = false;
            refused = turn is not null && !WantsTurn;
            if (turn is { } time && !refused) BeginTurn(asked + (long)time.TotalMilliseconds);
        }

        if (refused) await GiveBackAsync().ConfigureAwait(false);
        Pump();
    }

    private void BeginTurn(long end)
    {
        _trialEnd = end;
        _inTurn = true;
        _trial.Begin();
        LogTurn(end - Now, _suspectsAt.Count);
        End(_waiting.Remove(static _ => true), AttemptEnding.Returned);
        // Others may have had their turn since they said so.
        foreach (var partition in _suspectsAt) _plan.MustTell(partition);
    }

    private async Task GiveBackAsync()
    {
        try
        {
            await _grid.Trials.GiveBack(_identity.Silo).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // It ends by its time.
            LogNoTurn(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This silo stands empty for up to {Milliseconds} ms: {Partitions} partitions have jobs that are to run alone.")]
    private partial void LogTurn(long milliseconds, int partitions);

    [LoggerMessage(Level = LogLevel.Information, Message = "This silo takes jobs again; whether it came to stand empty: {WasEmpty}.")]
    private partial void LogTurnEnded(bool wasEmpty);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whose turn it is to stand empty could not be asked or told.")]
    private partial void LogNoTurn(Exception exception);
}
