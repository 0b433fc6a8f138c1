using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>A key that a partition has in memory: one with jobs that wait or run, or with a rate that has not recovered.</summary>
internal sealed class KeyLine(string key) : IHeapItem
{
    private int _weight = 1;
    private long _weighed = long.MinValue;

    public string Key { get; } = key;
    public string Prefix { get; } = JobKeys.PrefixOf(key);

    /// <summary>The rule that holds for it; null: none.</summary>
    public KeyRule? Rule { get; set; }
    public bool IsPaused { get; set; }

    /// <summary>The lanes that its jobs wait in.</summary>
    public List<Lane> Lanes { get; } = new(1);

    /// <summary>Its places in turns, one for each queue and priority.</summary>
    public Dictionary<(string Queue, int Priority), KeyTurn> Turns { get; } = new(1);

    /// <summary>Attempts that have not been given up.</summary>
    public int Running { get; set; }

    /// <summary>Of those: handlers that run on though their attempts have ended.</summary>
    public int Stuck { get; set; }
    public KeyBucket Bucket { get; set; }

    /// <summary>Where the rate's state is stored, while it differs from that of one that was never used.</summary>
    public RowEntry? BucketRow { get; set; }

    /// <summary>What the rule allowed when it was last looked at.</summary>
    public KeyLimits Limits { get; set; } = KeyLimits.Open;

    public bool IsOpen => Limits.Room > 0;

    /// <summary>Its rule counts attempts or starts, so that none is given out before it can start.</summary>
    public bool IsLimited => Rule is { Concurrency: not null } or { Rate: { Rejects: false } };

    public bool IsOrdered => Rule is { Order: not KeyOrder.Any };

    /// <summary>One that is to run again later holds the others back.</summary>
    public bool KeepsSeats => Rule is { Order: KeyOrder.Fifo };

    /// <summary>Where its jobs start in order: the lane whose first job is the first of all; null where that is not known yet.</summary>
    public Lane? Head { get; set; }

    /// <inheritdoc/>
    public int HeapIndex { get; set; } = -1;

    /// <summary>When it is to be looked at, because its rate allows another by then.</summary>
    public long WakeAt { get; set; }

    public int Weight => Rule?.Weight ?? _weight;

    /// <summary>Jobs that wait, in memory or not.</summary>
    public long Waiting => Lanes.Sum(static lane => lane.Count);

    /// <summary>What its jobs say of its weight: the newest counts.</summary>
    public void Weigh(JobSpec spec)
    {
        // However old the jobs are that are read after it.
        if (spec.Weight is { } said && spec.Stamp >= _weighed) (_weight, _weighed) = (said, spec.Stamp);
    }

    /// <summary>Whether jobs of a lane may start, as far as the key has a say in it.</summary>
    public bool Admits(Lane lane) => Limits.Room > 0 && IsNext(lane);

    /// <summary>Whether the order of its jobs lets the lane's first be the next.</summary>
    public bool IsNext(Lane lane) => !IsOrdered || Lanes.Count == 1 || Head == lane;

    /// <summary>The lane with the first of all its jobs; null where a lane's first is not in memory.</summary>
    public Lane? FindHead()
    {
        Lane? head = null;
        foreach (var lane in Lanes)
        {
            if (lane.First is not { } first)
            {
                if (lane.Count > 0) return null;
                continue;
            }

            if (head is null || first.Score < head.First!.Score) head = lane;
        }

        return head;
    }
}
