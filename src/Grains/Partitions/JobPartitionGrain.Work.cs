using System.Runtime.InteropServices;
using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// How jobs go to workers. Local first: slots of this silo are set aside at once, so that submit and lease share a commit. Pull for the rest:
/// a worker elsewhere that went away hungry is told when there is something, and asks.
/// </summary>
internal sealed partial class JobPartitionGrain
{
    private const int LargestTake = 1000;
    private const int PumpChunk = 256;

    private readonly HungryWorkers _hungry = new();
    private readonly Dictionary<SiloAddress, long> _sequences = [];

    public async Task<ExchangeReply> Exchange(ExchangeRequest request)
    {
        if (request.Generation > _core.Generation) throw Succeeded(request.Generation);
        var taken = await ReportAsync(request.Reports);
        var stale = taken.Count(one => !one);
        // What is said again because its answer was lost may have been taken the first time.
        if (stale > 0 && request.Held is null) services.Meters.Stale(stale);
        var trialStored = request.Trial is { } word && _core.Suspects.Say(word);
        var worker = request.Worker;
        var room = request.Room?.ToDictionary(queue => queue.Queue, queue => queue.Jobs, StringComparer.Ordinal);
        Met(request);
        var isGone = await IsGoneAsync(worker.Silo);
        var want = isGone ? 0 : Math.Min(request.Want, LargestTake);
        // Nearly always all that a worker asks for finds its slot, or nothing is limited.
        var slots = request.Ahead > 0 ? new FreeSlots(Math.Max(0, want - request.Ahead)) : null;
        var leases = await TakeAsync(request, want, room, slots);
        var limited = slots?.Limited ?? 0;
        var silo = worker.Silo.ToParsableString();
        var missing = request.Held is { } held ? _core.Attempts.MissingAt(silo, held).ExceptBy(leases.Select(lease => lease.Token), lease => lease.Token).ToList() : [];
        // Also that a lease is not missing is said once it is stored: it may have ended by a report that never will be.
        if (leases.Count > 0 || request.Held is not null || request.Reports.Length > 0 || request.Trial is not null)
        {
            // A failed attempt may fall due again. What is ready at once, as a flow whose child has ended, is given out below: none of it could be stored before this is.
            Arm(withNews: false);
            await _commits.Committed();
            CrashPoint.Hit("exchange.stored");
        }

        // A store that was full has dropped new jobs, and others may have ended meanwhile.
        if (slots is null && request.Held is not null) limited = leases.Count;
        for (var i = limited - 1; i >= 0; i--) limited -= _core.Attempts.Holds(leases[i]) ? 0 : 1;
        leases.AddRange(missing);
        leases.RemoveAll(lease => !_core.Attempts.Holds(lease));
        var ready = _core.Dispatch.CountReadyFor(worker, Now, LargestTake, room, out var heldBack);
        var weight = _core.Jobs.Index.WeightFor(worker);
        // By a clock that is wrong none is given, and whoever knew of one would stand empty for nothing. When it is right, all is told again.
        var suspects = services.Clock.IsRight && _core.Suspects.HasReadyFor(worker, Now);
        // The one that had no slot may be a suspect, which are not counted among those that are ready.
        var needsSlot = slots is { IsMissing: true } && (ready > 0 || suspects);
        if (!worker.Silo.Equals(services.Silo)) _hungry.Came(worker, ready, heldBack, suspects);
        if (needsSlot) ready = 0;
        TellCancelled(worker.Silo, leases);
        Pump();
        // It may have been told of a job that it has no slot for, or no time: then it is another's.
        if ((request.Want == 0 && ready > 0) || needsSlot || worker.Types.Length == 0) Hint(_hungry.ToTellOf(_core.Jobs.Index, Now));
        return new ExchangeReply { Leases = [.. leases], Taken = taken, Ready = ready, HeldBack = heldBack, Suspects = suspects, TrialStored = trialStored, Weight = weight, Limited = limited, NeedsSlot = needsSlot };
    }

    private async ValueTask<bool[]> ReportAsync(JobReport[] reports)
    {
        using var kept = await _flows.PrepareAsync(reports);
        while (_logs.IsToPrepare(reports)) await _logs.PrepareAsync(reports);
        var now = Now;
        return Array.ConvertAll(_logs.Spared(reports), report => _core.Attempts.Report(report, now));
    }

