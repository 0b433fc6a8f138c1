using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>
/// The memory store of one partition, called in turn; on request one that does not look at generations. It can fail over to a replica that has not
/// received the newest writes.
/// </summary>
/// <param name="keepsFloor">Its generations are not below the time.</param>
internal sealed class ModelStore(bool checksGenerations, bool keepsFloor)
{
    private const int ByteBudget = 1 << 10;
    private readonly ModelClock _clock = new();
    private readonly List<Write> _written = [];
    private readonly HashSet<PartitionCommit> _forged = [];
    private MemoryPartitionStore? _store;
    private long _generation;
    private long _sequence;
    private long _lastStamp;

    private MemoryPartitionStore Store => _store ??= new(GridLayout.Layout, _clock);

    private JobRows Rows => new(Store, 0);

    public PartitionOpening Open(long now)
    {
        var opening = Apply(new(keepsFloor ? now : 0, null)).Opening!;
        (_generation, _sequence) = (opening.Generation, 0);
        return opening;
    }

    public StoredJob? Read(string id) => Now(Rows.ReadAsync(id));

    public LaneEntry[] ReadLane(string lane, LanePosition after, int limit) => Now(Rows.ReadLaneAsync(lane, after, limit, ByteBudget));

    public CommitOutcome Commit(PartitionCommit commit) => checksGenerations ? Apply(new(0, commit)).Outcome : CommitUnchecked(commit);

    /// <summary>Loses the newest writes, openings and commits alike. The first opening stays: without it there would be another store, not an older one.</summary>
    /// <returns>The jobs that the lost commits were about.</returns>
    public HashSet<string> FailOver(int writes)
    {
        if (!checksGenerations) return [];
        writes = Math.Min(writes, _written.Count - 1);
        var lost = _written.TakeLast(writes).Select(write => write.Commit).OfType<PartitionCommit>().SelectMany(JobsOf).ToHashSet();
        var kept = _written.SkipLast(writes).ToList();
        _store = null;
        _written.Clear();
        foreach (var write in kept) Apply(write);
        return lost;
    }

    /// <summary>Writes, and remembers what took effect.</summary>
    private (PartitionOpening? Opening, CommitOutcome Outcome) Apply(Write write)
    {
        if (write.Commit is { } commit)
        {
            var outcome = Now(Store.CommitAsync(commit));
            // Where it was applied before, it does nothing here nor when it is written again.
            if (outcome == CommitOutcome.Applied) _written.Add(write);
            return (null, outcome);
        }

        _clock.Instant = DateTimeOffset.FromUnixTimeMilliseconds(write.At);
        _written.Add(write);
        return (Now(Store.OpenAsync(0)), CommitOutcome.Applied);
    }

    /// <summary>Applies any commit once, as if it came from the newest opening.</summary>
    private CommitOutcome CommitUnchecked(PartitionCommit commit)
    {
        if (!_forged.Add(commit)) return CommitOutcome.Applied;
        var forged = new PartitionCommit(0, _generation, ++_sequence);
        foreach (var changes in commit.Changes) Copy(changes, forged);
        return Now(Store.CommitAsync(forged));
    }

    /// <summary>Without the counts, which would be counted twice.</summary>
    private void Copy(PartChanges changes, PartitionCommit forged)
    {
        switch (changes)
        {
            case RowChanges rows:
                rows.Removes.ForEach(key => forged.Remove(rows.Table, key));
                rows.Puts.ForEach(row => forged.Put(rows.Table, row.Key, row.Value));
                break;
            case SetChanges sets:
                sets.Removes.ForEach(line => forged.Remove(new SetName(sets.Sets, line.Set), line.Member, line.Score));
                sets.Puts.ForEach(line => forged.Put(new SetName(sets.Sets, line.Set), line.Member, line.Score));
                break;
            case LogChanges logs:
                logs.Removes.ForEach(line => forged.Remove(logs.Logs, line.Log, line.Stamp));
                logs.Puts.ForEach(line => forged.Append(logs.Logs, line.Log, _lastStamp = Math.Max(_lastStamp + 1, line.Stamp), line.Member));
                break;
        }
    }

    private static IEnumerable<string> JobsOf(PartitionCommit commit) => commit.Changes.SelectMany(changes => changes switch
    {
        RowChanges rows => rows.Removes.Concat(rows.Puts.Select(row => row.Key)),
        SetChanges sets => sets.Removes.Select(line => line.Member).Concat(sets.Puts.Select(line => line.Member)),
        LogChanges logs => logs.Puts.Select(line => line.Member),
        _ => [],
    });

    // The memory store answers at once.
    private static T Now<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("The store did not answer at once.");

    /// <param name="Commit">Null: an opening.</param>
    private readonly record struct Write(long At, PartitionCommit? Commit);

    private sealed class ModelClock : TimeProvider
    {
        public DateTimeOffset Instant { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Instant;
    }
}
