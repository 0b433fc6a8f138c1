using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Whether a worker may have the jobs of a lane.</summary>
internal enum Fit
{
    /// <summary>It knows no handler for the type, or does not serve the queue.</summary>
    None,

    /// <summary>It could, were it not for a queue that is closed, or its room.</summary>
    HeldBack,
    Open,
}

internal static class LaneFit
{
    public static Fit Of(WorkerProfile worker, Lane lane)
    {
        if (Array.IndexOf(worker.Types, lane.Type) < 0) return Fit.None;
        return OfQueue(worker, lane.Queue, null);
    }

    /// <param name="room">Of which queues how many more may be taken; null: no bound.</param>
    public static Fit OfQueue(WorkerProfile worker, string queue, Dictionary<string, int>? room)
    {
        if (worker.Queues is { } served && Array.IndexOf(served, queue) < 0) return Fit.None;
        if (Array.IndexOf(worker.Closed, queue) >= 0 || room?.GetValueOrDefault(queue) <= 0) return Fit.HeldBack;
        return Fit.Open;
    }
}
