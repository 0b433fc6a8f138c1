using Orleans.Concurrency;

namespace OrleansJobs;

/// <summary>
/// The way of this process's submits to one partition. A submit that finds the way free goes at once and alone. While calls are under way,
/// those that arrive gather and share the next one: under load a message carries many jobs, and an idle grid is as quick as ever.
/// </summary>
/// <param name="maxBatch">Jobs of one call.</param>
/// <param name="timeout">How long one call may take, and how long a submit waits for its turn and its call together.</param>
internal sealed class PartitionSubmitter(IJobPartitionGrain partition, int maxBatch, TimeSpan timeout, TimeProvider time)
{
    /// <summary>One whose jobs the partition is writing, and one that waits there for its turn.</summary>
    public const int MaxCalls = 2;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();
    private int _calls;

    public Task<SubmitReceipt> SubmitAsync(JobSubmission job, CancellationToken cancellation)
    {
        Waiting? waiting = null;
        lock (_lock)
        {
            if (_calls == MaxCalls) _waiting.Enqueue(waiting = new(job, cancellation));
            else _calls++;
        }

        return waiting is null ? SendAsync(job, cancellation) : WaitAsync(waiting);
    }

    private async Task<SubmitReceipt> WaitAsync(Waiting waiting)
    {
        SubmitReceipt receipt;
        try
        {
            receipt = await waiting.Receipt.Task.WaitAsync(timeout, time, waiting.Cancellation);
        }
        finally
        {
            // Whoever has stopped waiting submits again, or has left: what is still in the queue is not sent for them.
            waiting.IsAbandoned = true;
        }

        return receipt is { Outcome: SubmitOutcome.Replayed or SubmitOutcome.Coalesced, Status: { State: JobState.Success, Result: null } known }
            ? receipt with { Status = await ReadAsync(known, waiting.Cancellation) }
            : receipt;
    }

    /// <summary>A job that was there before, with the result that the receipts of jobs that travel together leave out.</summary>
    private async Task<JobStatus> ReadAsync(JobStatus known, CancellationToken cancellation)
    {
        var status = await partition.Get(known.Id).WaitAsync(timeout, time, cancellation);
        // Gone in between: the same submit again finds out what holds now.
        return status?.SubmittedAt == known.SubmittedAt ? status : throw new GridUnavailableException($"Job '{known.Id}' was removed while it was submitted again.");
    }

    private async Task<SubmitReceipt> SendAsync(JobSubmission job, CancellationToken cancellation)
    {
        try
        {
            return await partition.Submit(job).WaitAsync(timeout, time, cancellation);
        }
        finally
        {
            // The others' jobs are not to travel in this caller's context, nor on a grain's turn.
            if (TakeOrLeave() is { } batch)
                ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Submitter.SendAllAsync(work.Batch), (Submitter: this, Batch: batch), preferLocal: false);
        }
    }

    /// <summary>Sends what has gathered until nothing is left. Failures go to the callers, each of which decides for itself.</summary>
    private async Task SendAllAsync(List<Waiting>? batch)
    {
        for (; batch is not null; batch = TakeOrLeave())
        {
            try
            {
                // Of those that may be known, each may have a result.
                JobSubmission[] jobs = [.. batch.Select(waiting => MayBeKnown(waiting.Job) ? waiting.Job with { WithoutResult = true } : waiting.Job)];
                var receipts = await partition.SubmitMany(jobs.AsImmutable()).WaitAsync(timeout, time);
                for (var i = 0; i < jobs.Length; i++) batch[i].Receipt.TrySetResult(receipts[i]);
            }
            catch (Exception exception)
            {
                foreach (var waiting in batch) waiting.Receipt.TrySetException(exception);
            }
        }
    }

    /// <summary>What has gathered, as much as one call takes; null where nothing has, and the way is given up.</summary>
    private List<Waiting>? TakeOrLeave()
    {
        lock (_lock)
        {
            List<Waiting>? batch = null;
            var size = new BatchSize(maxBatch);
            while (_waiting.TryPeek(out var waiting))
            {
                if (!waiting.IsAbandoned)
                {
                    if (!size.TryAdd(waiting.Job)) break;
                    (batch ??= []).Add(waiting);
                }

                _waiting.Dequeue();
            }

            if (batch is null) _calls--;
            return batch;
        }
    }

    private static bool MayBeKnown(JobSubmission job) => job.Fingerprint is not null || job.MayExist || job.Unique is not null;

    private sealed record Waiting(JobSubmission Job, CancellationToken Cancellation)
    {
        private volatile bool _isAbandoned;

        /// <summary>Nobody waits for it any more.</summary>
        public bool IsAbandoned
        {
            get => _isAbandoned || Cancellation.IsCancellationRequested;
            set => _isAbandoned = value;
        }

        public TaskCompletionSource<SubmitReceipt> Receipt { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
