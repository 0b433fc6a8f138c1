using OrleansJobs.Partitions;

namespace OrleansJobs.Flows;

/// <summary>Jobs that memory keeps until something has been decided about them.</summary>
internal readonly struct PinnedJobs(JobBook jobs, List<string> ids) : IDisposable
{
    public void Add(string id)
    {
        jobs.Pin(id);
        ids.Add(id);
    }

    public void Dispose()
    {
        foreach (var id in ids ?? []) jobs.Unpin(id);
    }
}
