using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>The memory store of one partition, called in turn; on request one that does not look at generations.</summary>
internal sealed class ModelStore(bool checksGenerations)
{
    private const int ByteBudget = 1 << 10;
    private readonly MemoryPartitionStore _store = new();
    private readonly HashSet<PartitionCommit> _forged = [];
    private long _generation;
    private long _sequence;
    private long _lastStamp;

    public PartitionOpening Open()
    {
        var opening = Now(_store.OpenAsync(0));
        (_generation, _sequence) = (opening.Generation, 0);
        return opening;
    }

    public StoredJob? Read(string id) => Now(_store.ReadAsync(0, [id]))[0];

    public LaneEntry[] ReadLane(string lane, LanePosition after, int limit) => Now(_store.ReadLaneAsync(0, lane, after, limit, ByteBudget));

    public CommitOutcome Commit(PartitionCommit commit) => checksGenerations ? Now(_store.CommitAsync(commit)) : CommitUnchecked(commit);

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
        return Now(_store.CommitAsync(forged));
    }

    // The memory store answers at once.
    private static T Now<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("The store did not answer at once.");
}
