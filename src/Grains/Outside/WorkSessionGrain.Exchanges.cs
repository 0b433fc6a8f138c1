using Microsoft.Extensions.Logging;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>The talk with the partitions, as <see cref="WorkerEngine"/> has it, for as many jobs as the worker's call asks for.</summary>
internal sealed partial class WorkSessionGrain
{
    private static readonly TimeSpan LoadRetry = TimeSpan.FromMilliseconds(500);
    private static readonly AttemptEnding GivenUp = AttemptEnding.Postponed(TimeSpan.FromSeconds(1));

    private AskPlan _plan = null!;
    private ReportOutbox _outbox = null!;
    private SuspectTurn _suspects = null!;
    private WorkerProfile? _profile;

    /// <summary>Leases that exchanges under way were asked for.</summary>
    private int _asked;

    private long Now => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    private void BeginAsking()
    {
        _plan = new AskPlan(_ties.Length);
        _outbox ??= new ReportOutbox(_ties.Length);
        _suspects = new SuspectTurn(services.Options.TrialTime);
        AskAll();
    }

    private void AskAll()
    {
        _askedAll = _time.GetTimestamp();
        for (var partition = 0; partition < _ties.Length; partition++) _plan.Opened(partition);
    }

    private void Pump()
    {
        if (_state is not SessionState.Unheard && !_closing.IsCancellationRequested)
        {
            while (NextExchange() is { } exchange) _ = ExchangeAsync(exchange.Partition, exchange.Request);
        }

        Arm();
    }

    /// <summary>How many more leases the worker has asked for than are on their way to it.</summary>
    private int Free()
    {
        if (!_isOpen || _state is not SessionState.Live || _current is not { Want: > 0 } call || _outbox.IsFull || !services.Clock.IsRight || !services.Worker.HasStarted) return 0;
        var (coming, bytes) = (0, 0L);
        foreach (var lease in _book.Values)
        {
            if (lease is not { HasEnded: false, IsNamed: false, Stop: null } || lease.GivenTo == call) continue;
            coming++;
            bytes += lease.Size;
        }

        if (bytes >= MaxParcelBytes) return 0;
        return Math.Min(call.Want - coming, services.Outside.MaxHeld - _book.Count) - _asked;
    }

    private (int Partition, ExchangeRequest Request)? NextExchange()
    {
        var free = Free();
        var step = _suspects.Next(isEmpty: _book.Count == 0 && _holds.Count == 0 && _asked == 0, Now);
        _plan.Slots = _book.Count + _asked + Math.Max(0, free);
        if (_suspects.Word is { } news) _plan.MustTell(PartitionOf(news.Lease.Id));
        Ask? next = null;
        var wish = SuspectWish.None;
        if (step.Wish is not SuspectWish.None && free > 0 && _suspects.Partition is { } suspected && _plan.OutOfTurn(suspected, 1, Now) is { } trial) (next, wish) = (trial, step.Wish);
        else next = _plan.Next(step.MayTake ? Math.Max(0, free) : 0, Now);
        if (next is not { } ask) return null;
        var ties = _ties[ask.Partition];
        var reports = _outbox.Take(ask.Partition, out var left);
        if (left > 0) _plan.Reported(ask.Partition, left);
        _asked += ask.Want;
        return (ask.Partition, new ExchangeRequest
        {
            Worker = Profile(wish),
            Reports = reports,
            Want = ask.Want,
            Held = ties.LostAnswer ? [.. _book.Values.Where(lease => lease.Lease.Partition == ask.Partition).Select(lease => lease.Name)] : null,
            Sequence = ++ties.Sequence,
            Generation = ties.NewestGeneration,
            Trial = _suspects.Word is { } word && PartitionOf(word.Lease.Id) == ask.Partition ? word : null,
        });
    }

    private WorkerProfile Profile(SuspectWish wish)
    {
        var paused = services.Worker.Paused;
        if (_profile is null || _profile.Closed != paused)
        {
            _profile = new WorkerProfile { Silo = _address, SiloName = _worker, Types = _types, Queues = _queues, Closed = paused };
        }

        // Who asks for nothing any more says that it knows no types: it is to be told nothing.
        return _state is not SessionState.Live ? _profile with { Types = [] } : wish is SuspectWish.None ? _profile : _profile with { Suspects = wish };
    }

    private async Task ExchangeAsync(int partition, ExchangeRequest request)
    {
        try
        {
            Settle(partition, request, await services.Grid.Partition(partition).Exchange(request));
        }
        catch (Exception exception)
        {
            // Its answer may have brought leases: the partition is told what is held, and asked again.
            _ties[partition].LostAnswer = true;
            _plan.Failed(partition, request.Reports.Length, Now);
            if (request.Worker.Suspects is not SuspectWish.None) _suspects.Rest(Now);
            LogExchangeFailed(exception, Session, partition, request.Reports.Length);
        }

        _asked -= request.Want;
        Wake();
        Pump();
    }

