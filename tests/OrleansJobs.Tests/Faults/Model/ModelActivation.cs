using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Faults.Model;

/// <summary>
/// One activation of the partition: the pure core, one commit under way at a time, and what is to be said once a commit is applied. It
/// may be one of several at a time; the store decides whose commits count.
/// </summary>
internal sealed class ModelActivation
{
    private readonly ModelStore _store;
    private readonly ModelMutation _mutation;
    private readonly int _pageLimit;
    private bool _wasSent;
    private List<Promise> _gathering = [];
    private List<Promise> _underWay = [];
    private List<(Lane Lane, LanePosition From, int Limit)> _reads = [];

    public ModelActivation(ModelStore store, JobGridOptions options, ModelMutation mutation, long now, int keptEmptyLanes = LaneIndex.KeptEmpty, int pageLimit = 16)
    {
        _store = store;
        _mutation = mutation;
        _pageLimit = pageLimit;
        var opening = store.Open(now);
        Core = new PartitionCore(0, opening, options, keptEmptyLanes);
        foreach (var (id, _) in opening.Rows(GridLayout.Jobs.Leases)) Core.Jobs.Load(id, Read(id)!);
    }

    public PartitionCore Core { get; }
    public SealedCommit? UnderWay { get; private set; }

    /// <summary>Fenced: it answers nothing any more.</summary>
    public bool IsOver { get; private set; }

    public StoredJob? Read(string id) => _store.Read(id);

    /// <summary>The job in memory, from the store where need be; null where there is none.</summary>
    public LiveJob? Find(string id)
    {
        var job = Core.Jobs.Find(id);
        if (job is null) return Read(id) is { } stored ? Core.Jobs.Load(id, stored) : null;
        if (job.Spec is null) Core.Jobs.LoadSpec(job, Read(id)!);
        return job;
    }

    public List<Lease> Take(ModelWorker worker, int want, long now) => Take(worker.Profile, want, now);

    public List<Lease> Take(WorkerProfile profile, int want, long now)
    {
        while (true)
        {
            var unread = new List<LiveJob>();
            var leases = Core.Dispatch.Take(profile, want, now, unread);
            if (leases.Count > 0 || unread.Count == 0) return leases;
            foreach (var job in unread) Core.Jobs.LoadSpec(job, Read(job.Id)!);
        }
    }

    /// <summary>To be done once the changes made so far are in the store, or given up where they never will be.</summary>
    /// <param name="about">The job that this is about: should the store be too full to take it, there is nothing to be done.</param>
    public void WhenCommitted(Action kept, Action broken, LiveJob? about = null)
    {
        if (_mutation == ModelMutation.NoStoreAcknowledgement) kept();
        else if (Core.Changes.HasAny) _gathering.Add(new(kept, broken, about));
        else if (UnderWay is not null) _underWay.Add(new(kept, broken, about));
        else kept();
    }

    public void Seal()
    {
        if (UnderWay is not null || !Core.Changes.HasAny || IsOver) return;
        UnderWay = Core.Changes.Seal();
        _wasSent = false;
        (_underWay, _gathering) = (_gathering, []);
        if (UnderWay.Commit.IsEmpty) Finish(CommitOutcome.Applied);
    }

    /// <summary>Sends the commit under way, once more where its reply was lost.</summary>
    public void Send(bool replyArrives)
    {
        if (UnderWay is null || IsOver) return;
        _wasSent = true;
        var outcome = _store.Commit(UnderWay.Commit);
        if (replyArrives) Finish(outcome);
    }

    /// <summary>The store is full: it takes no new jobs. Only where this commit has not been sent yet.</summary>
    public void Refuse()
    {
        if (UnderWay is null || !UnderWay.Commit.MayBeRefused || _wasSent || IsOver) return;
        var dropped = Core.Changes.Refused(UnderWay).ToHashSet();
        UnderWay = null;
        var open = _underWay.Concat(_gathering).ToLookup(promise => promise.About is { } job && dropped.Contains(job));
        (_underWay, _gathering) = ([], [.. open[false]]);
        foreach (var promise in open[true]) promise.Broken();
    }

    public void BeginReads(int? limit = null)
    {
        while (Core.Jobs.Index.TakeLow() is { } lane) _reads.Add((lane, lane.BeginRead(), limit ?? _pageLimit));
    }

    public void EndReads(bool failed)
    {
        foreach (var (lane, from, limit) in _reads)
        {
            if (failed)
            {
                Core.Jobs.Windows.AbandonRead(lane);
                continue;
            }

            var page = _store.ReadLane(lane.Name, from, limit);
            Core.Jobs.Windows.EndRead(lane, page, page.Length < limit);
        }

        _reads = [];
    }

    public void Finish(CommitOutcome outcome)
    {
        var (commit, promises) = (UnderWay!, _underWay);
        if (outcome == CommitOutcome.Applied)
        {
            UnderWay = null;
            _underWay = [];
            Core.Changes.Applied(commit);
            BeginReads();
            foreach (var promise in promises) promise.Kept();
        }
        else Die();
    }

    /// <summary>Ends without another word; whoever waits for it gets no answer.</summary>
    public void Die()
    {
        IsOver = true;
        foreach (var promise in _underWay.Concat(_gathering)) promise.Broken();
        _underWay = [];
        _gathering = [];
    }

    private sealed record Promise(Action Kept, Action Broken, LiveJob? About);
}

/// <summary>What the model leaves out on purpose, to show that its checks notice.</summary>
internal enum ModelMutation
{
    None,
    NoFence,
    NoGenerationCheck,
    NoRedelivery,
    NoStoreAcknowledgement,
    NoTokenFloor,
}
