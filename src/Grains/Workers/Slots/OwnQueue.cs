namespace OrleansJobs.Workers;

/// <summary>The queues of what the grid runs for itself. Every silo serves them, whichever queues it was told to serve: a flow belongs to no silo, and neither does an action.</summary>
internal static class OwnQueue
{
    /// <summary>Slots that it may take of a silo that serves some queues only. What runs there starts jobs and parks.</summary>
    private const int MostSlots = 4;

    /// <summary>The same for actions, which keep a slot until they are over.</summary>
    private const int MostActions = 2;

    /// <param name="caps">Queues served, each with its slots; empty: all queues, and these with them.</param>
    public static Dictionary<string, int> Beside(IReadOnlyDictionary<string, int> caps, int slots)
    {
        var all = new Dictionary<string, int>(caps, StringComparer.Ordinal);
        if (all.Count == 0) return all;
        all.TryAdd(FlowGraph.RunQueue, Math.Min(MostSlots, slots));
        all.TryAdd(ActionArgs.RunQueue, Math.Min(MostActions, slots));
        return all;
    }
}
