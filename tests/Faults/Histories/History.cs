namespace OrleansJobs.Faults.Histories;

/// <summary>All that was seen from outside while a scenario ran. Nothing in it comes from the product's own bookkeeping but what it answered.</summary>
internal sealed class History
{
    public List<Submitted> Submits { get; } = [];
    public List<RunMark> Marks { get; } = [];
    public List<FaultWindow> Faults { get; } = [];
    public List<Reading> Readings { get; } = [];

    /// <summary>Null where the store was not read, as where it was emptied on purpose.</summary>
    public List<StoreRow>? Store { get; set; }

    /// <summary>Ids that were read over HTTP after the system had come to rest; each accepted one of them must be there and finished.</summary>
    public HashSet<string> FinallyRead { get; } = [];

    /// <summary>Posts without an id that nobody answered: so many jobs may be there that the load does not know of.</summary>
    public int Unanswered { get; set; }
}
