namespace OrleansJobs.Storage;

/// <summary>
/// Where partitions keep their jobs. Records are bytes to the store; what it knows is which job is due when, leased, finished and listed.
/// Every write is one commit: all of it or nothing, refused where another activation of the partition has opened it since.
/// Transient faults (no connection, a time-out) come out as exceptions of the store's client and mean "unknown".
/// </summary>
public interface IPartitionStore
{
    /// <summary>Creates the grid's record where there is none, and reads it.</summary>
    /// <exception cref="GridMismatchException">The store's grid has another number of partitions.</exception>
    /// <exception cref="UnfitStoreException">The store would lose jobs: it is too old, or drops records when its memory is full.</exception>
    ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default);

    /// <summary>Reads the grid's record; null where the store is empty.</summary>
    ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Takes the partition's next generation, so that every older one is refused from now on, and reads what a partition must know. The generation is
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
    /// The sequence is below 1, or the stamps of new jobs are not strictly growing and above all that were given. Nothing was applied. This is a
    /// defect of the caller and no transient fault: sending it again cannot help.
    /// </exception>
    ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default);

    /// <summary>Records of jobs, live or finished, in the order asked for; null where there is none.</summary>
    ValueTask<StoredJob?[]> ReadAsync(int partition, IReadOnlyList<string> ids, CancellationToken cancellation = default);

    /// <summary>
    /// Records of jobs for a list, in the order asked for, without what lists do not show; null where there is none. A record comes along while those
    /// before it are below the budget together, so that there may be fewer than asked for, and any budget but 0 brings the first.
    /// </summary>
    ValueTask<StoredJob?[]> ReadListedAsync(int partition, IReadOnlyList<string> ids, ListedRead read, CancellationToken cancellation = default);

    /// <summary>
    /// Waiting jobs of a lane in the order (due, id), from behind a position. A record comes along while those before it are below the budget
    /// together, so that a budget is passed by one record at most, and any budget but 0 brings the first; beyond it <see cref="LaneEntry.Job"/>
    /// is null and must be read before use.
    /// </summary>
    ValueTask<LaneEntry[]> ReadLaneAsync(int partition, string lane, LanePosition after, int limit, int byteBudget, CancellationToken cancellation = default);

    /// <summary>How many waiting jobs of each lane are due at <paramref name="now"/> (Unix ms), in the order asked for.</summary>
    ValueTask<long[]> CountDueAsync(int partition, IReadOnlyList<string> lanes, long now, CancellationToken cancellation = default);

    /// <summary>Ids of jobs to list, newest first. Empty where the bounds leave no stamp between them.</summary>
    ValueTask<LogEntry[]> ReadLogAsync(int partition, LogQuery query, CancellationToken cancellation = default);

    /// <summary>Finished jobs whose retention is over at <paramref name="now"/> (Unix ms), soonest first.</summary>
    ValueTask<string[]> ReadExpiredAsync(int partition, long now, int limit, CancellationToken cancellation = default);

    /// <summary>Jobs with a start-by instant at or before <paramref name="now"/> (Unix ms) that have not been started, soonest first, without their records.</summary>
    /// <returns><see cref="LaneEntry.Due"/> is the start-by instant.</returns>
    ValueTask<LaneEntry[]> ReadDeadlinesAsync(int partition, long now, int limit, CancellationToken cancellation = default);

    /// <summary>Keeps what a silo says of a job type, for those who ask while no silo knows it.</summary>
    ValueTask PutTypesAsync(IReadOnlyDictionary<string, byte[]> types, CancellationToken cancellation = default);

    ValueTask<IReadOnlyDictionary<string, byte[]>> ReadTypesAsync(CancellationToken cancellation = default);

    /// <summary>What the store's clock says, for silos to compare theirs with.</summary>
    ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default);

    /// <summary>Share of the store's memory limit that is used, 0 to 1; 0 where there is no limit.</summary>
    ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default);
}

