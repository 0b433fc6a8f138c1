using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Schedules.Model;

/// <summary>A store in memory whose every answer waits until it is drawn: late, lost before or after the write, or refused as full.</summary>
/// <param name="applied">Told of each commit that changed the store.</param>
/// <param name="refused">Told of each that it did not take, since it is full.</param>
internal sealed class DrawnStore(Action<PartitionCommit> applied, ScheduleMutation mutation, Action<PartitionCommit>? refused = null) : IPartitionStore
{
    private readonly List<Action<bool>> _waiting = [];
    private readonly HashSet<PartitionCommit> _applied = [];

    public MemoryPartitionStore Inner { get; } = new(GridLayout.Layout);

    public int Waiting => _waiting.Count;

    /// <summary>The most bytes that one read has brought.</summary>
    public long MostRead { get; private set; }

    /// <summary>It takes nothing new from outside.</summary>
    public bool IsFull { get; set; }

    public string Kind => Inner.Kind;

    public string Description => Inner.Description;

    /// <summary>Answers one of the calls.</summary>
    public void Answer(int which, bool isLost)
    {
        var call = _waiting[which];
        _waiting.RemoveAt(which);
        call(isLost);
    }

    /// <summary>The process is gone: nobody is answered, and what was under way has arrived or not.</summary>
    public void DropCalls(Random random)
    {
        while (_waiting.Count > 0)
        {
            if (random.Next(2) == 0) Answer(0, isLost: true);
            else _waiting.RemoveAt(0);
        }
    }

    public ValueTask<CommitOutcome> CommitAsync(PartitionCommit commit, CancellationToken cancellation = default) => Later(() =>
    {
        Mutate(commit);
        if (IsFull && commit.MayBeRefused && !_applied.Contains(commit))
        {
            refused?.Invoke(commit);
            return CommitOutcome.Full;
        }

        var outcome = Now(Inner.CommitAsync(commit, cancellation));
        if (outcome == CommitOutcome.Applied && _applied.Add(commit)) applied(commit);
        return outcome;
    });

    public ValueTask<StoredRows[]> ReadRowsAsync(int partition, RowRead read, IReadOnlyList<string> keys, CancellationToken cancellation = default) =>
        Later(() =>
        {
            var rows = Now(Inner.ReadRowsAsync(partition, read, keys, cancellation));
            MostRead = Math.Max(MostRead, rows.Sum(row => row.Values?.Sum(value => (long)(value?.Length ?? 0)) ?? 0));
            return rows;
        });

    public ValueTask<SetLine[]> ReadSetAsync(int partition, SetName set, SetRange range, CancellationToken cancellation = default) =>
        Later(() => Now(Inner.ReadSetAsync(partition, set, range, cancellation)));

    public ValueTask<PagedLine[]> ReadPageAsync(int partition, SetName set, SetPlace after, int limit, RowRead rows, CancellationToken cancellation = default) =>
        Later(() => Now(Inner.ReadPageAsync(partition, set, after, limit, rows, cancellation)));

    public ValueTask<PartitionOpening> OpenAsync(int partition, long above = 0, CancellationToken cancellation = default) => Inner.OpenAsync(partition, above, cancellation);

    public ValueTask<GridRecord> OpenGridAsync(int partitions, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<GridRecord?> ReadGridAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<long[]> CountAsync(int partition, OrderedSets sets, IReadOnlyList<string> names, long upTo, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<LogLine[]> ReadLogsAsync(int partition, MergedLogs logs, LogRange range, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask PutAsync(GridTable table, IReadOnlyDictionary<string, byte[]> rows, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<IReadOnlyDictionary<string, byte[]>> ReadAsync(GridTable table, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<DateTimeOffset> ReadTimeAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<double> ReadFullnessAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

    private void Mutate(PartitionCommit commit)
    {
        var tables = GridLayout.Schedules;
        if (mutation == ScheduleMutation.OccurrenceOutsideCommit && commit.Of(GridLayout.Jobs.Specs).Puts.Count > 0) commit.Of(tables.States).Puts.Clear();
        if (mutation == ScheduleMutation.NoOpenMark) commit.Of(tables.Open).Puts.Clear();
        if (mutation == ScheduleMutation.LetterOutsideCommit && commit.Of(tables.States).Puts.Count > 0) commit.Of(GridLayout.Letters.Rows).Puts.Clear();
    }

    private async ValueTask<T> Later<T>(Func<T> call)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(isLost =>
        {
            var result = call();
            if (isLost) answer.SetException(new IOException("The answer was lost."));
            else answer.SetResult(result);
        });
        // In a turn: whoever waits with a deadline would otherwise go on in the thread pool, and no seed would draw the same history twice.
        return await answer.Task;
    }

    // The memory store answers at once.
    private static T Now<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("The store did not answer at once.");
}

/// <summary>What the model leaves out on purpose, to show that its checks notice.</summary>
internal enum ScheduleMutation
{
    None,

    /// <summary>An occurrence is stored, and the schedule that has moved on is not stored with it.</summary>
    OccurrenceOutsideCommit,

    /// <summary>Which schedules have occurrences that have not ended is not stored, so that an opening does not load them.</summary>
    NoOpenMark,

    /// <summary>A schedule that has moved on is stored, and the letter that starts the occurrence where its key lives is not.</summary>
    LetterOutsideCommit,

    /// <summary>The partition's clock is ahead.</summary>
    Early,

    /// <summary>An edit takes the cursor to the present, though the instants are the old ones and some of them were not due yet.</summary>
    EditByWayOfOthers,
}
