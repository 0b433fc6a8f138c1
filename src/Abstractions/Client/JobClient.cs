using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansJobs.Diagnostics;

namespace OrleansJobs;

/// <summary>The client over grain calls. One instance serves a process.</summary>
public sealed class JobClient(IGrainFactory grains, TimeProvider time, System.Diagnostics.Metrics.IMeterFactory? meters = null) : IJobClient
{
    /// <summary>A submit whose answer is lost is sent again, under the same id, so often before the caller is told.</summary>
    private const int SubmitTries = 3;
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(250);

    private readonly JobClientMeters _meters = new(meters);
    private GridInfo? _grid;

    public async Task<JobHandle> SubmitAsync<TArgs>(string type, TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        var receipt = await SubmitOrThrowAsync(Build(type, args, options, null), cancellation);
        return new JobHandle(this, receipt.Id, receipt);
    }

    public async Task<JobHandle<TResult>> SubmitAsync<TJob, TArgs, TResult>(TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
        where TJob : IJob<TArgs, TResult>
    {
        var job = typeof(TJob).GetCustomAttribute<JobAttribute>()
            ?? throw new ArgumentException($"{typeof(TJob).Name} has no [Job(\"name\")] attribute.");
        var receipt = await SubmitOrThrowAsync(Build(job.Name, args, options, job.Queue), cancellation);
        return new JobHandle<TResult>(this, receipt.Id, receipt);
    }

    public async Task<SubmitReceipt> SubmitAsync(JobSubmission job, CancellationToken cancellation = default)
    {
        using var span = JobTracing.StartSubmit(job);
        job = JobTracing.Carry(job, span);
        var started = _meters.Enabled ? time.GetTimestamp() : 0;
        var outcome = SubmitOutcome.Unavailable;
        try
        {
            var receipt = await SubmitWithRetriesAsync(job, cancellation);
            outcome = receipt.Outcome;
            return receipt;
        }
        finally
        {
            span.SetOutcome(outcome);
            if (started != 0) _meters.Sent(job.Queue, outcome, 1, time.GetElapsedTime(started));
        }
    }

    private async Task<SubmitReceipt> SubmitWithRetriesAsync(JobSubmission job, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var receipt = await (await PartitionOfAsync(job.Id, cancellation)).Submit(job).WaitAsync(cancellation);
                if (receipt.Outcome != SubmitOutcome.Unavailable || attempt == SubmitTries) return receipt;
            }
            catch (Exception exception) when (IsTransient(exception) && attempt < SubmitTries)
            {
                // The answer is lost, not the question: ask again under the same id, and have the partition look first.
            }

            job = job with { MayExist = true };
            await Task.Delay(ReconnectDelay * attempt, time, cancellation);
        }
    }

    public async Task<IReadOnlyList<SubmitReceipt>> SubmitManyAsync(IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation = default)
    {
        using var span = JobTracing.StartSubmitMany(jobs);
        jobs = [.. jobs.Select(job => JobTracing.Carry(job, span))];
        var started = time.GetTimestamp();
        var grid = await GridAsync(cancellation);
        var receipts = new SubmitReceipt[jobs.Count];
        var groups = Enumerable.Range(0, jobs.Count)
            .GroupBy(index => JobIds.PartitionOf(jobs[index].Id, grid.Partitions))
            .SelectMany(group => group.Chunk(grid.Limits.MaxBatch).Select(chunk => (Partition: group.Key, Indices: chunk)));
        await Task.WhenAll(groups.Select(async group =>
        {
            var answers = await SubmitChunkAsync(group.Partition, [.. group.Indices.Select(index => jobs[index])], cancellation);
            for (var i = 0; i < group.Indices.Length; i++) receipts[group.Indices[i]] = answers[i];
        }));
        if (_meters.Enabled) CountSent(jobs, receipts, time.GetElapsedTime(started));
        return receipts;
    }

    public JobHandle Get(string id) => new(this, id, null);

    public JobHandle<TResult> Get<TResult>(string id) => new(this, id, null);

    public Task<JobPage> ListAsync(JobQuery query, CancellationToken cancellation = default) =>
        grains.GetGrain<IJobGridGrain>(0).List(query).WaitAsync(cancellation);

    internal async Task<JobStatus> GetStatusAsync(string id, CancellationToken cancellation) =>
        await grains.GetGrain<IJobGrain>(id).GetStatus().WaitAsync(cancellation) ?? throw new JobNotFoundException(id);

    internal async IAsyncEnumerable<JobStatus> WatchAsync(string id, long afterVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var version = afterVersion;
        var seen = false;
        while (true)
        {
            var stream = grains.GetGrain<IJobGrain>(id).Watch(version, cancellation).GetAsyncEnumerator(cancellation);
            await using (stream.ConfigureAwait(false))
            {
                while (await TryMoveNextAsync(stream, cancellation) is { } more)
                {
                    if (!more)
                    {
                        if (!seen) throw new JobNotFoundException(id);
                        break;
                    }

                    if (stream.Current.Version <= version) continue;
                    version = stream.Current.Version;
                    seen = true;
                    yield return stream.Current;
                    if (stream.Current.IsFinished) yield break;
                }
            }

            // The grain was moved or its silo lost. The version says where to go on.
            await Task.Delay(ReconnectDelay, time, cancellation);
        }
    }

    internal async Task<JobStatus> WaitAsync(string id, CancellationToken cancellation)
    {
        var version = 0L;
        while (true)
        {
            try
            {
                var partition = await PartitionOfAsync(id, cancellation);
                var status = await partition.Wait(id, version, LongPoll).WaitAsync(cancellation) ?? throw new JobNotFoundException(id);
                if (status.IsFinished) return status;
                version = status.Version;
            }
            catch (Exception exception) when (IsTransient(exception))
            {
                await Task.Delay(ReconnectDelay, time, cancellation);
            }
        }
    }

    internal async Task<bool> CancelAsync(string id, string? reason, CancellationToken cancellation)
    {
        var change = await grains.GetGrain<IJobGrain>(id).Cancel(reason).WaitAsync(cancellation);
        return change.Outcome switch
        {
            JobChangeOutcome.Done => true,
            JobChangeOutcome.NotFound => throw new JobNotFoundException(id),
            JobChangeOutcome.Unavailable => throw new GridUnavailableException("The store did not answer in time; the job may or may not be cancelled."),
            _ => false,
        };
    }

    private async Task<SubmitReceipt> SubmitOrThrowAsync(JobSubmission job, CancellationToken cancellation)
    {
        SubmitReceipt receipt;
        try
        {
            receipt = await SubmitAsync(job, cancellation);
        }
        catch (Exception exception) when (IsTransient(exception))
        {
            throw new GridUnavailableException($"The grid did not answer in time; submit again with the id '{job.Id}' to find out.", exception);
        }

        return receipt.Outcome switch
        {
            SubmitOutcome.Accepted or SubmitOutcome.Replayed => receipt,
            SubmitOutcome.Conflict => throw new JobConflictException(receipt.Id),
            SubmitOutcome.Rejected => throw new JobRejectedException(receipt.Problems),
            SubmitOutcome.Overloaded => throw new GridOverloadedException(receipt.Reason ?? "The grid is full.", receipt.RetryAfter),
            _ => throw new GridUnavailableException(receipt.Reason ?? "The store did not answer in time."),
        };
    }

    private async Task<SubmitReceipt[]> SubmitChunkAsync(int partition, JobSubmission[] jobs, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await grains.GetGrain<IJobPartitionGrain>(partition).SubmitMany(jobs.AsImmutable()).WaitAsync(cancellation);
            }
            catch (Exception exception) when (IsTransient(exception))
            {
                if (attempt == SubmitTries)
                    return [.. jobs.Select(job => new SubmitReceipt { Id = job.Id, Outcome = SubmitOutcome.Unavailable, Reason = exception.Message })];
            }

            jobs = [.. jobs.Select(job => job with { MayExist = true })];
            await Task.Delay(ReconnectDelay * attempt, time, cancellation);
        }
    }

    private JobSubmission Build<TArgs>(string type, TArgs args, SubmitOptions? options, string? queue)
    {
        options ??= new();
        var job = new JobSubmission
        {
            Id = options.Id ?? JobIds.New(time),
            Type = type,
            Args = JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options),
            Queue = options.Queue ?? queue ?? JobLimits.DefaultQueue,
            Priority = options.Priority ?? JobLimits.DefaultPriority,
            Countdown = Milliseconds(options.Countdown),
            Eta = options.Eta?.ToUnixTimeMilliseconds(),
            ExpiresAfter = Milliseconds(options.ExpiresAfter),
            Retry = options.Retry,
            Timeout = Milliseconds(options.Timeout),
            Retention = Milliseconds(options.Retention),
            Tags = options.Tags is null ? [] : [.. options.Tags.Select(tag => new JobTag(tag.Key, tag.Value))],
            TraceParent = System.Diagnostics.Activity.Current?.Id,
        };
        return options.Id is null ? job : job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }

    private void CountSent(IReadOnlyList<JobSubmission> jobs, SubmitReceipt[] receipts, TimeSpan took)
    {
        foreach (var group in jobs.Zip(receipts).GroupBy(pair => (pair.First.Queue, pair.Second.Outcome)))
        {
            _meters.Sent(group.Key.Queue, group.Key.Outcome, group.Count(), took);
        }
    }

    private async ValueTask<IJobPartitionGrain> PartitionOfAsync(string id, CancellationToken cancellation) =>
        grains.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, (await GridAsync(cancellation)).Partitions));

    private async ValueTask<GridInfo> GridAsync(CancellationToken cancellation) =>
        _grid ??= await grains.GetGrain<IJobGridGrain>(0).GetInfo().WaitAsync(cancellation);

    /// <summary>One step of a stream; null where the stream broke in a way that a new one mends.</summary>
    private static async ValueTask<bool?> TryMoveNextAsync(IAsyncEnumerator<JobStatus> stream, CancellationToken cancellation)
    {
        try
        {
            return await stream.MoveNextAsync();
        }
        catch (Exception exception) when (IsTransient(exception) && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    // What Orleans throws when a silo is lost, an activation has moved or a call has run into its time limit.
    private static bool IsTransient(Exception exception) =>
        exception is OrleansException or TimeoutException or EnumerationAbortedException or GridUnavailableException
        || exception is InvalidOperationException { Source: "Orleans.Runtime" or "Orleans.Core" };

    private static long? Milliseconds(TimeSpan? span) => span is { } value ? (long)value.TotalMilliseconds : null;
}
