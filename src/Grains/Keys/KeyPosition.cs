using OrleansJobs.Partitions;

namespace OrleansJobs.Keys;

/// <summary>The place of a waiting job in the line of its key, as far as it stands in memory.</summary>
internal static class KeyPosition
{
    /// <returns>From 1; null: behind what memory holds.</returns>
    public static long? Of(KeyLine line, LiveJob job)
    {
        if (!job.InWindow) return null;
        var ahead = 0L;
        foreach (var lane in line.Lanes)
        {
            if (lane.Horizon is { } horizon && horizon.Score < job.Score) return null;
            foreach (var other in lane.Window)
            {
                if (other == job || IsBehind(line, other, job)) break;
                ahead++;
            }
        }

        return ahead + 1;
    }

    /// <summary>Which of two jobs of a key is to start first.</summary>
    public static int Compare(KeyLine line, LiveJob one, LiveJob other)
    {
        if (!line.IsOrdered && one.Lane.Priority != other.Lane.Priority) return other.Lane.Priority.CompareTo(one.Lane.Priority);
        return one.Score != other.Score ? one.Score.CompareTo(other.Score) : string.CompareOrdinal(one.Id, other.Id);
    }

    /// <summary>Whether one that a lane has let go of, at this score or behind it, may be to start before a job.</summary>
    public static bool MayStandBefore(KeyLine line, Lane lane, long score, LiveJob job) =>
        line.IsOrdered || lane.Priority == job.Lane.Priority ? score <= job.Score : lane.Priority > job.Lane.Priority;

    private static bool IsBehind(KeyLine line, LiveJob other, LiveJob job)
    {
        if (!line.IsOrdered && other.Lane.Priority != job.Lane.Priority) return other.Lane.Priority < job.Lane.Priority;
        return other.Score > job.Score || (other.Score == job.Score && string.CompareOrdinal(other.Id, job.Id) > 0);
    }
}
