using OrleansJobs.Diagnostics;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>What a partition does by itself: timers, paging, retention, and the recovery of leases.</summary>
internal sealed partial class JobPartitionGrain
{
    private const int LeasesPerRead = 256;
    private const int SweepBatch = 500;
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConfirmRetry = TimeSpan.FromMilliseconds(500);

    private bool _expiring;

    /// <summary>Partitions sweep at different moments of the period.</summary>
    private TimeSpan SweepDelay() => SweepPeriod * ((_partition + 1.0) / (_options.Partitions + 1));

    private void Arm()
    {
        if (_commits.IsOver || _core.NextDue(Now) is not { } next) return;
        // Timers take at most 49 days; nothing is lost by waking early.
        var wait = Math.Clamp(next - Now, 1, (long)TimeSpan.FromDays(1).TotalMilliseconds);
        _dueTimer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private Task OnDueAsync()
    {
        if (_core.NextDeadline <= Now && !_expiring) Background(ExpireAsync, "expiring jobs");
        Pump();
        return Task.CompletedTask;
    }

    /// <summary>Ends the jobs that were not started in time, and finds the next instant to look.</summary>
    private async Task ExpireAsync()
    {
        _expiring = true;
        try
        {
            while (true)
            {
                // What is under way has told its deadline already and does not stand in the store yet; what comes from now on tells its own.
                await _commits.Committed();
                var known = _core.TakeDeadline();
                LaneEntry[] next;
                try
                {
                    next = await _store.ReadDeadlinesAsync(_partition, long.MaxValue, SweepBatch);
                }
                catch
                {
                    _core.NoteDeadline(known);
                    throw;
                }

                var now = Now;
                var late = next.Where(entry => entry.Due <= now).ToList();
                foreach (var entry in late) await ChangeWaitingAsync(entry.Id, job => _core.Expire(job, now));
                if (late.Count > 0) await _commits.Committed();
                if (late.Count == SweepBatch) continue;
                _core.NoteDeadline(next.FirstOrDefault(entry => entry.Due > now)?.Due);
                Arm();
                return;
            }
        }
        finally
        {
            _expiring = false;
        }
    }

    private async Task ChangeWaitingAsync(string id, Action<LiveJob> change)
    {
        _core.Pin(id);
        try
        {
            if (await BringAsync(id) is { Place: JobPlace.Waiting, Track.Token: 0 } job) change(job);
        }
        finally
        {
            _core.Unpin(id);
        }
    }

    /// <summary>Forgets the jobs whose retention is over.</summary>
    private async Task SweepAsync()
    {
        try
        {
            while (!_commits.IsOver && await _store.ReadExpiredAsync(_partition, Now, SweepBatch) is { Length: > 0 } ids)
            {
                foreach (var id in ids) await PurgeAsync(id, wait: false);
                await _commits.Committed();
                if (ids.Length < SweepBatch) return;
            }
        }
        catch (Exception exception)
        {
            if (!_closing.IsCancellationRequested) LogBackground(exception, _partition, "the sweep of finished jobs");
        }
    }

    private async Task PurgeAsync(string id, bool wait = true)
    {
        _core.Pin(id);
        try
        {
            if (await BringAsync(id) is not { Place: JobPlace.Finished, Outcome: { } outcome } job || outcome.RetainUntil > Now) return;
            // The grain's state first: should this end halfway, the job is still there to be swept again.
            if (outcome.Track.HasGrainState) await GrainFactory.GetGrain<IJobFeed>(id).Forget();
            CrashPoint.Hit("purge.forgotten");
            _core.Delete(job);
            if (wait) await _commits.Committed();
            else _ = _commits.Committed();
        }
        finally
        {
            _core.Unpin(id);
        }
    }

    /// <summary>Reads on in lanes whose window runs low.</summary>
    private void ReadPages()
    {
        foreach (var lane in _core.Lanes)
        {
            if (lane.NeedsPage && !_commits.IsOver) Background(() => ReadPageAsync(lane), "reading its lanes");
        }
    }

    private async Task ReadPageAsync(Lane lane)
    {
        var after = lane.BeginRead();
        try
        {
            var page = await _store.ReadLaneAsync(_partition, lane.Name, after, _options.WindowJobs, _options.WindowBytes / 4);
            _core.EndRead(lane, page, page.Length < _options.WindowJobs);
        }
        catch
        {
            _core.AbandonRead(lane);
            throw;
        }

        Pump();
    }

    /// <summary>After opening: tells the workers, and finds out which of the leases in the store are held.</summary>
    private async Task RecoverAsync()
    {
        Pump();
        var members = services.Membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active);
        foreach (var member in members) services.Workers.Of(member.SiloAddress).PartitionOpened(_partition).Ignore();
        var silos = _core.Leased.Select(job => job.Track.Silo!).Distinct().ToList();
        await Task.WhenAll(silos.Select(RecoverLeasesAsync));
    }

    private async Task RecoverLeasesAsync(string silo)
    {
        var address = SiloAddress.FromParsableString(silo);
        while (!_commits.IsOver && !_closing.IsCancellationRequested)
        {
            var leases = _core.Leased.Where(job => job.Track.Silo == silo && FencingToken.GenerationOf(job.Track.Token) < _core.Generation)
                .Select(job => new LeaseName(job.Id, job.Track.Token)).ToArray();
            if (leases.Length == 0) return;
            if (await IsDeadAsync(address))
            {
                CrashLeasesOf(silo);
                Pump();
                return;
            }

            try
            {
                var held = await services.Workers.Of(address).Confirm(_partition, _core.Generation, leases).WaitAsync(ConfirmTimeout, services.Time);
                var now = Now;
                foreach (var lease in leases.Where(lease => !held.Contains(lease.Id))) _core.Undo(lease, now);
                Pump();
                await _commits.Committed();
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException && !_commits.IsOver)
            {
                // Slow, or dead and not yet declared so: membership decides, not we.
                LogBackground(exception, _partition, "confirming leases");
                await Task.Delay(ConfirmRetry, services.Time, _closing.Token);
            }
        }
    }

    private async Task<bool> IsDeadAsync(SiloAddress silo)
    {
        var status = services.Membership.CurrentSnapshot.GetSiloStatus(silo);
        if (status != SiloStatus.None) return status == SiloStatus.Dead;
        // Unknown may only mean that our view is old.
        await services.Membership.Refresh();
        return services.Membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None;
    }

    /// <summary>Gives the leases of dead silos out again, and forgets that those were hungry.</summary>
    private void CheckLeases(ClusterMembershipSnapshot members)
    {
        foreach (var silo in _hungry.Keys.Concat(_sequences.Keys).Where(silo => members.GetSiloStatus(silo) == SiloStatus.Dead).ToList())
        {
            _hungry.Remove(silo);
            _sequences.Remove(silo);
        }

        foreach (var silo in _core.Leased.Select(job => job.Track.Silo!).Distinct().ToList())
        {
            if (members.GetSiloStatus(SiloAddress.FromParsableString(silo)) == SiloStatus.Dead) CrashLeasesOf(silo);
        }
    }

    private void CrashLeasesOf(string silo)
    {
        if (Sabotage.IsOff(Safeguard.Redelivery)) return;
        var crashed = _core.Crash(silo, Now);
        if (crashed == 0) return;
        LogCrashed(_partition, crashed, silo);
        Background(_commits.Committed, "giving leases out again");
    }

    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Warning, "Partition {Partition}: {Jobs} jobs were running on {Silo}, which is dead; they run again")]
    private partial void LogCrashed(int partition, int jobs, string silo);
}
