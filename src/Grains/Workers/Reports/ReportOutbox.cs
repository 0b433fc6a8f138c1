using OrleansJobs.Flows;

namespace OrleansJobs.Workers;

/// <summary>
/// Reports that their partitions have not acknowledged yet, in the order they were made. What was sent and not answered is sent again. Not
/// thread-safe.
/// </summary>
internal sealed class ReportOutbox(int partitions)
{
    /// <summary>Reports of one exchange at most.</summary>
    public const int MaxBatch = 1000;

    /// <summary>Bytes that one exchange carries at most, unless one report alone is longer.</summary>
    public const int MaxBatchBytes = 4 << 20;

    /// <summary>Beyond so many reports, or <see cref="FullAtBytes"/>, the worker takes no more work until some are delivered.</summary>
    public const int FullAt = 10_000;

    public const long FullAtBytes = 64 << 20;

    private readonly Queue<JobReport>[] _waiting = [.. Enumerable.Range(0, partitions).Select(_ => new Queue<JobReport>())];
    private readonly JobReport[][] _sent = [.. Enumerable.Repeat(Array.Empty<JobReport>(), partitions)];
    private long _bytes;

    /// <summary>Reports that are not acknowledged, over all partitions.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count >= FullAt || _bytes >= FullAtBytes;

    public void Add(int partition, JobReport report)
    {
        _waiting[partition].Enqueue(report);
        Count++;
        _bytes += SizeOf(report);
    }

    /// <summary>The next batch for a partition that has none under way: first what was sent before and not answered.</summary>
    /// <param name="left">Reports that stay behind.</param>
    public JobReport[] Take(int partition, out int left)
    {
        var batch = _sent[partition];
        if (batch.Length == 0) batch = _sent[partition] = Fill(_waiting[partition]);
        left = _waiting[partition].Count;
        return batch;
    }

    /// <summary>The batch was acknowledged, whatever the partition made of each report.</summary>
    public JobReport[] Delivered(int partition)
    {
        var batch = _sent[partition];
        _sent[partition] = [];
        Count -= batch.Length;
        foreach (var report in batch) _bytes -= SizeOf(report);
        return batch;
    }

    /// <summary>What a report holds that may be long: the result, the trace of a failure, and all that goes with the park of a flow.</summary>
    public static long SizeOf(JobReport report)
    {
        var size = (report.Result?.Length ?? 0) + (report.Logs?.Size ?? 0) + (report.Error?.Trace?.Text?.Length ?? 0);
        if (report.Park is not { } park) return size;
        foreach (var signal in park.Untaken) size += signal.Value?.Length ?? 0;
        foreach (var name in park.Children) size += name.Length;
        if (park.Change is not { } change) return size;
        foreach (var child in change.Children) size += FlowPending.SizeOf(child);
        return size + change.Cancels.Sum(static id => (long)id.Length);
    }

    private static JobReport[] Fill(Queue<JobReport> waiting)
    {
        if (waiting.Count == 0) return [];
        var count = 0;
        var bytes = 0L;
        foreach (var report in waiting)
        {
            bytes += SizeOf(report);
            if (count > 0 && bytes > MaxBatchBytes) break;
            if (++count == MaxBatch) break;
        }

        var batch = new JobReport[count];
        for (var i = 0; i < count; i++) batch[i] = waiting.Dequeue();
        return batch;
    }
}
