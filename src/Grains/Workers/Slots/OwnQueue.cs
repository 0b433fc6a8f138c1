namespace OrleansJobs.Workers;

/// <summary>The queue of what the grid runs for itself. Every silo serves it, whichever queues it was told to serve: a flow belongs to no silo.</summary>
internal static class OwnQueue
{
    /// <summary>Slots that it may take of a silo that serves some queues only. What runs there starts jobs and parks.</summary>
    private const int MostSlots = 4;

    /// <param name="caps">Queues served, each with its slots; empty: all queues, and this one with them.</param>
    public static Dictionary<string, int> Beside(IReadOnlyDictionary<string, int> caps, int slots)
    {
        var all = new Dictionary<string, int>(caps, StringComparer.Ordinal);
        if (all.Count > 0) all.TryAdd(FlowGraph.RunQueue, Math.Min(MostSlots, slots));
        return all;
    }
}
