namespace OrleansJobs.Flows;

/// <summary>
/// What a flow remembers, while that is little and memory has seen all of it: it goes to the worker with the lease, so that a short flow is run again without a
/// call and a read.
/// </summary>
internal sealed class FlowRecall(bool isWhole)
{
    private const int MostEvents = 64;
    private const int MostBytes = 8 << 10;

    /// <summary>Children that are open, and groups.</summary>
    private const int MostNames = 256;
    private const int BytesOfEvent = 64;

    private List<FlowEvent>? _events = isWhole ? [] : null;
    private int _bytes;

    /// <summary>In order; null: memory does not have all of them.</summary>
    public IReadOnlyList<FlowEvent>? All => _events;

    /// <summary>What else a lease would carry is little as well.</summary>
    public static bool Fits(FlowEntry flow) => flow.Open.Count + flow.Groups.Count <= MostNames && !(flow.Args?.Length > MostBytes);

    /// <summary>A run has begun, of which nothing is remembered yet.</summary>
    public void Begin() => (_events, _bytes) = ([], 0);

    /// <summary>All of a run have been read.</summary>
    public void Fill(IReadOnlyCollection<FlowEvent> events)
    {
        if (_events is not null || events.Count > MostEvents) return;
        Begin();
        foreach (var told in events) Add(told);
    }

    public void Add(FlowEvent told)
    {
        if (_events is null) return;
        _bytes += BytesOfEvent + told.Name.Length + (told.Value?.Length ?? 0) + (told.Error?.Message.Length ?? 0);
        if (_events.Count >= MostEvents || _bytes > MostBytes) _events = null;
        else _events.Add(told);
    }
}
