using Orleans.Concurrency;
using OrleansJobs.Diagnostics;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>How jobs come in.</summary>
internal sealed partial class JobPartitionGrain
{
    private static readonly TimeSpan OverloadRetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For so long nothing is there under an id that was made for a submit. What comes later than its caller waits may have been sent again, and what that has made may have
    /// ended, and memory let go of it.
    /// </summary>
    private static readonly TimeSpan FreshFor = AnswerTimeouts.System;

    /// <summary>Of submits and publishes: who submits again is to find what became of what its caller was told the store did not answer.</summary>
    private readonly IdTurns _turns = new(services.Options.SubmitDeadline, services.Time);

    private int _pendingSubmits;
    private long _pendingBytes;

    public async Task<SubmitReceipt> Submit(JobSubmission submission)
    {
        var receipts = new SubmitReceipt[1];
        await SubmitAsync([submission], receipts);
        return receipts[0];
    }

    public async Task<SubmitReceipt[]> SubmitMany(Immutable<JobSubmission[]> submissions)
    {
        var jobs = submissions.Value;
        if (jobs.Length > _options.Limits.MaxBatch)
            throw new ArgumentException($"A batch of {jobs.Length} jobs exceeds the limit of {_options.Limits.MaxBatch}.", nameof(submissions));
        var receipts = new SubmitReceipt[jobs.Length];
        await SubmitAsync(jobs, receipts);
        return receipts;
    }

    private async Task SubmitAsync(JobSubmission[] submissions, SubmitReceipt[] receipts)
    {
        var accepted = new LiveJob?[submissions.Length];
        List<Task>? known = null;
        for (var i = 0; i < submissions.Length; i++)
        {
            var submission = submissions[i];
            if (Refuse(submission) is { } refusal) receipts[i] = refusal;
            else if (submission.After.Length > 0 || submission.Unique is not null || MayBeKnown(submission))
                (known ??= []).Add(SubmitKnownAsync(submission, i, receipts));
            else receipts[i] = Throttle(submission) ?? Accept(submission, out accepted[i]);
        }

        Pump();
        await CommitAsync(accepted, receipts);
        if (known is not null) await Task.WhenAll(known);
    }

    private bool MayBeKnown(JobSubmission submission) => submission.Fingerprint is not null || submission.MayExist
        || _core.Jobs.Find(submission.Id) is not null || _turns.IsTaken(submission.Id) || IsLate(submission.Id);

    /// <summary>It comes so long after its id was made that its caller may have sent it again by now.</summary>
    private bool IsLate(string id) => JobIds.MadeAt(id) < Now - (long)FreshFor.TotalMilliseconds;

    /// <summary>A submit whose id may be taken: looks first, one submit of an id at a time.</summary>
    private async Task SubmitKnownAsync(JobSubmission submission, int index, SubmitReceipt[] receipts)
    {
        // It waits for the store from here on, as those do that need no look.
        Hold(submission);
        var (isHeld, hasTurn, isAnswered) = (true, false, false);
        try
        {
            receipts[index] = await _turns.TakeAsync(submission.Id, AnswerAsync).WaitAsync(_options.SubmitDeadline, services.Time);
        }
        catch (TimeoutException)
        {
            receipts[index] = Unavailable(submission.Id);
        }
        catch (Exception exception) when (exception is not OrleansException)
        {
            services.Health.StoreFailed();
            receipts[index] = Unavailable(submission.Id);
        }
        finally
        {
            isAnswered = true;
            // One that waits for its turn still has been answered: who repeats it again and again takes nobody else's place.
            if (!hasTurn) LetGoOnce();
        }

        Task<SubmitReceipt> AnswerAsync()
        {
            hasTurn = true;
            return AnswerKnownAsync(submission, LetGoOnce, () => isAnswered);
        }

        void LetGoOnce()
        {
            if (isHeld) LetGo(1, submission.Args.Length);
            isHeld = false;
        }
    }

    /// <param name="found">Told once it is known whether there is such a job.</param>
    /// <param name="isAnswered">Whether its caller has been told that the store does not answer.</param>
    private async Task<SubmitReceipt> AnswerKnownAsync(JobSubmission submission, Action found, Func<bool> isAnswered)
    {
        FoundJob? known;
        try
        {
            known = await FindAsync(submission.Id, withResult: !submission.WithoutResult);
            if (known is { IsOverdue: true } && services.Clock.IsRight)
            {
                await PurgeAsync(submission.Id);
                known = null;
            }
        }
        finally
        {
            found();
        }

        if (known is { } there) return AnswerOf(submission, there);

        if (submission.After.Length > 0 && await _dependencies.CheckAsync(submission) is { Length: > 0 } unknown)
            return new SubmitReceipt { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = unknown };
        if (submission.Unique is not null) return await SubmitUniqueAsync(submission, isAnswered);
        if (Throttle(submission) is { } tooSoon) return tooSoon;
        // Others have been taken while this one was looked up.
        if (_core.Jobs.RefusalOf(submission) is { } reason) return Overloaded(submission.Id, reason, FullRetryAfter);
        var receipts = new SubmitReceipt[1];
        receipts[0] = Accept(submission, out var job);
        Pump();
        await CommitAsync([job], receipts);
        return receipts[0];
    }