    private void Met(ExchangeRequest request)
    {
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_sequences, request.Worker.Silo, out _);
        last = Math.Max(last, request.Sequence);
    }

    /// <summary>
    /// An exchange whose worker has sent a later one that is here already, or was given up by the cluster: nobody would see its leases. To be asked before
    /// each of them, since others have their turn while this one waits.
    /// </summary>
    private bool IsOvertaken(ExchangeRequest request) => !_sequences.TryGetValue(request.Worker.Silo, out var last) || request.Sequence < last;

    /// <summary>
    /// The cluster holds it for dead. Its process may still ask, but what it were given would wait until somebody looks for the leases of the dead
    /// again, and count a crash that was none.
    /// </summary>
    private ValueTask<bool> IsGoneAsync(SiloAddress silo) => WorkSession.IsSession(silo) ? new(false) : services.Membership.CurrentSnapshot.GetSiloStatus(silo) switch
    {
        SiloStatus.Dead => new(true),
        SiloStatus.None => new(IsDeadAsync(silo)),
        _ => new(false),
    };

    private async Task<List<Lease>> TakeAsync(ExchangeRequest request, int want, Dictionary<string, int>? room, FreeSlots? slots)
    {
        var worker = request.Worker;
        if (want > 0 && _core.QueueLimits.HasAny) await BringPermitsAsync(worker, room);
        // What is due is a matter of the clock.
        if (!services.Clock.IsRight || IsOvertaken(request)) want = 0;
        var unread = new List<LiveJob>();
        var leases = _core.Dispatch.Take(worker, want, Now, unread, room, slots);
        if (unread.Count > 0)
        {
            await ReadSpecsAsync(unread);
            if (!IsOvertaken(request)) leases.AddRange(_core.Dispatch.Take(worker, want - BatchLeases.Firsts(leases).Count, Now, [], room, slots));
        }

        ReadPages();
        return leases;
    }

    /// <summary>Where there is news: gives what is ready to the free slots of this silo, and tells others of what is left.</summary>
    private void Pump()
    {
        if (_commits.IsOver) return;
        if (!services.Clock.IsRight)
        {
            Arm();
            CommitWhatNobodyWaitsFor();
            return;
        }

        var now = Now;
        var news = _core.Jobs.Index.TakeNews(now);
        if (news.Count > 0)
        {
            GiveToFreeSlots(now);
            foreach (var lane in news)
            {
                if (lane.IsReady(now)) Offer(lane, now);
            }
        }

        _core.QueueLimits.Settle(now);
        Arm();
        CommitWhatNobodyWaitsFor();
    }

    /// <summary>Such as that a job was not started in time, or is suspected no more.</summary>
    private void CommitWhatNobodyWaitsFor()
    {
        if (_core.Changes.HasAny) _ = _commits.Committed();
    }

    private void GiveToFreeSlots(long now)
    {
        List<Lease>? ahead = null, limited = null;
        var before = 0;
        _core.Jobs.Batches.Say(services.LocalWorker.Profile);
        // The best lane, whichever has news: a slot that has just come free is for the jobs that go first. A suspect is for the worker to ask
        // for: it knows whether another is on its way to it.
        while (_core.Jobs.Index.FirstFor(services.LocalWorker.Profile, SuspectWish.None, room: null) is { } lane)
        {
            var isLimited = lane.IsLimited;
            var granted = services.LocalWorker.TryReserve(lane.Queue, lane.Type, lane.CountReady(now, ChunkOf(lane)), isLimited, before);
            if (granted == 0) break;
            var given = isLimited ? Give(lane, granted, now, ref limited) : Give(lane, granted, now, ref ahead);
            if (given < granted) services.LocalWorker.Release(lane.Queue, granted - given, isLimited);
            if (!isLimited) before += given;
            // Its records are being read, and it has news when they are.
            if (given == 0) break;
        }

        if (limited is not null) _ = StartAsync(limited, isLimited: true);
        if (ahead is not null) _ = StartAsync(ahead, isLimited: false);
    }

    /// <summary>Where keys take turns, each gives one.</summary>
    private int ChunkOf(Lane lane) =>
        lane.Turn is not null || _core.Keys.HasTurnsIn(lane) ? 1 : PumpChunk;

    private int Give(Lane lane, int granted, long now, ref List<Lease>? leases)
    {
        var given = 0;
        var unread = new List<LiveJob>();
        if (lane.Batch is not null && services.LocalWorker.Profile.TakesBatchesOf(lane.Type))
        {
            while (given < granted && lane.IsReady(now) && lane.Limit is not { Room: 0 } && Dispatcher.EnsureBatch(lane, now, unread))
            {
                if (_core.Dispatch.TakeBatch(lane, _self, now, leases ??= [])) given++;
            }

            ReadPages();
        }
        else
        {
            while (given < granted && lane.IsReady(now) && lane.Limit is not { Room: 0 } && Dispatcher.EnsureReadable(lane, granted, now, unread))
            {
                if (_core.Dispatch.Next(lane, _self, now) is not { } lease) continue;
                (leases ??= []).Add(lease);
                given++;
            }
        }

        if (unread.Count > 0) Background(() => ReadAndPumpAsync(unread), "reading records");
        return given;
    }

    private async Task StartAsync(List<Lease> leases, bool isLimited)
    {
        try
        {
            await _commits.Committed();
            CrashPoint.Hit("lease.stored");
            // A store that was full has dropped new jobs; their leases never were.
            var stored = leases.FindAll(_core.Attempts.Holds);
            if (stored.Count < leases.Count)
            {
                var starting = BatchLeases.Firsts(stored).Select(static lease => lease.Batch).ToHashSet();
                foreach (var lost in BatchLeases.Firsts(leases.FindAll(lease => !stored.Contains(lease))))
                {
                    // Of a batch the others go all the same.
                    if (lost.Batch == 0 || !starting.Contains(lost.Batch)) services.LocalWorker.Release(lost.Queue, 1, isLimited);
                }
            }

            services.LocalWorker.Start(stored, isLimited);
            TellCancelled(services.Silo, stored);
        }
        catch (Exception exception)
        {
            if (exception is not OrleansException) LogBackground(exception, _partition, "starting jobs");
            // Never stored, or stored without our knowing: then the next activation asks the worker, which does not hold them.
            foreach (var first in BatchLeases.Firsts(leases)) services.LocalWorker.Release(first.Queue, 1, isLimited);
        }
    }

    /// <summary>Jobs are ready in this lane and this silo has no slot for them.</summary>
    private void Offer(Lane lane, long now)
    {
        if (lane.Suspects) services.LocalWorker.HasSuspects(_partition, lane.Queue, lane.Type);
        else services.LocalWorker.HasBacklog(_partition, lane.Queue, lane.Type, lane.IsLimited);
        if (_hungry.Silos.Count > 0) Hint(_hungry.ToTellOf(lane, lane.CountReady(now, PumpChunk)));
    }

    private void Hint(List<SiloAddress> silos)
    {
        foreach (var silo in silos) Tell(silo, worker => worker.Hint(_partition));
    }

    /// <summary>Nobody waits for it, and it may be lost: what matters is told again.</summary>
    private void Tell(SiloAddress silo, Func<IJobWorker, Task> notice)
    {
        if (!LostNotices.IsLost()) notice(services.Workers.Of(silo)).Ignore();
    }

    /// <summary>A job may have been cancelled between its lease and its start, when its worker had not heard of it.</summary>
    private void TellCancelled(SiloAddress silo, List<Lease> leases)
    {
        foreach (var lease in leases)
        {
            if (_core.Jobs.Find(lease.Id) is { Track.CancelRequested: true } job && job.Track.Token == lease.Token)
                Tell(silo, worker => worker.Cancel(new(lease.Id, lease.Token)));
        }
    }

    private async Task ReadAndPumpAsync(List<LiveJob> jobs)
    {
        await ReadSpecsAsync(jobs);
        Pump();
    }

    private async Task ReadSpecsAsync(List<LiveJob> jobs)
    {
        // Those that are handed out first come first: of more than one answer holds, the rest is read with the next.
        var records = await _rows.ReadAsync(jobs.ConvertAll(job => job.Id), byteBudget: Dispatcher.MostBytes);
        for (var i = 0; i < records.Length; i++)
        {
            // Others had their turn meanwhile: it may be gone, or have come back as another.
            if (records[i] is { } record && _core.Jobs.Find(jobs[i].Id) == jobs[i]) _core.Jobs.LoadSpec(jobs[i], record);
        }
    }
}
