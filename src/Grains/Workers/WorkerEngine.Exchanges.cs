using Microsoft.Extensions.Logging;
using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Workers;

/// <summary>The talk with the partitions.</summary>
internal sealed partial class WorkerEngine
{
    private static readonly TimeSpan PumpRetry = TimeSpan.FromSeconds(1);

    /// <summary>Exchanges for whose answers slots stay free though others are leased ahead, those that were sent first at the front.</summary>
    private readonly List<Exchange> _keeping = [];

    /// <summary>Sends what is to be sent. Callers may be handlers or grains: the work is done elsewhere, with nothing of theirs.</summary>
    private void Pump()
    {
        if (Interlocked.Exchange(ref _pumping, 2) == 0) ThreadPool.UnsafeQueueUserWorkItem(static engine => engine.PumpAll(), this, preferLocal: false);
    }

    private void PumpAll()
    {
        do
        {
            Interlocked.Exchange(ref _pumping, 1);
            try
            {
                while (NextExchange() is { } exchange) _ = ExchangeAsync(exchange);
            }
            catch (Exception exception)
            {
                // A defect; but one that should not end the process, and every handler in it, on a thread of the pool.
                LogPumpBroke(exception);
                _timer.Change(PumpRetry, Timeout.InfiniteTimeSpan);
            }
        }
        while (Interlocked.CompareExchange(ref _pumping, 0, 1) != 1);
    }

    private Exchange? NextExchange()
    {
        lock (_gate)
        {
            if (_closed) return null;
            LetSlotsGo();
            HandBackOverdue();
            NoticeOpenings();
            FollowTrial();
            var free = TakesWork ? _slots.Free : 0;
            _plan.Slots = _slots.Total + _ahead.Allowed;
            _plan.FreeSlots = free > 0 && _plan.NeedsSlots ? _slots.FreeSlots : 0;
            var forSuspect = NextTrialAsk();
            if ((forSuspect ?? _plan.Next(free, Now)) is not { } ask)
            {
                StartWaiting(leavesNone: true);
                ArmTimer();
                // What is left may be only for partitions that cannot be reached now.
                SignalWhenIdle();
                return null;
            }

            var ties = _ties[ask.Partition];
            var reservation = ask.Want > 0
                ? _slots.Reserve(ask.Want, forSuspect is not null, _suspectsAt.Contains(ask.Partition), ask.TakesSlots, ask.SlotShare) : Reservation.None(_slots.Closed());
            if (reservation.Slots > 0) _aheadHadLast = false;
            if (ties.KeepsSuspectPlace) reservation = reservation with { MayBringSuspect = true };
            ties.KeepsSuspectPlace = false;
            var reports = _outbox.Take(ask.Partition, out var left);
            if (left > 0) _plan.Reported(ask.Partition, left);
            var exchange = new Exchange(ask.Partition, Now, reservation, new ExchangeRequest
            {
                Worker = ProfileFor(
                    reservation.Closed, forSuspect is not null ? SuspectWish.OneAlone : reservation.MayBringSuspect ? SuspectWish.OneInCompany : SuspectWish.None),
                Reports = reports,
                Want = reservation.Count,
                Ahead = reservation.Count - reservation.Slots,
                Room = reservation.Room,
                Held = ties.LostAnswer ? [.. _held.Values.Where(job => job.Lease.Partition == ask.Partition).Select(job => job.LeaseName)] : null,
                Sequence = ++ties.Sequence,
                Generation = ties.NewestGeneration,
                Trial = _trial.WordTo(ask.Partition),
            });
            // Also where each lease that is asked for has its slot: others that are ahead of slots wait for one.
            if (reservation.Slots > 0 && _slots.Ahead > 0) _keeping.Add(exchange);
            return exchange;
        }
    }

    private async Task ExchangeAsync(Exchange exchange)
    {
        ExchangeReply reply;
        try
        {
            if (exchange.Request.Reports.Length > 0) CrashPoint.Hit("report.before");
            reply = await _grid.Partition(exchange.Partition).Exchange(exchange.Request).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exchange, exception);
            Pump();
            return;
        }

        try
        {
            Settle(exchange, reply);
        }
        catch (Exception exception)
        {
            LogPumpBroke(exception);
            // What it brought is in the books or is not: the partition is told what is held, and asked again.
            lock (_gate)
            {
                _ties[exchange.Partition].LostAnswer = _ties[exchange.Partition].LostLeases = true;
                _plan.Failed(exchange.Partition, exchange.Request.Reports.Length, Now);
            }
        }