    /// <summary>A job of this id is there.</summary>
    private static SubmitReceipt AnswerOf(JobSubmission submission, FoundJob found)
    {
        var same = submission.Fingerprint is null || found.Fingerprint is null || submission.Fingerprint.AsSpan().SequenceEqual(found.Fingerprint);
        return new SubmitReceipt
        {
            Id = submission.Id, Outcome = same ? SubmitOutcome.Replayed : SubmitOutcome.Conflict, Status = same ? found.Status : null,
            Reason = same ? null : $"Job '{submission.Id}' exists with other content.",
        };
    }

    private SubmitReceipt? Refuse(JobSubmission submission)
    {
        if (SubmissionRules.Check(submission, _options.Limits, DateTimeOffset.FromUnixTimeMilliseconds(Now)) is { Length: > 0 } problems)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = problems };
        if (submission.Notify.Length > 0 && _core.Webhooks.Check(submission.Notify) is { Length: > 0 } uncalled)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = uncalled };
        if (JobIds.PartitionOf(submission.Id, _options.Partitions) != _partition)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = [new("/id", "The job belongs to another partition.")] };
        if (JobKeys.PlaceOf(submission.Key, submission.Unique) is { } place && JobIds.PartitionOf(place, _options.Partitions) != _partition)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = [new("/id", KeyRules.OwnId)] };
        if (_pendingSubmits >= _options.MaxPendingSubmits)
            return Overloaded(submission.Id, $"More than {_options.MaxPendingSubmits} submits of one partition wait for the store.", OverloadRetryAfter);
        if (_pendingBytes > 0 && _pendingBytes + submission.Args.Length > _options.MaxPendingSubmitBytes)
            return Overloaded(submission.Id, $"More than {_options.MaxPendingSubmitBytes} bytes of submits of one partition wait for the store.", OverloadRetryAfter);
        if (submission.After.Length > 0 && _core.Letters.IsFull)
            return Overloaded(submission.Id, $"More than {_options.MaxLetters} letters of one partition wait for others.", OverloadRetryAfter);
        if (services.Health.Fullness >= _options.FullAt)
            return Overloaded(submission.Id, "The store is nearly full.", FullRetryAfter);
        return _core.Jobs.RefusalOf(submission) is { } reason ? Overloaded(submission.Id, reason, FullRetryAfter) : null;
    }

    /// <param name="follows">It takes the place of something accepted: no store is too full for it, and nothing takes it back.</param>
    private SubmitReceipt Accept(JobSubmission submission, out LiveJob job, bool follows = false)
    {
        var now = Now;
        // What a rate that refuses has counted is stored with what it has let in.
        using var together = submission.Key is { } key && _core.Keys.CountsSubmits(key) ? _core.Changes.Together() : default;
        job = submission.After.Length > 0 ? _core.Dependencies.Submit(submission, now, follows)
            : follows ? _core.Jobs.SubmitInside(submission, now) : _core.Jobs.Submit(submission, now);
        if (submission.Key is not null && !follows) _core.Keys.Submitted(submission.Key, now);
        // Counted from here on: those of one batch add up before the first of them is sent.
        Hold(submission);
        return new SubmitReceipt { Id = job.Id, Outcome = SubmitOutcome.Accepted, Status = submission.WithoutStatus ? null : StatusOf.Live(job, now) };
    }

    private void Hold(JobSubmission submission)
    {
        _pendingSubmits++;
        _pendingBytes += submission.Args.Length;
    }

    private void LetGo(int submits, long bytes)
    {
        _pendingSubmits -= submits;
        _pendingBytes -= bytes;
    }

    /// <summary>Waits for the store; what it does not acknowledge is not accepted.</summary>
    private async Task CommitAsync(LiveJob?[] jobs, SubmitReceipt[] receipts)
    {
        var (count, bytes) = (0, 0L);
        foreach (var job in jobs)
        {
            if (job is null) continue;
            count++;
            bytes += job.Spec!.Args.Length;
        }

        if (count == 0) return;
        try
        {
            if (Sabotage.IsOff(Safeguard.StoreAcknowledgement)) return;
            await _commits.Committed().WaitAsync(_options.SubmitDeadline, services.Time);
        }
        catch (TimeoutException)
        {
            for (var i = 0; i < jobs.Length; i++)
            {
                if (jobs[i] is not { } job || job.Stored.HasSpec && job.InFlight == 0) continue;
                // What has not been sent is taken back for certain; of what has, nobody knows.
                _core.Jobs.TryWithdraw(job);
                receipts[i] = Unavailable(job.Id);
            }

            return;
        }
        finally
        {
            LetGo(count, bytes);
        }

        for (var i = 0; i < jobs.Length; i++)
        {
            // Everything that was stored has a shape, finished jobs included; only a job that a full store refused has none.
            if (jobs[i] is { Place: JobPlace.Gone, Stored.HasSpec: false } dropped) receipts[i] = Overloaded(dropped.Id, "The store is full.", FullRetryAfter);
        }
    }

    private SubmitReceipt Unavailable(string id)
    {
        services.Meters.Refused(SubmitOutcome.Unavailable);
        return new() { Id = id, Outcome = SubmitOutcome.Unavailable, Reason = "The store did not answer in time.", RetryAfter = OverloadRetryAfter };
    }

    private SubmitReceipt Overloaded(string id, string reason, TimeSpan retryAfter)
    {
        services.Meters.Refused(SubmitOutcome.Overloaded);
        return new() { Id = id, Outcome = SubmitOutcome.Overloaded, Reason = reason, RetryAfter = retryAfter };
    }
}
