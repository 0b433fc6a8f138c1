namespace OrleansJobs.Storage;

/// <summary>
/// Where a grid is kept: tables, ordered sets, logs and counters of partitions, as the store's <see cref="StoreLayout"/> names them. A store knows no jobs.
/// Every write of a partition is one commit: all of it or nothing, refused where another activation of the partition has opened it since.
/// Transient faults (no connection, a time-out) come out as exceptions of the store's client and mean "unknown".
/// </summary>
public interface IPartitionStore
{
    /// <summary><c>redis</c>, <c>sqlite</c> or <c>memory</c>.</summary>
    string Kind { get; }

    /// <summary>Where jobs are kept and how surely, in a few words for operators.</summary>
    string Description { get; }

    /// <summary>Creates the grid's record where there is none, and reads it.</summary>
    /// <exception cref="GridMismatchException">The store's grid has another number of partitions.</exception>
    /// <exception cref="UnfitStoreException">The store would lose jobs, or was written by a release that this one does not understand.</exception>
    ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default);

    /// <summary>Reads the grid's record; null where the store is empty.</summary>
    ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Takes the partition's next generation, so that every older one is refused from now on, and reads what an activation must know. The generation is
    /// above the stored one and above <paramref name="above"/>, and at least what <see cref="GenerationFloor"/> makes of the store's time: a store that
    /// fails over and loses its newest openings gives none of theirs again.
    /// </summary>
    /// <param name="above">The highest generation that the caller knows of, whatever the store remembers; 0: none.</param>
    ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default);

    /// <summary>
    /// Applies a commit. Its sequence must follow the last applied one of this generation; the last one again answers
    /// <see cref="CommitOutcome.Applied"/> and changes nothing, so that a commit whose reply was lost may be sent again as it was.
    /// Within it nothing may change between the sends.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The sequence is below 1, or the first stamp is not above all that were given. Nothing was applied. This is a defect of the caller and no transient
    /// fault: sending it again cannot help.
    /// </exception>
    ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default);

    /// <summary>Rows by key, in the order asked for; fewer than asked for where the budget ends them.</summary>
    ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default);

    /// <summary>Members of a set by score.</summary>
    ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default);

    /// <summary>The members of a set behind a place, in order, with their rows, whose keys they are.</summary>
    ValueTask<PagedLine[]> ReadPageAsync(int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default);

    /// <summary>
    /// How many members of sets have a score up to and with the given one, in the order asked for. Of a set with very many on either side of it, a store that
    /// would have to count them may say how many there are at least.
    /// </summary>
    ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default);

    /// <summary>Lines of logs, newest first.</summary>
    ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default);

    /// <summary>Keeps rows of the whole grid; those that are there under other keys stay.</summary>
    ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default);

    ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default);

    /// <summary>What the store's clock says, for silos to compare theirs with.</summary>
    ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default);

    /// <summary>Share of the store's limit that is used, 0 to 1; 0 where there is no limit.</summary>
    ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default);
}

public enum CommitOutcome
{
    Applied,

    /// <summary>A higher generation has been taken, or another commit stands at this sequence: this activation is over.</summary>
    Fenced,

    /// <summary>The partition's generation is gone: the store was emptied.</summary>
    Lost,

    /// <summary>
    /// The store is full and the commit may be refused. Nothing was applied nor will be, also where it was sent before, and the sequence is not used up:
    /// the next commit has it, with whatever it holds.
    /// </summary>
    Full,
}
