using OrleansJobs.Partitions;

namespace OrleansJobs.Flows;

/// <summary>The flows of a partition that are in memory. Each keeps its job there too.</summary>
internal sealed class KnownFlows(JobBook jobs)
{
    /// <summary>Flows that memory keeps although nothing of theirs is under way: what they wait for comes soon, more often than not.</summary>
    private const int Kept = 256;

    private readonly Dictionary<string, FlowEntry> _known = new(StringComparer.Ordinal);
    private readonly Queue<FlowEntry> _line = [];

    public FlowEntry? Find(LiveJob job) => _known.TryGetValue(job.Id, out var flow) && flow.Stamp == job.Spec!.Stamp ? flow : null;

    public void Add(FlowEntry flow)
    {
        // Of another flow of this id, which is gone.
        if (_known.Remove(flow.Id)) jobs.Unpin(flow.Id);
        _known.Add(flow.Id, flow);
        jobs.Pin(flow.Id);
        Keep(flow);
    }

    /// <summary>Memory lets go of a flow where it need not keep it.</summary>
    public void LetGo(FlowEntry flow, bool isGone)
    {
        if (_known.GetValueOrDefault(flow.Id) != flow) return;
        // Somebody else who has pinned its job is about to decide something.
        if (isGone || (jobs.Find(flow.Id) is null or { Place: JobPlace.Finished or JobPlace.Gone } && !jobs.IsPinnedTwice(flow.Id))) Forget(flow);
        else Keep(flow);
    }

    public void Forget(FlowEntry flow)
    {
        if (!flow.IsSettled || !_known.Remove(flow.Id)) return;
        jobs.Unpin(flow.Id);
    }

    private void Keep(FlowEntry flow)
    {
        if (flow.IsKept) return;
        PutInLine(flow);
        for (var looks = _line.Count; _line.Count > Kept && looks > 0; looks--)
        {
            var oldest = _line.Dequeue();
            oldest.IsKept = false;
            if (_known.GetValueOrDefault(oldest.Id) != oldest) continue;
            if (oldest.IsSettled && !jobs.IsPinnedTwice(oldest.Id) && jobs.Find(oldest.Id) is not { Place: JobPlace.Leased }) Forget(oldest);
            else PutInLine(oldest);
        }
    }

    private void PutInLine(FlowEntry flow)
    {
        flow.IsKept = true;
        _line.Enqueue(flow);
    }
}
