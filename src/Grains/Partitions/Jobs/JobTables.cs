using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>What is kept of jobs. What stands in the rows is known to <c>Records</c>.</summary>
internal sealed class JobTables(StoreLayout layout)
{
    /// <summary>What was submitted, by the job's id; never changes.</summary>
    public RowTable Specs { get; } = layout.Rows("jobs");

    /// <summary>What happened to a job so far, where it waits again.</summary>
    public RowTable Tracks { get; } = layout.Rows("tracks");

    /// <summary>Who runs a job, where it runs.</summary>
    public RowTable Leases { get; } = layout.Rows("leases", readAtOpening: true);

    /// <summary>How a job ended, where it has.</summary>
    public RowTable Outcomes { get; } = layout.Rows("outcomes");

    /// <summary>Waiting jobs by lane, with the instants they are due.</summary>
    public OrderedSets Lanes { get; } = layout.Sets("lane", readAtOpening: true);

    /// <summary>Finished jobs, with the instants until which they are kept.</summary>
    public OrderedSet Retention { get; } = layout.Set("retention");

    /// <summary>Waiting jobs that are to be started by an instant.</summary>
    public OrderedSet Deadlines { get; } = layout.Set("deadlines");

    /// <summary>The rarer indexes, such as one tag's or that of the failed, with the stamps of the jobs' submits.</summary>
    public OrderedSets Indexes { get; } = layout.Sets("index");

    /// <summary>Jobs in the order of their submits, a log for each queue and type.</summary>
    public MergedLogs Log { get; } = layout.Logs("log");

    /// <summary>Jobs by state, queue and type.</summary>
    public CounterTable Counts { get; } = layout.Counters("counts");

    /// <summary>The log of a queue and type.</summary>
    public static string LogName(string queue, string type) => $"{queue}/{type}";
}
