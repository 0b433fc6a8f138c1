using System.Collections.Concurrent;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// Names the queue and type of what is counted. Exporters keep every series of a counter for as long as the process lives, and names are anybody's to make up:
/// the first pairs have a series each, and all others share one. Safe to call from any thread.
/// </summary>
internal sealed class LaneLabels
{
    private static readonly (string Queue, string Type) Others = (PartitionGauges.Other, PartitionGauges.Other);

    private readonly ConcurrentDictionary<(string Queue, string Type), byte> _told = new();
    private readonly Lock _adding = new();
    private int _count;

    public (string Queue, string Type) Of(string queue, string type)
    {
        var lane = (queue, type);
        if (_told.ContainsKey(lane)) return lane;
        if (Volatile.Read(ref _count) >= PartitionGauges.MaxSeries) return Others;
        lock (_adding)
        {
            if (_count < PartitionGauges.MaxSeries && _told.TryAdd(lane, 0)) _count++;
        }

        return _told.ContainsKey(lane) ? lane : Others;
    }
}
