using Orleans.Concurrency;
using OrleansJobs.Diagnostics;
using OrleansJobs.Records;

namespace OrleansJobs.Partitions;

/// <summary>How jobs come in.</summary>
internal sealed partial class JobPartitionGrain
{
    private static readonly TimeSpan OverloadRetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Task> _lookups = [];
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
            else if (submission.After.Length > 0 || submission.Fingerprint is not null || submission.MayExist || _core.Jobs.Find(submission.Id) is not null || _lookups.ContainsKey(submission.Id))
                (known ??= []).Add(SubmitKnownAsync(submission, i, receipts));
            else receipts[i] = Accept(submission, out accepted[i]);
        }

        Pump();
        await CommitAsync(accepted, receipts);
        if (known is not null) await Task.WhenAll(known);
    }

    /// <summary>A submit whose id may be taken: looks first, one submit of an id at a time.</summary>
    private async Task SubmitKnownAsync(JobSubmission submission, int index, SubmitReceipt[] receipts)
    {
        // It waits for the store from here on, as those do that need no look.
        Hold(submission);
        while (_lookups.TryGetValue(submission.Id, out var other)) await other;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lookups.Add(submission.Id, done.Task);
        try
        {
            receipts[index] = await AnswerKnownAsync(submission).WaitAsync(_options.SubmitDeadline, services.Time);
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
            _lookups.Remove(submission.Id);
            done.SetResult();
        }
    }

    private async Task<SubmitReceipt> AnswerKnownAsync(JobSubmission submission)
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
            LetGo(1, submission.Args.Length);
        }

        if (known is { } found)
        {
            var same = submission.Fingerprint is null || found.Fingerprint is null || submission.Fingerprint.AsSpan().SequenceEqual(found.Fingerprint);
            return new SubmitReceipt
            {
                Id = submission.Id, Outcome = same ? SubmitOutcome.Replayed : SubmitOutcome.Conflict, Status = same ? found.Status : null,
                Reason = same ? null : $"Job '{submission.Id}' exists with other content.",
            };
        }

        if (submission.After.Length > 0 && await _dependencies.CheckAsync(submission) is { Length: > 0 } unknown)
            return new SubmitReceipt { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = unknown };
        // Others have been taken while this one was looked up.
        if (_core.Jobs.RefusalOf(submission) is { } reason) return Overloaded(submission.Id, reason, FullRetryAfter);
        var receipts = new SubmitReceipt[1];
        receipts[0] = Accept(submission, out var job);
        Pump();
        await CommitAsync([job], receipts);
        return receipts[0];
    }

    private SubmitReceipt? Refuse(JobSubmission submission)
    {
        if (SubmissionRules.Check(submission, _options.Limits, DateTimeOffset.FromUnixTimeMilliseconds(Now)) is { Length: > 0 } problems)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = problems };
        if (JobIds.PartitionOf(submission.Id, _options.Partitions) != _partition)
            return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = [new("/id", "The job belongs to another partition.")] };
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

    private SubmitReceipt Accept(JobSubmission submission, out LiveJob job)
    {
        var now = Now;
        job = submission.After.Length > 0 ? _core.Dependencies.Submit(submission, now) : _core.Jobs.Submit(submission, now);
        // Counted from here on: those of one batch add up before the first of them is sent.
        Hold(submission);
        return new SubmitReceipt { Id = job.Id, Outcome = SubmitOutcome.Accepted, Status = StatusOf.Live(job, now) };
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
