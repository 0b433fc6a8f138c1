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

    private MemoryPartitionStore Store => _store ??= new(_clock);

    public PartitionOpening Open(long now)
    {
        var opening = Apply(new(keepsFloor ? now : 0, null)).Opening!;
        (_generation, _sequence) = (opening.Generation, 0);
        return opening;
    }

    public StoredJob? Read(string id) => Now(Store.ReadAsync(0, [id]))[0];

    public LaneEntry[] ReadLane(string lane, LanePosition after, int limit) => Now(Store.ReadLaneAsync(0, lane, after, limit, ByteBudget));

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
        forged.Purges.AddRange(commit.Purges);
        forged.Jobs.AddRange(commit.Jobs.Select(job => job with { Stamp = _lastStamp = Math.Max(_lastStamp + 1, job.Stamp) }));
        forged.LaneRemoves.AddRange(commit.LaneRemoves);
        forged.LaneAdds.AddRange(commit.LaneAdds);
        forged.LeaseRemoves.AddRange(commit.LeaseRemoves);
        forged.Leases.AddRange(commit.Leases);
        forged.TrackRemoves.AddRange(commit.TrackRemoves);
        forged.Tracks.AddRange(commit.Tracks);
        forged.Outcomes.AddRange(commit.Outcomes);
        return Now(Store.CommitAsync(forged));
    }

    private static IEnumerable<string> JobsOf(PartitionCommit commit) =>
    [
        .. commit.Jobs.Select(job => job.Id), .. commit.Purges.Select(purge => purge.Id), .. commit.LaneAdds.Select(line => line.Id),
        .. commit.LaneRemoves.Select(line => line.Id), .. commit.Leases.Select(lease => lease.Key), .. commit.LeaseRemoves, .. commit.Tracks.Select(track => track.Key),
        .. commit.TrackRemoves, .. commit.Outcomes.Select(outcome => outcome.Id), .. commit.OutcomeRemoves,
    ];

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