        Pump();
    }

    private void Settle(Exchange exchange, ExchangeReply reply)
    {
        var stale = reply.Taken.Count(taken => !taken);
        lock (_gate)
        {
            var partition = exchange.Partition;
            if (_keeping.Count > 0) _keeping.Remove(exchange);
            _ties[partition].LostAnswer = _ties[partition].LostLeases = false;
            if (exchange.Request.Reports.Length > 0) CrashPoint.Hit("report.after");
            if (reply.Leases.Length > 0) CrashPoint.Hit("lease.received");
            foreach (var (report, taken) in _outbox.Delivered(partition).Zip(reply.Taken)) Forget(partition, report, taken);
            SettleTrial(exchange, reply);
            var attempts = BatchLeases.Firsts(reply.Leases);
            var maySuspect = _slots.Settle(exchange.Reservation, attempts);
            // Where none was leased ahead, all have found their slots free. Of what comes again nobody knows.
            var sure = exchange.Request is { Ahead: 0, Held: null } ? reply.Leases.Length : reply.Limited;
            if (sure > 0) TakeAll(sure == reply.Leases.Length ? reply.Leases : reply.Leases[..sure], hasSlot: true);
            if (sure < reply.Leases.Length) TakeAll(sure == 0 ? reply.Leases : reply.Leases[sure..], hasSlot: false);

            void TakeAll(Lease[] leases, bool hasSlot) => BatchLeases.Each(
                leases,
                lease =>
                {
                    Take(lease, () => maySuspect, hasSlot);
                    if (lease.IsSuspect) maySuspect = false;
                },
                batch => TakeBatch(batch, hasSlot));

            // Nothing could be held back from a request that was open to all: such a word is not waited upon.
            var heldBack = reply.HeldBack && exchange.Reservation.IsRestricted;
            var alone = exchange.Request.Worker.Suspects is SuspectWish.OneAlone;
            // Who asks for a suspect alone and gets none was not promised the others that are ready.
            var wanted = alone && !reply.Suspects ? 0 : exchange.Reservation.Count;
            // Suspects that could have come and did not are as good as a broken promise.
            var owed = reply.Suspects && (alone || (exchange.Reservation.MayBringSuspect && reply.Leases.Length == 0));
            var need = reply.NeedsSlot ? SlotNeed.Missing : reply.Limited > 0 ? SlotNeed.Given : SlotNeed.None;
            _plan.Answered(
                partition, wanted, attempts.Count, owed ? Math.Max(1, reply.Ready) : reply.Ready, heldBack, Now, reply.Weight, need, exchange.Request.Want - exchange.Request.Ahead);
            StartWaiting();
            SignalWhenIdle();
        }

        // What is said again because its answer was lost may have been taken the first time.
        if (stale == 0 || exchange.Request.Held is not null) return;
        LogStale(exchange.Partition, stale);
    }

    private void Fail(Exchange exchange, Exception exception)
    {
        lock (_gate)
        {
            var ties = _ties[exchange.Partition];
            if (_keeping.Count > 0) _keeping.Remove(exchange);
            ties.LostAnswer = true;
            ties.LostLeases |= exchange.Reservation.Count > 0;
            // A suspect may have been leased to this silo all the same: until the partition says otherwise, no other is taken in beside it.
            ties.KeepsSuspectPlace = exchange.Reservation.MayBringSuspect;
            _slots.Settle(exchange.Reservation with { MayBringSuspect = false }, []);
            _plan.Failed(exchange.Partition, exchange.Request.Reports.Length, Now);
            SignalWhenIdle();
        }

        LogExchangeFailed(exception, exchange.Partition, exchange.Request.Reports.Length);
    }

    /// <summary>The partition knows how the attempt ended. A stuck handler is no lease any more.</summary>
    private void Forget(int partition, JobReport report, bool taken)
    {
        if (report.Kind is ReportKind.HandlerReturned) return;
        var name = new LeaseName(report.Id, report.Token);
        _held.Remove(name);
        _trial.Delivered(name, taken);
        _ties[partition].Ended.Add(name);
    }

    /// <summary>An answer that does not come keeps nobody waiting who is here.</summary>
    private void LetSlotsGo()
    {
        if (_waiting.Count == 0 && !_plan.NeedsSlots) return;
        var went = false;
        while (_keeping.Count > 0 && Now - _keeping[0].SentAt >= AskPlan.TurnPatience)
        {
            _keeping[0].Reservation = _slots.LetSlotsGo(_keeping[0].Reservation);
            _keeping.RemoveAt(0);
            went = true;
        }

        // Before the next of those who wait for a slot, which may not answer either.
        if (went) StartWaiting(leavesNone: true);
    }

    /// <summary>What was leased ahead of the slots and found none in time is for others to run.</summary>
    private void HandBackOverdue()
    {
        if (!_waiting.Any(job => _time.GetElapsedTime(job.Since) >= LeaseAhead.Patience)) return;
        var overdue = _waiting.Remove(job => _time.GetElapsedTime(job.Since) >= LeaseAhead.Patience);
        _ahead.Overdue();
        _slots.Ahead = _ahead.Allowed;
        End(overdue, AttemptEnding.Returned);
    }

    private void ArmTimer()
    {
        var wait = _plan.NextRetry is { } retry ? Math.Max(1, retry - Now) : long.MaxValue;
        if (_waiting.Count > 0) wait = Math.Min(wait, (long)LeaseAhead.Patience.TotalMilliseconds);
        if (_keeping.Count > 0 && (_waiting.Count > 0 || _plan.NeedsSlots)) wait = Math.Min(wait, Math.Max(1, _keeping[0].SentAt + AskPlan.TurnPatience - Now));
        if (_trial is { IsOn: true, IsOver: false }) wait = Math.Min(wait, Math.Max(1, _trialEnd - Now));
        if (wait < long.MaxValue) _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The worker's books are wrong; it goes on.")]
    private partial void LogPumpBroke(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition} refused {Count} reports of attempts that no longer hold their job.")]
    private partial void LogStale(int partition, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition} could not be reached; {Count} reports are kept and will be sent again.")]
    private partial void LogExchangeFailed(Exception exception, int partition, int count);

    private sealed class Exchange(int partition, long sentAt, Reservation reservation, ExchangeRequest request)
    {
        public int Partition { get; } = partition;
        public long SentAt { get; } = sentAt;
        public Reservation Reservation { get; set; } = reservation;
        public ExchangeRequest Request { get; } = request;
    }
}
