using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Which job goes to whom.</summary>
internal sealed partial class PartitionCore
{
    private const int SpecsPerRead = 64;

    /// <summary>
    /// Leases ready jobs that a worker can run: of the highest priority first, of one priority those due longest first. Stops where the
    /// next one's record is not in memory, and names what to read before asking again.
    /// </summary>
    /// <param name="room">Of which queues how many more may be taken; null: no bound.</param>
    public List<Lease> Take(WorkerProfile worker, int want, long now, List<LiveJob> unread, Dictionary<string, int>? room = null)
    {
        var leases = new List<Lease>(Math.Min(want, 64));
        var suspects = worker.Suspects;
        _lanes.Advance(now);
        while (leases.Count < want && _lanes.FirstFor(worker, suspects, room) is { } lane)
        {
            var job = lane.First!;
            if (!EnsureReadable(lane, want - leases.Count, now, unread)) break;
            if (IsExpired(job, now))
            {
                Expire(job, now);
                continue;
            }

            if (lane.Suspects && !IsSuspect(job.Track))
            {
                Acquit(job, now);
                continue;
            }

            leases.Add(Lease(job, worker.Silo.ToParsableString(), now));
            if (lane.Suspects && suspects is SuspectWish.OneAlone) break;
            if (lane.Suspects) suspects = SuspectWish.None;
            if (room is not null) room[lane.Queue]--;
        }

        return leases;
    }

    /// <summary>How many more jobs a worker could have, counted up to a limit.</summary>
    /// <param name="heldBack">There are others that it could have, were it not for its closed queues or its room.</param>
    public int CountReadyFor(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, out bool heldBack)
    {
        _lanes.Advance(now);
        return _lanes.CountFor(worker, now, limit, room, out heldBack);
    }

    /// <summary>Leases of this activation that a silo has been given and does not know of.</summary>
    public List<Lease> MissingAt(string silo, LeaseName[] held)
    {
        var known = held.ToHashSet();
        return _leased.Values
            .Where(job => job.Track.Silo == silo && FencingToken.GenerationOf(job.Track.Token) == Generation && !known.Contains(new(job.Id, job.Track.Token)))
            .Select(job => LeaseOf(job, job.Track.HasGrainState)).ToList();
    }

    /// <summary>Whether this is the job's lease still.</summary>
    public bool Holds(Lease lease) => _leased.TryGetValue(lease.Id, out var job) && job.Track.Token == lease.Token;

    /// <summary>Whether the next jobs of a lane are in memory; names what to read where the first is not.</summary>
    public bool EnsureReadable(Lane lane, int wanted, long now, List<LiveJob> unread)
    {
        if (lane.First!.Spec is not null) return true;
        foreach (var job in lane.Window)
        {
            if (job.Due > now || unread.Count >= Math.Min(wanted, SpecsPerRead)) break;
            if (job.Spec is null) unread.Add(job);
        }

        return false;
    }

    public bool IsExpired(LiveJob job, long now) => !job.Track.HasStarted && job.Spec!.ExpiresAt <= now;

    /// <summary>Gives a waiting job, whose record is in memory, to a silo. The lease counts once its commit is applied.</summary>
    public Lease Lease(LiveJob job, string silo, long now)
    {
        var spec = job.Spec!;
        var hadGrainState = job.Track.HasGrainState;
        job.Lane.Remove(job);
        job.Place = JobPlace.Leased;
        job.Track = job.Track with
        {
            Version = JobVersion.Next(job, 0, now), Token = FencingToken.Make(Generation, ++_tokens), StartedAt = now, Silo = silo, IsRetrying = false, Trial = TrialState.None,
        };
        _leased.Add(job.Id, job);
        Weigh(job);
        MarkDirty(job);
        return LeaseOf(job, hadGrainState);
    }

    private Lease LeaseOf(LiveJob job, bool hasGrainState)
    {
        var spec = job.Spec!;
        return new Lease
        {
            Id = job.Id, Partition = Partition, Token = job.Track.Token, Type = spec.Type, Queue = spec.Queue, Args = spec.Args,
            Attempt = job.Track.Attempt, Failures = job.Track.Failures, Crashes = job.Track.Crashes, IsSuspect = job.Lane.Suspects,
            SubmittedAt = DateTimeOffset.FromUnixTimeMilliseconds(spec.SubmittedAt), DueAt = DateTimeOffset.FromUnixTimeMilliseconds(job.Due),
            Tags = spec.Tags, Retry = spec.Retry, Attempts = spec.Attempts, Timeout = spec.Timeout, TraceParent = spec.TraceParent, HasGrainState = hasGrainState,
        };
    }
}
