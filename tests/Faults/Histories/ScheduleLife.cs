namespace OrleansJobs.Faults.Histories;

/// <summary>What a schedule is told to be.</summary>
/// <param name="MostJitter">In milliseconds.</param>
/// <param name="Overlap">The name of its rule.</param>
/// <param name="Runs">How long its jobs take, in milliseconds.</param>
internal sealed record ScheduleOrder(ScheduleInstants Instants, long MostJitter = 0, string Overlap = "all", int Runs = 0);

/// <summary>What a schedule was from an instant on, by the grid's clock, in milliseconds.</summary>
/// <param name="Jitter">How much later than its instants it is due.</param>
internal sealed record ScheduleEdition(long Since, ScheduleOrder Order, long Jitter = 0, bool IsPaused = false);

/// <summary>A schedule from its making on until it was deleted, or nobody looked any more.</summary>
/// <param name="Incarnation">What the grid tells it from others of its id by.</param>
internal sealed class ScheduleLife(string incarnation)
{
    public string Incarnation => incarnation;

    /// <summary>Oldest first. Of one that was not deleted, the last is a pause, with which looking ends.</summary>
    public List<ScheduleEdition> Editions { get; } = [];

    /// <summary>It was deleted at some instant between these two; null: it was not.</summary>
    public (long From, long To)? Deleted { get; set; }

    /// <summary>Instants that it says were not served because of those before, and when it was heard to say so.</summary>
    public Dictionary<long, long> PassedOver { get; } = [];

    /// <summary>Instants whose occurrences waited for others when it was heard of last.</summary>
    public HashSet<long> Queued { get; } = [];

    /// <summary>The last instant of which it was heard; what became of later ones nobody has asked before it was deleted.</summary>
    public long HeardUpTo { get; set; }

    /// <summary>The jobs that somebody asked for.</summary>
    public HashSet<string> Triggered { get; } = [];
}

/// <summary>The job of an occurrence: for which instant, when it was submitted, and when it ended (null: it has not), by the grid's clock, in milliseconds.</summary>
internal sealed record ScheduleOccurrence(string Id, long At, long SubmittedAt, long? FinishedAt = null);

/// <param name="DueAt">Not before that it is served.</param>
/// <param name="IsCertain">False: the schedule may have been deleted just before.</param>
internal readonly record struct DueInstant(long At, long DueAt, string Overlap, bool IsCertain);
