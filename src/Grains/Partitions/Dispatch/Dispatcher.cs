using OrleansJobs.Batches;
using OrleansJobs.Lending;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Which job goes to whom.</summary>
internal sealed class Dispatcher(JobBook jobs, AttemptBook attempts, JobOrders orders, SuspectBook suspicions)
{
    private const int SpecsPerRead = 64;

    /// <summary>Leases of one answer, beyond which no other is begun: a batch counts as one of those that a worker wants, and holds many.</summary>
    private const int MostLeases = 1000;

    /// <summary>Bytes of arguments of one batch, and of the batches of one answer, beyond which no other joins: an answer is one message.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>
    /// Leases ready jobs that a worker can run: of the highest priority first, of one priority those due longest first. Stops where the
    /// next one's record is not in memory, and names what to read before asking again.
    /// </summary>
    /// <param name="room">Of which queues how many more may be taken; null: no bound.</param>
    /// <param name="slots">
    /// Of the worker that are free: where there are fewer than it asks jobs for, limited ones come only for these. Null: all may come.
    /// </param>
    public List<Lease> Take(WorkerProfile worker, int want, long now, List<LiveJob> unread, Dictionary<string, int>? room = null, FreeSlots? slots = null)
    {
        var leases = new List<Lease>(Math.Min(want, 64));
        var (suspects, bytes) = (worker.Suspects, 0L);
        jobs.Batches.Say(worker);
        jobs.Index.Advance(now);
        for (var left = want; left > 0 && leases.Count < MostLeases && jobs.Index.FirstFor(worker, suspects, room) is { } lane;)
        {
            var isLimited = slots is not null && lane.IsLimited;
            // What goes after it waits as well: it would else be passed for as long as others are leased ahead.
            if (isLimited && !slots!.HasOne) break;
            if (lane.Batch is not null && worker.TakesBatchesOf(lane.Type))
            {
                var known = leases.Count;
                if (bytes >= MostBytes || !EnsureBatch(lane, now, unread)) break;
                if (!TakeBatch(lane, worker.Silo.ToParsableString(), now, leases)) continue;
                for (var i = known; i < leases.Count; i++) bytes += leases[i].Args.Length;
                slots?.Take(leases.Count - known, isLimited);
                left--;
                if (room is not null) room[lane.Queue]--;
                continue;
            }

            if (!EnsureReadable(lane, left, now, unread)) break;
            if (Next(lane, worker.Silo.ToParsableString(), now) is not { } lease) continue;
            leases.Add(lease);
            slots?.Take(1, isLimited);
            left--;
            if (lane.Suspects && suspects is SuspectWish.OneAlone) break;
            if (lane.Suspects) suspects = SuspectWish.None;
            if (room is not null) room[lane.Queue]--;
        }

        return leases;
    }

    /// <summary>Ends the rest of those queues with limits that a worker could have jobs of.</summary>
    /// <returns>The limits of which something may be lent that goes before all that it would be given now; null: nothing does.</returns>
    public QueueLine? Awaken(WorkerProfile worker, long now, Dictionary<string, int>? room)
    {
        jobs.Index.Advance(now);
        if (jobs.Index.AwakenFor(worker, room) is not { } queue) return null;
        return jobs.Index.FirstFor(worker, SuspectWish.None, room) is { } first && Lane.IsAhead(queue.Oldest, first) ? queue.Limit : null;
    }

    /// <summary>
    /// Whether the jobs of the lane's next batch are in memory; begins to bring them there where they are not. Of a lane that has been read for it, as many as came are the batch.
    /// </summary>
    public static bool EnsureBatch(Lane lane, long now, List<LiveJob> unread)
    {
        if (lane.Gather(now)) return false;
        if (lane is { IsGathering: true, NeedsPage: true } or { IsGathering: true, IsReading: true }) return false;
        var (left, bytes) = (lane.Batch!.Size, 0L);
        foreach (var job in lane.Window)
        {
            if (job.Due > now || left-- == 0 || bytes >= MostBytes) break;
            if (job.Spec is null) unread.Add(job);
            else bytes += job.Spec.Args.Length;
        }

        // Where memory is so short that they are let go again at once, as many as there are go.
        return unread.Count == 0 || lane.First!.Spec is not null && lane.IsGathering;
    }

    /// <summary>Leases the first jobs of a lane together: as many as go into a batch and are due.</summary>
    /// <returns>False: all of them left the lane by another way.</returns>
    public bool TakeBatch(Lane lane, string silo, long now, List<Lease> leases)
    {
        var (batch, left, bytes) = (new AttemptBatch(), lane.Batch!.Size, 0L);
        // The permit that the first has taken is that of all; whose turn it is in the order of their key is not.
        while (left > 0 && bytes < MostBytes && lane.First is { Spec: not null } first && first.Due <= now && lane.Line?.IsNext(lane) != false)
        {
            if (Next(lane, silo, now, batch) is not { } lease) continue;
            leases.Add(lease);
            left--;
            bytes += lease.Args.Length;
        }

        lane.Gathered();
        return batch.Members > 0;
    }

    /// <summary>Leases the first job of a lane, whose record is in memory; null where it left the lane by another way, and the next is to be looked at.</summary>
    /// <param name="batch">With whom it goes; null: by itself.</param>
    public Lease? Next(Lane lane, string silo, long now, AttemptBatch? batch = null)
    {
        var job = lane.First!;
        if (DeadlineBook.HasPassed(job, now))
        {
            orders.Expire(job, now);
            return null;
        }

        if (lane.Suspects && !suspicions.IsSuspect(job))
        {
            suspicions.Acquit(job, now);
            return null;
        }

        return attempts.Lease(job, silo, now, batch);
    }

    /// <summary>How many more jobs a worker could have, counted up to a limit.</summary>
    /// <param name="heldBack">There are others that it could have, were it not for its closed queues or its room.</param>
    public int CountReadyFor(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, out bool heldBack)
    {
        jobs.Batches.Say(worker);
        jobs.Index.Advance(now);
        return jobs.Index.CountFor(worker, now, limit, room, out heldBack);
    }

    /// <summary>Whether the next jobs of a lane are in memory; names what to read where the first is not.</summary>
    public static bool EnsureReadable(Lane lane, int wanted, long now, List<LiveJob> unread)
    {
        if (lane.First!.Spec is not null) return true;
        foreach (var job in lane.Window)
        {
            if (job.Due > now || unread.Count >= Math.Min(wanted, SpecsPerRead)) break;
            if (job.Spec is null) unread.Add(job);
        }

        return false;
    }
}
