namespace OrleansJobs.Outside;

/// <summary>What the jobs that the worker holds remember.</summary>
internal sealed partial class WorkSessionGrain
{
    public Task<WorkMemory> Recall(WorkLeaseName lease, long after) => AskAsync(lease, memory => memory.ReadAsync(after));

    public Task<WorkMemory> Remember(WorkLeaseName lease, WorkStep step) => AskAsync(lease, memory => memory.RememberAsync(step), isNews: true);

    public Task<WorkMemory> StartChildren(WorkLeaseName lease, WorkChild[] children) => AskAsync(lease, memory => memory.StartAsync(children), isNews: true);

    private Task<WorkMemory> AskAsync(WorkLeaseName lease, Func<LeaseMemory, Task<WorkMemory>> ask, bool isNews = false)
    {
        var name = NameOf(lease);
        if (_book.TryGetValue(name, out var held) && !held.HasEnded)
        {
            if (isNews) held.NoteNews(_time.GetTimestamp());
            return ask(held.Memory ??= new LeaseMemory(held.Lease, services));
        }

        if (held is not null || _ties[PartitionOf(lease.Id)].IsKnown) return Task.FromResult(new WorkMemory(WorkMemoryOutcome.Stale));
        // Another silo kept the session: its partition is about to say whose the lease is.
        throw new TimeoutException("It is not known yet whether the lease is the session's.");
    }
}
