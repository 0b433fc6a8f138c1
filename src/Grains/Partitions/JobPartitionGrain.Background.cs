using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>What a partition does by itself: timers, paging, retention, and the recovery of leases.</summary>
internal sealed partial class JobPartitionGrain
{
    private const int LeasesPerRead = 256;
    private const int SweepBatch = 500;

    /// <summary>Pages of lanes that are read at a time: a partition may open with very many lanes.</summary>
    private const int MostPageReads = 32;
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConfirmRetry = TimeSpan.FromMilliseconds(500);

    /// <summary>Jobs that were not started in time are being ended, again and again until they can be.</summary>
    private bool _expiring;

    /// <summary>Partitions sweep at different moments of the period.</summary>
    private TimeSpan SweepDelay() => SweepPeriod * ((_partition + 1.0) / (_options.Partitions + 1));

    /// <param name="withNews">False: what is ready by now is given out before anybody waits for the clock.</param>
    private void Arm(bool withNews = true)
    {
        if (_commits.IsOver) return;
        if (!services.Clock.IsRight)
        {
            // Nothing falls due by a clock that is wrong; once it is right, everything may.
            _dueTimer.Change(ClockGuard.Beat, Timeout.InfiniteTimeSpan);
            return;
        }

        // While what is late is being ended the next deadline is not to be waited for: it may be the one that has passed.
        if (_core.NextDue(Now, withDeadlines: !_expiring, withNews) is not { } next) return;
        // Timers take at most 49 days; nothing is lost by waking early.
        var wait = Math.Clamp(services.Clock.Until(next).TotalMilliseconds, 1, TimeSpan.FromDays(1).TotalMilliseconds);
        _dueTimer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    /// <summary>What waits for a commit of others to go with does not wait longer than this.</summary>
    private Task OnGaugesAsync()
    {
        _gauges.Refresh(Now);
        _core.History.Advance(Now, mayWrite: services.Health.Fullness < _options.FullAt);
        if (!_commits.IsOver) CommitWhatNobodyWaitsFor();
        return Task.CompletedTask;
    }

    private Task OnDueAsync()
    {
        if (services.Clock.IsRight && _core.Deadlines.Next <= Now && !_expiring)
        {
            _expiring = true;
            Background(ExpireAsync, "expiring jobs");
        }

        _schedules.ServeDue();
        Pump();
        return Task.CompletedTask;
    }

    /// <summary>Ends the jobs that were not started in time, and finds the next instant to look.</summary>
    private async Task ExpireAsync()
    {
        while (!await ExpireOnceAsync())
        {
        }

        _expiring = false;
        Pump();
    }

    /// <returns>Whether all that were late are done.</returns>
    private async Task<bool> ExpireOnceAsync()
    {
        // What is under way has told its deadline already and does not stand in the store yet; what comes from now on tells its own.
        await _commits.Committed();
        var known = _core.Deadlines.Take();
        try
        {
            var next = await _rows.ReadDeadlinesAsync(SweepBatch);
            // Should the clock have gone wrong meanwhile, none is late: the next look is when it is right.
            var (now, isRight) = (Now, services.Clock.IsRight);
            var late = next.Where(entry => isRight && entry.Score <= now).ToList();
            foreach (var entry in late)
            {
                await ChangeWaitingAsync(entry.Member, job =>
                {
                    if (DeadlineBook.HasPassed(job, now)) _core.Orders.Expire(job, now);
                });
            }

            if (late.Count > 0)
            {
                // Of their ends others may follow.
                Pump();
                await _commits.Committed();
            }

            if (late.Count < SweepBatch) _core.Deadlines.Note(next.SkipWhile(entry => isRight && entry.Score <= now).Select(entry => (long?)entry.Score).FirstOrDefault());
            return late.Count < SweepBatch;
        }
        catch
        {
            _core.Deadlines.Note(known);
            throw;
        }
    }

    private async Task ChangeWaitingAsync(string id, Action<LiveJob> change)
    {
        _core.Jobs.Pin(id);
        try
        {
            if (await BringAsync(id) is { Place: JobPlace.Waiting } job) change(job);
        }
        finally
        {
            _core.Jobs.Unpin(id);
        }
    }

    /// <summary>Forgets the jobs whose retention is over. One that cannot be forgotten now is passed over, and tried again the next time.</summary>
    private async Task SweepAsync()
    {
        try
        {
            var failed = new HashSet<string>(StringComparer.Ordinal);
            while (!_commits.IsOver && services.Clock.IsRight && failed.Count < SweepBatch)
            {
                var ids = await _rows.ReadExpiredAsync(Now, SweepBatch + failed.Count);
                foreach (var id in await PurgeManyAsync(Array.FindAll(ids, id => !failed.Contains(id))))
                {
                    if (!await TryPurgeAsync(id)) failed.Add(id);
                }

                await _commits.Committed();
                if (ids.Length < SweepBatch + failed.Count) return;
            }
        }
        catch (Exception exception)
        {
            if (!_closing.IsCancellationRequested) LogBackground(exception, _partition, "the sweep of finished jobs");
        }
    }

    private async Task SweepKeysAsync()
    {
        try
        {
            if (services.Clock.IsRight)
            {
                _core.Keys.Sweep(Now);
                _core.QueueLimits.Sweep(Now);
                _schedules.LookForLost();
            }

            await _uniques.SweepAsync();
            CommitWhatNobodyWaitsFor();
        }
        catch (Exception exception)
        {
            if (!_closing.IsCancellationRequested) LogBackground(exception, _partition, "the sweep of keys");
        }
    }

    /// <summary>Forgets jobs, without reading what was handed to them and what came of them.</summary>
    /// <returns>Those that need a look of their own.</returns>
    private async Task<List<string>> PurgeManyAsync(string[] ids)
    {
        var others = new List<string>();
        foreach (var id in ids) _core.Jobs.Pin(id);
        try
        {
            for (var done = 0; done < ids.Length;)
            {
                var records = await _rows.ReadListedAsync(ids[done..], ReadBytes);
                if (!services.Clock.IsRight || _commits.IsOver) break;
                foreach (var record in records)
                {
                    var id = ids[done++];
                    if (record?.Outcome is not { } ended) continue;
                    var outcome = JobOutcome.Decode(ended);
                    // What memory knows goes before what was read; and state of the job's grain is to be forgotten first.
                    if (_core.Jobs.Find(id) is not null || outcome.Track.HasGrainState) others.Add(id);
                    else if (outcome.RetainUntil <= Now) _core.Orders.Delete(_core.Jobs.Load(id, record), Now);
                }

                CommitWhatNobodyWaitsFor();
            }
        }
        finally
        {
            foreach (var id in ids) _core.Jobs.Unpin(id);
        }

        return others;
    }

    private async Task<bool> TryPurgeAsync(string id)
    {
        try
        {
            await PurgeAsync(id, wait: false);
            return true;
        }
        catch (Exception exception) when (!_commits.IsOver)
        {
            LogNotPurged(exception, _partition, id);
            return false;
        }
    }

    private async Task PurgeAsync(string id, bool wait = true)
    {
        _core.Jobs.Pin(id);
        try
        {
            if (await BringAsync(id) is not { Place: JobPlace.Finished, Outcome: { } outcome } job || outcome.RetainUntil > Now || !services.Clock.IsRight) return;
            // The grain's state first: should this end halfway, the job is still there to be swept again.
            if (outcome.Track.HasGrainState) await GrainFactory.GetGrain<IJobFeed>(id).Forget();
            CrashPoint.Hit("purge.forgotten");
            _core.Orders.Delete(job, Now);
            if (wait) await _commits.Committed();
            else _ = _commits.Committed();
        }
        finally
        {
            _core.Jobs.Unpin(id);
        }
    }

    /// <summary>Reads on in lanes whose window runs low. Those beyond the bound have their turn when others are done.</summary>
    private void ReadPages()
    {
        for (var more = Math.Min(_core.Jobs.Index.LowCount, MostPageReads - _core.Jobs.Index.Reading.Count); more > 0 && !_commits.IsOver; more--)
            Background(ReadLowLanesAsync, "reading its lanes");
    }

    private async Task ReadLowLanesAsync()
    {
        // One that could not be read is low again, and whoever reads comes to it.
        while (!_commits.IsOver && _core.Jobs.Index.Reading.Count < MostPageReads && _core.Jobs.Index.TakeLow() is { } lane) await ReadPageAsync(lane);
    }

    private async Task ReadPageAsync(Lane lane)
    {
        var limit = lane.WindowLimit;
        var after = lane.BeginRead();
        try
        {
            var page = await _rows.ReadLaneAsync(lane.Name, after, limit, _core.Jobs.Windows.PageBudget(MostPageReads));
            _core.Jobs.Windows.EndRead(lane, page, page.Length < limit);
        }
        catch
        {
            _core.Jobs.Windows.AbandonRead(lane);
            throw;
        }

        Pump();
    }

    /// <summary>After opening: tells the workers, and finds out which of the leases in the store are held.</summary>
    private async Task RecoverAsync()
    {
        _queueLimits.Declare();
        Pump();
        LearnExplained();
        TellOpened();
        var silos = _core.Jobs.Leased.Select(job => job.Track.Silo!).Distinct().ToList();
        await Task.WhenAll([.. silos.Select(RecoverLeasesAsync), .. _core.Stuck.Silos.Select(RecoverStuckAsync)]);
    }

    /// <summary>A store that has lost something may know handlers as running that have returned long ago: who is said to run them is asked.</summary>
    private async Task RecoverStuckAsync(string silo)
    {
        var address = SiloAddress.FromParsableString(silo);
        while (!_commits.IsOver && !_closing.IsCancellationRequested)
        {
            var attempts = _core.Stuck.At(silo).Where(attempt => FencingToken.GenerationOf(attempt.Token) < _core.Generation).ToArray();
            if (attempts.Length == 0) return;
            if (await IsDeadAsync(address))
            {
                ForgetStuckOf(silo);
                Pump();
                return;
            }

            try
            {
                var running = await services.Workers.Of(address).ConfirmStuck(attempts).WaitAsync(ConfirmTimeout, services.Time);
                foreach (var attempt in attempts.Where(attempt => !running.Contains(attempt.Id))) _core.Stuck.Release(attempt);
                Pump();
                await _commits.Committed();
                return;
            }
            catch (Exception exception) when (!_closing.IsCancellationRequested && !_commits.IsOver)
            {
                LogBackground(exception, _partition, "asking which handlers run on");
                await Task.Delay(ConfirmRetry, services.Time, _closing.Token);
            }
        }
    }

    /// <summary>Tells the workers that have not come since the partition opened, so that they come and say how hungry they are.</summary>
    private void TellOpened()
    {
        foreach (var silo in services.Silos.Current.Active)
        {
            if (!_sequences.ContainsKey(silo)) Tell(silo, worker => worker.PartitionOpened(_partition));
        }
    }

    /// <summary>
    /// Notices go one way and may be lost, with a connection or a silo that was busy: whatever was told and has had no answer is told again.
    /// </summary>
    private Task RetellAsync()
    {
        if (_commits.IsOver || Sabotage.IsOff(Safeguard.Retelling)) return Task.CompletedTask;
        TellOpened();
        _hungry.TellAgain();
        _core.Jobs.Index.TellAll();
        Pump();
        Hint(_hungry.ToTellOf(_core.Jobs.Index, Now));
        foreach (var job in _core.Jobs.Leased.Where(job => job is { Track.CancelRequested: true, IsSettled: true }))
            Tell(SiloAddress.FromParsableString(job.Track.Silo!), worker => worker.Cancel(new(job.Id, job.Track.Token)));
        return Task.CompletedTask;
    }

    private async Task RecoverLeasesAsync(string silo)
    {
        var address = SiloAddress.FromParsableString(silo);
        while (!_commits.IsOver && !_closing.IsCancellationRequested)
        {
            var leases = _core.Jobs.Leased.Where(job => job.Track.Silo == silo && FencingToken.GenerationOf(job.Track.Token) < _core.Generation)
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
                foreach (var lease in leases.Where(lease => !held.Contains(lease.Id))) _core.Attempts.Undo(lease, now);
                Pump();
                await _commits.Committed();
                return;
            }
            catch (Exception exception) when (!_closing.IsCancellationRequested && !_commits.IsOver)
            {
                // Slow, or dead and not yet declared so: membership decides, not we.
                LogBackground(exception, _partition, "confirming leases");
                await Task.Delay(ConfirmRetry, services.Time, _closing.Token);
            }
        }
    }

