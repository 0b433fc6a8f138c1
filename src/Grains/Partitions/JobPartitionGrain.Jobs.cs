using OrleansJobs.Actions;
using OrleansJobs.Diagnostics;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>What is asked of single jobs.</summary>
internal sealed partial class JobPartitionGrain
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly KnownEnds _ends = new();

    /// <param name="RetainUntil">Of one that has ended and that memory has let go of.</param>
    /// <param name="IsOverdue">Its retention is over; it only has not been swept yet.</param>
    private readonly record struct FoundJob(JobStatus Status, byte[]? Fingerprint, long? RetainUntil, bool IsOverdue);

    public async Task<JobStatus?> Get(string id) => await FindAsync(id) is { IsOverdue: false } found ? Refined(found.Status, withPlace: true) : null;

    public async Task<SecondLook> LookAgain(string id, long version)
    {
        await services.Standstill.ConfirmAsync();
        if (!_commits.IsOver && _ends.Holds(id, version, Now)) return SecondLook.Same;
        _core.Jobs.Pin(id);
        try
        {
            if (await FindAsync(id) is not { IsOverdue: false } found) return new(IsSame: false, null);
            // What changed while it was read has been brought into memory, and is kept there by the pin.
            if (found.RetainUntil is { } retained && _core.Jobs.Find(id) is null) _ends.Remember(id, found.Status.Version, retained);
            return found.Status.Version == version ? SecondLook.Same : new(IsSame: false, found.Status);
        }
        finally
        {
            _core.Jobs.Unpin(id);
        }
    }

    public async Task<JobStatus?> Wait(string id, long version, TimeSpan atMost)
    {
        var deadline = Now + (long)Math.Min(atMost.TotalMilliseconds, LongestWait.TotalMilliseconds);
        while (true)
        {
            // Signed up before looking, so that no change falls between the two.
            var changed = new TaskCompletionSource<JobStatus?>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_waiters.TryGetValue(id, out var waiters)) _waiters.Add(id, waiters = []);
            waiters.Add(changed);
            try
            {
                var status = await Get(id);
                var left = deadline - Now;
                if (status is null || status.IsFinished || status.Version > version || left <= 0 || _leaving || services.Closing.IsCancellationRequested) return status;
                if (await changed.Task.WaitAsync(TimeSpan.FromMilliseconds(left), services.Time, services.Closing) is { } ended) return ended;
            }
            catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && services.Closing.IsCancellationRequested))
            {
                return await Get(id);
            }
            finally
            {
                if (_waiters.TryGetValue(id, out var list) && list.Remove(changed) && list.Count == 0) _waiters.Remove(id);
            }
        }
    }

    public Task<JobChange> Cancel(string id, ChangeOrder order) => ChangeAsync(id, job =>
    {
        var wasRunning = job.Place == JobPlace.Leased;
        if (!_core.Orders.Cancel(job, Clipped(order), Now)) return null;
        // Of its end others may follow.
        Pump();
        return wasRunning ? AfterCancel : NothingMore;

        Task AfterCancel()
        {
            Tell(SiloAddress.FromParsableString(job.Track.Silo!), worker => worker.Cancel(new(job.Id, job.Track.Token)));
            return Task.CompletedTask;
        }
    }, order);

    public async Task<JobChange> Retry(string id, ChangeOrder order)
    {
        try
        {
            return await UniqueOfAsync(id) is { Unique: { } unique } spec ? await RetryUniqueAsync(id, order, spec.Key, unique.Value!) : await RetryPlainAsync(id, order);
        }
        catch (TimeoutException)
        {
            return new(JobChangeOutcome.Unavailable, null);
        }
    }

    private async Task<JobChange> RetryPlainAsync(string id, ChangeOrder order)
    {
        long? next = null;
        var change = await ChangeAsync(id, job =>
        {
            next = _core.Jobs.ThrottledUntil(job, Now);
            if (!_core.Orders.Retry(job, Clipped(order), Now)) return null;
            Pump();
            return NothingMore;
        }, order);
        return change.Outcome == JobChangeOutcome.WrongState && next - Now is { } wait and > 0 ? change with { Reason = $"The rate of its key allows no other submit for {wait} ms." } : change;
    }

    public async Task<JobChange> Move(string id, DateTimeOffset? due, ChangeOrder order)
    {
        string? refusal = null;
        var change = await ChangeAsync(id, job =>
        {
            var instant = due?.ToUnixTimeMilliseconds() ?? Now;
            refusal = instant > Now + (long)_options.Limits.MaxDelay.TotalMilliseconds
                ? $"A job is due at most {_options.Limits.MaxDelay.TotalDays:0} days ahead."
                : _core.Orders.Move(job, instant, Clipped(order), Now);
            if (refusal is not null) return null;
            Pump();
            return NothingMore;
        }, order);
        return change.Outcome == JobChangeOutcome.WrongState ? change with { Reason = refusal } : change;
    }

    public async Task<JobChange> Prioritise(string id, int priority, ChangeOrder order)
    {
        if (priority is < 0 or > JobLimits.MaxPriority) throw new ArgumentOutOfRangeException(nameof(priority), $"A priority is 0 to {JobLimits.MaxPriority}.");
        string? refusal = null;
        var change = await ChangeAsync(id, job =>
        {
            refusal = _core.Orders.Prioritise(job, priority, Clipped(order), Now);
            if (refusal is not null) return null;
            Pump();
            return NothingMore;
        }, order);
        return change.Outcome == JobChangeOutcome.WrongState ? change with { Reason = refusal } : change;
    }

    public async Task<JobChange> Transfer(string id, string queue, ChangeOrder order)
    {
        if (!SubmissionRules.IsName(queue) || SubmissionRules.IsReserved(queue)) throw new ArgumentException($"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -, and not one of the grid's own.", nameof(queue));
        string? refusal = null;
        var change = await ChangeAsync(id, job =>
        {
            refusal = _core.Orders.Transfer(job, queue, Clipped(order), Now);
            if (refusal is not null) return null;
            Pump();
            return NothingMore;
        }, order);
        return change.Outcome == JobChangeOutcome.WrongState ? change with { Reason = refusal } : change;
    }

    public Task<JobChange> Delete(string id) => DeleteAsync(id, null);

    private async Task<JobChange> DeleteAsync(string id, ChangeOrder? order)
    {
        var change = await PrepareDeleteAsync(id, order) ?? await ChangeAsync(id, job => _core.Orders.Delete(job, Now) ? NothingMore : null, order);
        return change.Outcome == JobChangeOutcome.Done ? change with { Status = null } : change;
    }

    /// <summary>The state of the job's grain goes before the job: should this end halfway, the job is still there to be deleted again.</summary>
    /// <param name="order">Of one of many: nothing of it goes before it is known that it may.</param>
    /// <returns>What stands in the way; null where nothing does.</returns>
    private async Task<JobChange?> PrepareDeleteAsync(string id, ChangeOrder? order)
    {
        _core.Jobs.Pin(id);
        try
        {
            if (await BringAsync(id) is not { Place: JobPlace.Finished } job) return null;
            await _commits.Settled(job);
            // It may have been run again, or removed, meanwhile: what is to be said of it is said with the change.
            if (job.Place != JobPlace.Finished) return null;
            if (order?.Part is { } part && ActionRules.Refusal(part, job, Now) is { } refusal) return new(refusal, StatusOf.Live(job, Now));
            if (job is { Spec.Parent: not null, Track.IsOrphan: false })
                return new(JobChangeOutcome.WrongState, StatusOf.Live(job, Now)) { Reason = "A flow needs its children, should it run again: delete the flow, and they go with it." };
            if (!job.Track.HasGrainState) return null;
            await GrainFactory.GetGrain<IJobFeed>(id).Forget();
            CrashPoint.Hit("delete.forgotten");
            return null;
        }
        catch (TimeoutException)
        {
            return new(JobChangeOutcome.Unavailable, null);
        }
        finally
        {
            _core.Jobs.Unpin(id);
        }
    }

    public async Task<byte[]?> GetArgs(string id)
    {
        if (_core.Jobs.Find(id) is { Spec: { } spec } job)
        {
            await _commits.Settled(job);
            if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
            return job.Place == JobPlace.Gone ? null : spec.Args;
        }

        return await _rows.ReadAsync(id) is { } stored && IsKept(stored) ? JobSpec.Decode(stored.Spec).Args : null;
    }

    private static JobTrack? TrackOf(StoredJob stored) => stored switch
    {
        { Outcome: { } outcome } => JobOutcome.Decode(outcome).Track,
        { Lease: { } lease } => JobTrack.Decode(lease),
        { Track: { } track } => JobTrack.Decode(track),
        _ => null,
    };

    public async Task<JobSubmission?> GetSubmission(string id)
    {
        if (_core.Jobs.Find(id) is { Spec: { } spec } job)
        {
            await _commits.Settled(job);
            if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
            return job.Place == JobPlace.Gone ? null : JobCopies.Of(spec, job.Track);
        }

        return await _rows.ReadAsync(id) is { } stored && IsKept(stored) ? JobCopies.Of(JobSpec.Decode(stored.Spec), TrackOf(stored)) : null;
    }

    public async Task<JobStatus?> Raise(string id, long token)
    {
        if (!_core.Attempts.Raise(new(id, token), Now)) return null;
        await _commits.Committed();
        return await Get(id);
    }

    public async Task<bool> IsCurrent(string id, long token)
    {
        await services.Standstill.ConfirmAsync();
        if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
        return _core.Jobs.Find(id) is { Place: JobPlace.Leased } job && job.Track.Token == token;
    }

    /// <summary>Where a job stands, as the store has it; null where there is none.</summary>
    /// <param name="withResult">False: what lists leave out stays in the store.</param>
    private async Task<FoundJob?> FindAsync(string id, bool withResult = true)
    {
        await services.Standstill.ConfirmAsync();
        while (_core.Jobs.Find(id) is { } job)
        {
            // The next activation may have changed it by now.
            if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
            if (!job.IsSettled)
            {
                // What is not stored has not happened.
                await _commits.Settled(job);
                continue;
            }

            if (job.Place == JobPlace.Gone) return null;
            if (job.Spec is not { } spec) break;
            var status = StatusOf.Live(job, Now);
            return new(withResult ? status : status with { Result = null }, spec.Fingerprint, RetainUntil: null, job.Outcome?.RetainUntil <= Now);
        }

        if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
        var read = withResult ? await _rows.ReadAsync(id) : (await _rows.ReadListedAsync([id], ReadBytes))[0];
        if (read is not { } stored) return null;
        var retained = stored.Outcome is { } ended ? JobOutcome.Decode(ended).RetainUntil : (long?)null;
        return new(StatusOf.Stored(id, stored, Now), JobSpec.Decode(stored.Spec).Fingerprint, retained, retained <= Now);
    }

    /// <summary>Changes one job: brings its record into memory, decides, waits for the store, then does what must follow.</summary>
    /// <param name="change">What must follow; null where the job's state does not allow the change.</param>
    /// <param name="order">Where it may be one of many: what must hold for it.</param>
    private async Task<JobChange> ChangeAsync(string id, Func<LiveJob, Func<Task>?> change, ChangeOrder? order = null)
    {
        _core.Jobs.Pin(id);
        try
        {
            if (await BringAsync(id) is not { } job || job.Outcome?.RetainUntil <= Now) return new(JobChangeOutcome.NotFound, null);
            await _flows.BringIfAnyAsync(job);
            if (order?.Queues is { } queues && !ActionReach.Covers(queues, job.Track.QueueOf(job.Spec!), job.Spec!.Tags)) return new(JobChangeOutcome.NotFound, null);
            if (order?.Part is { } part && ActionRules.Refusal(part, job, Now) is { } refusal)
            {
                await _commits.Settled(job);
                return new(refusal, StatusOf.Live(job, Now));
            }

            var follow = change(job);
            if (follow is null)
            {
                await _commits.Settled(job);
                return job.Place == JobPlace.Gone ? new(JobChangeOutcome.NotFound, null) : new(JobChangeOutcome.WrongState, StatusOf.Live(job, Now));
            }

            var status = StatusOf.Live(job, Now);
            // Of a key, others may start in its place.
            if (job.Spec!.Key is null) Arm();
            else Pump();
            await _commits.Committed().WaitAsync(_options.SubmitDeadline, services.Time);
            await follow();
            return new(JobChangeOutcome.Done, status);
        }
        catch (TimeoutException)
        {
            return new(JobChangeOutcome.Unavailable, null);
        }
        finally
        {
            _core.Jobs.Unpin(id);
        }
    }

    /// <summary>A job that the caller has pinned, with its record in memory; null where there is none.</summary>
    private async Task<LiveJob?> BringAsync(string id)
    {
        if (_core.Jobs.Find(id) is { Spec: not null } ready) return ready;
        var stored = await _rows.ReadAsync(id).AsTask().WaitAsync(_options.SubmitDeadline, services.Time);
        // Others had their turn meanwhile: what memory knows goes before what was read.
        if (_core.Jobs.Find(id) is { } job)
        {
            if (job.Spec is null && stored is not null) _core.Jobs.LoadSpec(job, stored);
            return job.Spec is null ? null : job;
        }

        return stored is not null ? _core.Jobs.Load(id, stored) : null;
    }

    private bool IsKept(StoredJob stored) => stored.IsKeptAt(Now);

    /// <summary>What is kept of it with the job is bounded.</summary>
    private ChangeOrder Clipped(ChangeOrder order) =>
        order with { By = Clipped(order.By, ChangeOrder.MaxByLength) ?? "", Reason = Clipped(order.Reason, _options.Limits.MaxMessageLength) };

    private static string? Clipped(string? text, int length) => text?.Length > length ? text[..length] : text;

    private static Task NothingMore() => Task.CompletedTask;
}
