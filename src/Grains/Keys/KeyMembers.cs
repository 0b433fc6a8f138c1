using OrleansJobs.Partitions;

namespace OrleansJobs.Keys;

/// <summary>The jobs of a key, by their ids: for people who look at one.</summary>
internal static class KeyMembers
{
    /// <returns>Those that run, those that wait in the order in which they are to start, as far as memory has the line, and whether others stand behind.</returns>
    public static (string[] Running, string[] Waiting, bool HasMore) Of(PartitionCore core, string key, int limit)
    {
        if (core.Keys.Find(key) is not { } line) return ([], [], false);
        string[] running = line.Running == 0 ? [] : [.. core.Jobs.Leased.Where(job => job.Lane.Line == line).OrderBy(job => job.Track.StartedAt).Take(limit).Select(job => job.Id)];
        // No lane says more of its own than stands before what it has let go of.
        var first = line.Lanes.SelectMany(lane => lane.Window.Take(limit + 1)).ToList();
        first.Sort((one, other) => KeyPosition.Compare(line, one, other));
        var end = line.Lanes.Where(lane => lane.Horizon is not null).Select(lane => (Lane: lane, lane.Horizon!.Value.Score)).ToList();
        var known = first.FindIndex(job => end.Exists(behind => KeyPosition.MayStandBefore(line, behind.Lane, behind.Score, job)));
        var waiting = (known < 0 ? first : first[..known]).Take(limit).Select(job => job.Id).ToArray();
        return (running, waiting, line.Waiting > waiting.Length);
    }
}
