using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>
/// Which types' jobs are run in batches, as the workers say that come: a lane of such a type is ready when it has a batch together, or its first job has waited long enough. Nothing
/// of it is stored. Where workers say different things, as while a release is rolled out, the smaller batch and the shorter wait hold.
/// </summary>
internal sealed class BatchBook
{
    private readonly Dictionary<SiloAddress, BatchType[]> _said = [];
    private readonly Dictionary<string, BatchPolicy> _policies = new(StringComparer.Ordinal);

    public LaneIndex? Index { get; set; }

    public BatchPolicy? Of(string type) => _policies.Count == 0 ? null : _policies.GetValueOrDefault(type);

    /// <summary>A worker has come.</summary>
    public void Say(WorkerProfile worker)
    {
        if (worker.Batches is not { } said)
        {
            if (_said.Count > 0) Forget(worker.Silo);
            return;
        }

        if (_said.TryGetValue(worker.Silo, out var known) && (known == said || known.AsSpan().SequenceEqual(said))) return;
        _said[worker.Silo] = said;
        Renew();
    }

    /// <summary>A worker is gone, or knows no batches any more.</summary>
    public void Forget(SiloAddress silo)
    {
        if (_said.Remove(silo)) Renew();
    }

    /// <summary>Says of a job that waits for a slot that it waits for others to run with, where that is so.</summary>
    /// <param name="job">As memory has it; null: it does not.</param>
    public JobStatus Refine(JobStatus status, LiveJob? job, long now)
    {
        if (job is not { Place: JobPlace.Waiting, Lane: { Batch: not null, First: not null } lane } || job.Due > now || lane.ReadyAt is var at && at <= now) return status;
        var others = new WaitReason(WaitReasons.Batch)
        {
            Until = at < JobBook.Never ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null, Done = (int)Math.Min(lane.Count, lane.Batch.Size), Of = lane.Batch.Size,
        };
        return status with { WaitingFor = Array.ConvertAll(status.WaitingFor, reason => reason.What == WaitReasons.Slot ? others : reason) };
    }

    private void Renew()
    {
        var now = new Dictionary<string, BatchPolicy>(StringComparer.Ordinal);
        foreach (var (type, policy) in _said.Values.SelectMany(static types => types).Select(static said => (said.Type, said.Policy)))
            now[type] = now.TryGetValue(type, out var other) ? BatchPolicy.Least(policy, other) : policy;
        foreach (var type in _policies.Keys.Except(now.Keys).ToList())
        {
            _policies.Remove(type);
            Index!.Rebatch(type, null);
        }

        foreach (var (type, policy) in now)
        {
            if (_policies.TryGetValue(type, out var known) && known == policy) continue;
            _policies[type] = policy;
            Index!.Rebatch(type, policy);
        }
    }
}

/// <summary>Jobs of a partition that run in one attempt: one permit of their key and their queue for all of them.</summary>
internal sealed class AttemptBatch
{
    /// <summary>The token of the first of them, by which they are known; 0: none has one yet.</summary>
    public long Token { get; set; }

    /// <summary>How many there are of them.</summary>
    public int Size { get; set; }

    /// <summary>How many of them were given up before they began.</summary>
    public int NeverBegan { get; set; }

    /// <summary>How many of them run still.</summary>
    public int Members { get; set; }
}
