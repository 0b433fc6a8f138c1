using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Finding;

/// <summary>Figures of the grid, asked for at most once a second: each asks every partition.</summary>
internal sealed class GridFigures(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private (long AskedAt, Task<GridStats>? Answer) _stats;
    private (long AskedAt, Task<QueueInfo[]>? Answer) _queues;

    public Task<GridStats> StatsAsync() => Fresh(ref _stats, grid.Whole.GetStats);

    public Task<QueueInfo[]> QueuesAsync() => Fresh(ref _queues, async () => (await grid.Whole.GetQueues()).Value);

    /// <summary>Something was changed: the next question goes to the grid.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _queues = default;
            _stats = default;
        }
    }

    private Task<T> Fresh<T>(ref (long AskedAt, Task<T>? Answer) known, Func<Task<T>> ask)
    {
        lock (_lock)
        {
            if (known.Answer is { IsFaulted: false, IsCanceled: false } answer && (!answer.IsCompleted || time.GetElapsedTime(known.AskedAt) < FreshFor)) return answer;
            known = (time.GetTimestamp(), ask());
            return known.Answer!;
        }
    }
}
