using OrleansJobs.Diagnostics;
using OrleansJobs.Keys;

namespace OrleansJobs.Partitions;

/// <summary>Keys: how they are asked, and how submits that are to be the only ones of their value come in.</summary>
internal sealed partial class JobPartitionGrain : IPartitionKeys
{
    private KeyDesk _keys = null!;
    private UniqueDesk _uniques = null!;

    public Task<KeyAnswer> ChangeKey(string name, KeyChange change) => _keys.ChangeAsync(name, change.Pause is { } pause ? change with { Pause = Clipped(pause) } : change);

    public Task ApplyKey(string name, KeySetting setting) => _keys.ApplyAsync(name, setting);

    public Task<KeyInfo> GetKey(string name) => CurrentAsync(() => Task.FromResult(_keys.Get(name)));

    public Task<KeyInfo[]> ListKeys(string? prefix, int limit, KeyRank rank) => CurrentAsync(() => Task.FromResult(_keys.List(prefix, limit, rank)));

    public Task<KeyJobs> JobsOfKey(string key, int limit) => CurrentAsync(async () =>
    {
        var (running, waiting, hasMore) = KeyMembers.Of(_core, key, Math.Clamp(limit, 1, JobLimits.MaxPage));
        var statuses = await GetListed([.. running, .. waiting]);
        return new KeyJobs { Running = [.. statuses.Take(running.Length).OfType<JobStatus>()], Waiting = [.. statuses.Skip(running.Length).OfType<JobStatus>()], HasMore = hasMore };
    });

    public Task<string[]> KeyNames(int limit) => CurrentAsync(() => Task.FromResult(_keys.Names(limit)));

    /// <summary>Refuses a new job that comes too soon by the rate of its key; null: it does not. One that is there already is answered as such before.</summary>
    private SubmitReceipt? Throttle(JobSubmission submission)
    {
        if (submission.Key is null || _core.Keys.TooSoon(submission.Key, Now) is not { } next) return null;
        services.Meters.Refused(SubmitOutcome.Throttled);
        return new()
        {
            Id = submission.Id, Outcome = SubmitOutcome.Throttled, RetryAfter = TimeSpan.FromMilliseconds(next - Now),
            Reason = $"The rate of '{submission.Key}' allows no other submit now.",
        };
    }

    /// <summary>A submit that is not known and is to be the only one of its value.</summary>
    /// <param name="isAnswered">Nobody waits for it any more: where it was not its turn until then, nothing is done.</param>
    private Task<SubmitReceipt> SubmitUniqueAsync(JobSubmission submission, Func<bool> isAnswered) => _uniques.WithAsync(submission, async entry =>
    {
        if (isAnswered()) return Unavailable(submission.Id);
        var pins = new List<string>();
        try
        {
            var holder = await _uniques.BringHolderAsync(entry, pins);
            var verdict = holder is null ? UniqueRules.Verdict.Replace : UniqueRules.Of(submission.Unique!.On, holder.Track.Token != 0 || holder.Place != JobPlace.Waiting);
            if (holder is not null && submission.KeepsToQueue && holder.Track.QueueOf(holder.Spec!) != submission.Queue)
                return new() { Id = submission.Id, Outcome = SubmitOutcome.NotUnique, Reason = "A job of another queue has the same unique value." };
            // It was taken by an earlier call of the same submit that nobody waited for any more.
            if (_core.Jobs.Find(submission.Id) is not null && await FindAsync(submission.Id, withResult: !submission.WithoutResult) is { } known) return AnswerOf(submission, known);
            if (Sabotage.IsOff(Safeguard.UniqueIndex)) (holder, verdict) = (null, UniqueRules.Verdict.Replace);
            if (verdict == UniqueRules.Verdict.Replace) return await ReplaceAsync(submission, entry, holder);
            var status = StatusOf.Live(holder!, Now);
            if (submission.WithoutResult) status = status with { Result = null };
            return verdict == UniqueRules.Verdict.Return
                ? new() { Id = holder!.Id, Outcome = SubmitOutcome.Coalesced, Status = status }
                : new() { Id = submission.Id, Outcome = SubmitOutcome.NotUnique, Status = status, Reason = $"Job '{holder!.Id}' has the same unique value." };
        }
        finally
        {
            foreach (var pin in pins) _core.Jobs.Unpin(pin);
        }
    }, reason => Overloaded(submission.Id, reason, OverloadRetryAfter));

    private async Task<SubmitReceipt> ReplaceAsync(JobSubmission submission, UniqueEntry entry, LiveJob? holder)
    {
        // Others have been taken while this one was looked up.
        if ((Refuse(submission) ?? Throttle(submission)) is { } refusal) return refusal;
        var receipts = new SubmitReceipt[1];
        LiveJob job;
        using (_core.Changes.Together())
        {
            var now = Now;
            var since = now;
            if (holder is not null)
            {
                var unique = submission.Unique!;
                if (unique.On == UniqueOn.Debounce) since = entry.Value!.Since;
                var own = submission.Eta ?? (submission.Countdown is { } countdown ? now + countdown : (long?)null);
                submission = submission with { Countdown = null, Eta = UniqueRules.DueOf(unique, own, holder.Due >= JobBook.Never ? holder.Spec!.DueAt : holder.Due, since, now) };
                _core.Orders.Cancel(holder, new ChangeOrder("unique", $"Job '{submission.Id}' took its place."), now);
            }

            receipts[0] = Accept(submission, out job, follows: holder is not null);
            if (holder is not null && submission.Unique!.On == UniqueOn.Replace && holder.Spec!.Key is not null && job.Due <= now && job.Place == JobPlace.Waiting && holder.Seat < job.Seat)
                _core.Jobs.TakeSeat(job, holder.Seat);
            _core.Keys.Uniques.Take(entry, job, since);
        }

        Pump();
        await CommitAsync([job], receipts);
        return receipts[0];
    }

    /// <summary>What is said of a job's unique value, where it has one.</summary>
    /// <exception cref="TimeoutException">The store did not say.</exception>
    private async Task<Records.JobSpec?> UniqueOfAsync(string id)
    {
        if (_core.Jobs.Find(id) is { Spec: { } known }) return known.Unique is null ? null : known;
        return await _rows.ReadAsync(id).AsTask().WaitAsync(_options.SubmitDeadline, services.Time) is { } stored && Records.JobSpec.Decode(stored.Spec) is { Unique: not null } spec ? spec : null;
    }

    /// <summary>A job that was the only one of its value runs again only if it can be so again.</summary>
    private Task<JobChange> RetryUniqueAsync(string id, ChangeOrder order, string? key, string value) => _uniques.WithAsync(key, value, async entry =>
    {
        var pins = new List<string>();
        try
        {
            var holder = await _uniques.BringHolderAsync(entry, pins);
            var isTaken = holder is not null && holder.Id != id;
            var change = await ChangeAsync(id, job =>
            {
                if (isTaken) return null;
                using var together = _core.Changes.Together();
                if (!_core.Orders.Retry(job, Clipped(order), Now)) return null;
                _core.Keys.Uniques.Take(entry, job, Now);
                Pump();
                return NothingMore;
            }, order);
            return isTaken && change.Outcome == JobChangeOutcome.WrongState ? change with { Reason = $"Job '{holder!.Id}' has its unique value now." } : change;
        }
        finally
        {
            foreach (var pin in pins) _core.Jobs.Unpin(pin);
        }
    });
}