/// <summary>The grid as the store knows it.</summary>
/// <param name="Incarnation">Drawn at creation: another one means another, emptied store.</param>
/// <param name="Secret">What ids are derived with, in hexadecimal; drawn at creation as well, so that derived ids outlast restarts.</param>
public sealed record GridRecord(int Partitions, string Incarnation, string Secret)
{
    private const int SecretBytes = 32;

    internal static string NewSecret() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Without the secret, since records end up in logs.</summary>
    public override string ToString() => $"{Partitions} partitions, incarnation {Incarnation}";
}

/// <summary>A silo is configured with another number of partitions than the store's grid has.</summary>
public sealed class GridMismatchException(int configured, int stored)
    : Exception($"This silo is configured with {configured} partitions, but the store's grid has {stored}. Jobs belong to their partition for ever: configure {stored}, or use an empty store.")
{
    public int Configured { get; } = configured;
    public int Stored { get; } = stored;
}

/// <summary>What a partition must know when it opens.</summary>
public sealed record PartitionOpening
{
    /// <summary>This opening's generation; only grows, in a store that has lost openings too.</summary>
    public required long Generation { get; init; }

    /// <summary>False where the partition had never been opened before in this store.</summary>
    public required bool Existed { get; init; }
    public required KeyValuePair<string, byte[]>[] Leases { get; init; }

    /// <summary>Lanes that hold waiting jobs, with how many and the first's due time.</summary>
    public required LaneSummary[] Lanes { get; init; }

    /// <summary>Counters as the commits' deltas have made them; none is zero.</summary>
    public required KeyValuePair<string, long>[] Counts { get; init; }

    /// <summary>The highest stamp given so far; 0 where none was.</summary>
    public required long LastStamp { get; init; }

    /// <summary>The soonest start-by instant; null where no waiting job has one.</summary>
    public long? NextDeadline { get; init; }
}

public readonly record struct LaneSummary(string Lane, long Count, long FirstDue);

public enum CommitOutcome
{
    Applied,

    /// <summary>A higher generation has been taken, or another commit stands at this sequence: this activation is over.</summary>
    Fenced,

    /// <summary>The partition's generation is gone: the store was emptied.</summary>
    Lost,

    /// <summary>
    /// The store is full and the commit adds jobs. Nothing was applied nor will be, also where it was sent before, and the sequence is not used up:
    /// the next commit has it, with whatever it holds.
    /// </summary>
    Full,
}

/// <summary>All that is stored of one job.</summary>
/// <param name="Spec">What was submitted; never changes.</param>
/// <param name="Track">What happened to it so far, where it waits again.</param>
/// <param name="Lease">Who runs it, where it runs.</param>
/// <param name="Outcome">How it ended, where it has.</param>
public sealed record StoredJob(byte[] Spec, byte[]? Track, byte[]? Lease, byte[]? Outcome);

/// <summary>What is left out of records, which have the wire format of protocol buffers.</summary>
/// <param name="SpecField">The number of the spec's field to leave out.</param>
/// <param name="OutcomeField">The number of the outcome's field to leave out.</param>
/// <param name="ByteBudget">Bytes of records. What is left out counts a 64th, since the store has to read it all the same.</param>
public readonly record struct ListedRead(int SpecField, int OutcomeField, int ByteBudget);

public sealed record LaneEntry(string Id, long Due, StoredJob? Job);

/// <summary>A place in a lane's order (due, id by ordinal). Everything is behind <see cref="Start"/>.</summary>
public readonly record struct LanePosition(long Due, string Id)
{
    public static readonly LanePosition Start = new(long.MinValue, "");
}

public readonly record struct LogEntry(long Stamp, string Id);

/// <summary>Which log to read. With an index, that one; otherwise the logs of all lanes that fit queue and type, merged.</summary>
/// <param name="Before">Only stamps below.</param>
/// <param name="After">Only stamps above.</param>
public sealed record LogQuery(long Before, long After, int Limit, string? Index = null, string? Queue = null, string? Type = null);