    private async Task<bool> IsDeadAsync(SiloAddress silo)
    {
        // A session says by itself that it is dead.
        if (WorkSession.IsSession(silo)) return false;
        var status = services.Membership.CurrentSnapshot.GetSiloStatus(silo);
        if (status != SiloStatus.None) return status == SiloStatus.Dead;
        // Unknown may only mean that our view is old.
        await services.Membership.Refresh();
        return services.Membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None;
    }

    /// <summary>Gives the leases of dead silos out again, and forgets that those were hungry.</summary>
    private void CheckLeases(ClusterMembershipSnapshot members)
    {
        foreach (var silo in _hungry.Silos.Concat(_sequences.Keys).Where(silo => members.GetSiloStatus(silo) == SiloStatus.Dead).ToList())
        {
            _hungry.Forget(silo);
            _core.Jobs.Batches.Forget(silo);
            _sequences.Remove(silo);
        }

        foreach (var silo in _core.Jobs.Leased.Select(job => job.Track.Silo!).Distinct().ToList())
        {
            if (members.GetSiloStatus(SiloAddress.FromParsableString(silo)) == SiloStatus.Dead) CrashLeasesOf(silo);
        }

        foreach (var silo in _core.Stuck.Silos)
        {
            if (members.GetSiloStatus(SiloAddress.FromParsableString(silo)) == SiloStatus.Dead) ForgetStuckOf(silo);
        }

        WakeSessions();
    }

    /// <summary>Handlers that ran on without their attempts are no more.</summary>
    private void ForgetStuckOf(string silo)
    {
        if (_core.Stuck.Lost(silo)) Background(_commits.Committed, "giving permits back");
    }

    private void CrashLeasesOf(string silo)
    {
        if (Sabotage.IsOff(Safeguard.Redelivery)) return;
        var crashed = _core.Suspects.Crash(silo, Now);
        ConvictProven();
        if (crashed == 0) return;
        LearnExplained();
        LogCrashed(_partition, crashed, silo);
        Background(_commits.Committed, "giving leases out again");
    }

    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Warning, "Partition {Partition}: finished job {Job} could not be forgotten; it will be tried again with the next sweep")]
    private partial void LogNotPurged(Exception exception, int partition, string job);

    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Warning, "Partition {Partition}: {Jobs} jobs were running on {Silo}, which is dead; they run again")]
    private partial void LogCrashed(int partition, int jobs, string silo);
}