    private void Settle(int partition, ExchangeRequest request, ExchangeReply reply)
    {
        var ties = _ties[partition];
        var isFirst = !ties.IsKnown;
        ties.LostAnswer = false;
        ties.IsKnown = true;
        foreach (var (report, taken) in _outbox.Delivered(partition).Zip(reply.Taken)) Forget(ties, report, taken);
        if (request.Trial is { } word) SettleTrial(word, reply.TrialStored);
        foreach (var lease in reply.Leases) Take(lease, ties, isFirst, request.Worker.Suspects);
        // What is left is of leases that are not this session's.
        if (isFirst && _said.Count > 0) foreach (var name in _said.Keys.Where(name => PartitionOf(name.Id) == partition).ToList()) _said.Remove(name);
        if (isFirst && _saidLines.Count > 0)
        {
            foreach (var name in _saidLines.Keys.Where(name => PartitionOf(name.Id) == partition).ToList())
            {
                if (_saidLines.Remove(name, out var log)) log.Close();
            }
        }

        var wished = request.Worker.Suspects;
        _suspects.Heard(partition, reply.Suspects);
        if (wished is SuspectWish.OneInCompany || (wished is SuspectWish.OneAlone && reply.Leases.Length == 0)) _suspects.Rest(Now);
        var wanted = wished is SuspectWish.OneAlone && !reply.Suspects ? 0 : request.Want;
        _plan.Answered(partition, wanted, reply.Leases.Length, reply.Ready, reply.HeldBack, Now, reply.Weight);
    }

    private void SettleTrial(TrialWord word, bool stored)
    {
        var lease = _suspects.Trial;
        if (_suspects.Said(word, stored, Now) && lease is not null) lease.IsHeldBack = false;
        else if (!stored && !word.IsOver && lease is { HasEnded: false } && lease.Name == word.Lease) Drop(lease);
    }

    /// <summary>The partition knows how the attempt ended.</summary>
    private void Forget(PartitionTies ties, JobReport report, bool taken)
    {
        var name = new LeaseName(report.Id, report.Token);
        ties.Reports--;
        _ended.Add(name);
        _answers.Answer(name, taken);
        if (_book.TryGetValue(name, out var lease)) Drop(lease);
    }

    private void Drop(HeldLease lease)
    {
        lease.Close();
        lease.IsSettled = true;
        _book.Remove(lease.Name);
        _suspects.Ended(lease, Now);
    }

    private void Take(Lease lease, PartitionTies ties, bool isFirst, SuspectWish wished)
    {
        var name = new LeaseName(lease.Id, lease.Token);
        // It came twice. What became of it has been said, or will be.
        if (_book.ContainsKey(name) || _ended.Contains(name) || _state is SessionState.Dying) return;
        var type = services.Types.Find(lease.Type);
        var held = new HeldLease(
            lease, ReportRules.PolicyOf(lease, type, services.Options.Retry), ReportRules.TimeoutOf(lease, type, _time.GetUtcNow()), services.Carrier, services.ListenerOf(lease),
            services.KeepsLogs ? services.LogOf : null)
        {
            ArrivedAt = _time.GetTimestamp(), Epoch = isFirst ? _epoch : 0, StalledAfter = type?.StalledAfter,
        };
        _book.Add(name, held);
        if (isFirst && _saidLines.Remove(name, out var lines)) held.Adopt(lines);
        if (ties.Refuses(name))
        {
            End(held, GivenUp);
            return;
        }

        ties.Meet(FencingToken.GenerationOf(lease.Token));
        // Given by another activation of this session: what the worker has of it is in its word.
        if (isFirst)
        {
            held.GivenAt = held.ArrivedAt;
            held.HasGrainState = true;
            held.Hear(_holds.Contains(name));
            if (_said.Remove(name, out var progress)) held.Report(progress, held.ArrivedAt);
        }

        if (_state is not SessionState.Live || Array.IndexOf(services.Worker.Paused, lease.Queue) >= 0 && !isFirst) End(held, AttemptEnding.Returned);
        else if (lease.IsSuspect && !isFirst && wished is SuspectWish.OneAlone)
        {
            held.IsHeldBack = true;
            _suspects.Begin(held);
        }
        else if (lease.IsSuspect && isFirst) _suspects.Adopt(held);

        if (held.HasEnded) return;
        held.IsLoaded = !lease.HasGrainState || held.IsNamed;
        if (!held.IsLoaded) _ = LoadAsync(held);
    }

    /// <summary>Reads what an attempt before this one has left.</summary>
    private async Task LoadAsync(HeldLease lease)
    {
        while (!lease.HasEnded && !_closing.IsCancellationRequested)
        {
            try
            {
                lease.Checkpoint = await services.Grid.Feed(lease.Name.Id).LoadCheckpoint(lease.Name);
                lease.IsLoaded = true;
                Wake();
                return;
            }
            catch (Exception exception)
            {
                LogNotLoaded(exception, lease.Name.Id);
            }

            await Task.Delay(LoadRetry, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Session {Session}: partition {Partition} could not be reached; {Count} reports are kept and will be sent again")]
    private partial void LogExchangeFailed(Exception exception, string session, int partition, int count);

    [LoggerMessage(LogLevel.Warning, "The checkpoint of job {JobId} could not be read for its next attempt; it is tried again")]
    private partial void LogNotLoaded(Exception exception, string jobId);
}
