using System.Diagnostics.Metrics;
using Orleans.Concurrency;
using OrleansJobs.Diagnostics;

namespace OrleansJobs;

/// <summary>
/// Brings submits to their partitions, and brings them again where the answer is lost: always under the same id, so that a job is never
/// made twice.
/// </summary>
internal sealed class JobSubmitter(GridConnection grid, IMeterFactory? meterFactory)
{
    private readonly JobClientMeters _meters = new(meterFactory);
    private PartitionSubmitter[]? _partitions;

    public async Task<SubmitReceipt> SubmitAsync(JobSubmission job, CancellationToken cancellation)
    {
        using var span = JobTracing.StartSubmit(job);
        job = JobTracing.Carry(job, span);
        var started = grid.Time.GetTimestamp();
        var outcome = SubmitOutcome.Unavailable;
        try
        {
            var receipt = await SubmitWithRetriesAsync(job, started, cancellation);
            outcome = receipt.Outcome;
            return receipt;
        }
        finally
        {
            span.SetOutcome(outcome);
            if (_meters.Enabled) _meters.Sent(job.Queue, outcome, 1, grid.Time.GetElapsedTime(started));
        }
    }

    public async Task<SubmitReceipt[]> SubmitManyAsync(IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation)
    {
        using var span = JobTracing.StartSubmitMany(jobs);
        var started = grid.Time.GetTimestamp();
        JobSubmission[] carried = [.. jobs.Select(job => WithoutResult(JobTracing.Carry(job, span)))];
        var info = await grid.AskAsync(() => grid.GetInfoAsync(cancellation).AsTask(), cancellation);
        var receipts = new SubmitReceipt[carried.Length];
        var now = grid.Time.GetUtcNow();
        for (var i = 0; i < carried.Length; i++)
        {
            if (SubmissionRules.Check(carried[i], info.Limits, now) is { Length: > 0 } problems) receipts[i] = Rejected(carried[i], problems);
        }

        // Whom a job follows must be there before it.
        var (stages, circles) = BatchOrder.Of(carried);
        foreach (var (index, problem) in circles) receipts[index] ??= Rejected(carried[index], [problem]);
        var unsent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stage in stages)
        {
            // Whoever follows one of which nobody knows whether it is there would be refused, and wait for the grid once more.
            foreach (var index in stage)
            {
                if (unsent.Count > 0 && carried[index].After.Any(after => unsent.Contains(after.Job))) receipts[index] ??= NotSent(carried[index]);
            }

            await Task.WhenAll(stage.Where(index => receipts[index] is null)
                .GroupBy(index => JobIds.PartitionOf(carried[index].Id, info.Partitions))
                .Select(group => SubmitToPartitionAsync(grid.Partition(group.Key), [.. group], carried, receipts, info.Limits.MaxBatch, started, cancellation)));
            if (stages.Count > 1) unsent.UnionWith(stage.Where(index => receipts[index].Outcome == SubmitOutcome.Unavailable).Select(index => carried[index].Id));
        }

        if (_meters.Enabled) CountSent(carried, receipts, grid.Time.GetElapsedTime(started));
        return receipts;
    }

    private async Task<SubmitReceipt> SubmitWithRetriesAsync(JobSubmission job, long started, CancellationToken cancellation)
    {
        var outage = new Outage(grid.Time, grid.Options.Deadline);
        while (true)
        {
            SubmitReceipt receipt;
            try
            {
                var info = await grid.GetInfoAsync(cancellation);
                if (SubmissionRules.Check(job, info.Limits, grid.Time.GetUtcNow()) is { Length: > 0 } problems) return Rejected(job, problems);
                receipt = await PartitionOf(job.Id, info).SubmitAsync(job, cancellation);
                if (receipt.Outcome != SubmitOutcome.Unavailable) return receipt;
            }
            catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
            {
                receipt = Unavailable(job, exception);
            }

            if (!outage.GoesOn(started)) return receipt;
            await outage.DelayAsync(cancellation);

            // The answer is lost, not the question: the partition is to look first.
            if (!job.MayExist) job = job with { MayExist = true };
        }
    }

    /// <summary>One call after the other, so that a partition is never given more than it can hold unwritten.</summary>
    private async Task SubmitToPartitionAsync(
        IJobPartitionGrain partition, int[] indices, JobSubmission[] jobs, SubmitReceipt[] receipts, int maxBatch, long started, CancellationToken cancellation)
    {
        var outage = new Outage(grid.Time, grid.Options.Deadline);
        var left = new Queue<int>(indices);
        while (left.Count > 0)
        {
            var batch = Take(left, jobs, maxBatch);
            var asked = grid.Time.GetTimestamp();
            try
            {
                JobSubmission[] call = [.. batch.Select(index => jobs[index])];
                var answers = await grid.TryAsync(partition.SubmitMany(call.AsImmutable()), cancellation);
                for (var i = 0; i < answers.Length; i++) receipts[batch[i]] = answers[i];
            }
            catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
            {
                foreach (var index in batch) receipts[index] = Unavailable(jobs[index], exception);
            }

            var lost = batch.FindAll(index => receipts[index].Outcome == SubmitOutcome.Unavailable);
            if (lost.Count == 0)
            {
                outage.End();
                continue;
            }

            foreach (var index in lost) jobs[index] = jobs[index] with { MayExist = true };
            if (!outage.GoesOn(asked))
            {
                // The grid is away: the rest is not made to wait for as long again.
                foreach (var index in left) receipts[index] ??= NotSent(jobs[index]);
                return;
            }

            left = new Queue<int>(lost.Concat(left));
            await outage.DelayAsync(cancellation);
        }
    }

    /// <summary>Results of many that were known would not fit into one answer.</summary>
    private static JobSubmission WithoutResult(JobSubmission job) => job.WithoutResult ? job : job with { WithoutResult = true };

    private static List<int> Take(Queue<int> left, JobSubmission[] jobs, int maxBatch)
    {
        var batch = new List<int>();
        var size = new BatchSize(maxBatch);
        while (left.TryPeek(out var index) && size.TryAdd(jobs[index])) batch.Add(left.Dequeue());
        return batch;
    }

    private PartitionSubmitter PartitionOf(string id, GridInfo info)
    {
        var partitions = _partitions;
        if (partitions is null)
        {
            partitions = [.. Enumerable.Range(0, info.Partitions).Select(number =>
                new PartitionSubmitter(grid.Partition(number), info.Limits.MaxBatch, grid.Options.TryTimeout, grid.Time))];
            partitions = Interlocked.CompareExchange(ref _partitions, partitions, null) ?? partitions;
        }

        return partitions[JobIds.PartitionOf(id, partitions.Length)];
    }

    private void CountSent(JobSubmission[] jobs, SubmitReceipt[] receipts, TimeSpan took)
    {
        foreach (var group in jobs.Zip(receipts).GroupBy(pair => (pair.First.Queue, pair.Second.Outcome)))
        {
            _meters.Sent(group.Key.Queue, group.Key.Outcome, group.Count(), took);
        }
    }

    private static SubmitReceipt Rejected(JobSubmission job, SubmissionProblem[] problems) =>
        new() { Id = job.Id, Outcome = SubmitOutcome.Rejected, Problems = problems };

    private static SubmitReceipt Unavailable(JobSubmission job, Exception exception) =>
        new() { Id = job.Id, Outcome = SubmitOutcome.Unavailable, Reason = exception.Message };

    private static SubmitReceipt NotSent(JobSubmission job) =>
        new() { Id = job.Id, Outcome = SubmitOutcome.Unavailable, Reason = "The grid did not answer for the jobs before this one; it was not sent." };
}
