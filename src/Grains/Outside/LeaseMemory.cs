using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>The steps that a job remembers, as the session asks its partition for them. A name that is remembered keeps what it has: whatever is sent again changes nothing.</summary>
/// <param name="isEmpty">Nothing was remembered when the lease came.</param>
internal sealed class LeaseMemory(IPartitionFlows partition, LeaseName lease, bool isEmpty)
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Null: to be read first.</summary>
    private Dictionary<string, byte[]>? _known = isEmpty ? new(StringComparer.Ordinal) : null;

    /// <summary>A step of this attempt was stored: its job has overcome what went wrong before.</summary>
    public bool HasStored { get; private set; }

    public async Task<WorkMemory> ReadAsync(long after)
    {
        var page = await partition.ReadFlow(lease, after);
        return page.IsStale ? Stale : new(WorkMemoryOutcome.Done) { Steps = [.. StepsOf(page)], Next = page.HasMore ? page.Seen : null };
    }

    /// <summary>Durable when it is answered, with what is remembered by this name.</summary>
    public async Task<WorkMemory> RememberAsync(WorkStep step)
    {
        await _turn.WaitAsync();
        try
        {
            if (await KnownAsync() is not { } known) return Stale;
            if (known.TryGetValue(step.Name, out var before)) return new(WorkMemoryOutcome.Done) { Steps = [step with { Value = before }] };
            // Whether it is stored is not known before the answer: without one, it is looked for.
            _known = null;
            var answer = await partition.ChangeFlow(lease, new FlowChange { Steps = [new FlowStep(step.Name, step.Value, null)] });
            if (answer.Kind is FlowAnswerKind.Stale) return Stale;
            _known = known;
            if (answer.Kind is not FlowAnswerKind.Stored) return new(WorkMemoryOutcome.Full) { Reason = answer.Error?.Message };
            known.Add(step.Name, step.Value);
            HasStored = true;
            return new(WorkMemoryOutcome.Done) { Steps = [step] };
        }
        finally
        {
            _turn.Release();
        }
    }

    private static WorkMemory Stale { get; } = new(WorkMemoryOutcome.Stale);

    private async Task<Dictionary<string, byte[]>?> KnownAsync()
    {
        if (_known is not null) return _known;
        var known = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (long? after = 0; after is { } place;)
        {
            var page = await ReadAsync(place);
            if (page.Outcome is not WorkMemoryOutcome.Done) return null;
            foreach (var step in page.Steps) known.TryAdd(step.Name, step.Value);
            after = page.Next;
        }

        return _known = known;
    }

    private static IEnumerable<WorkStep> StepsOf(FlowPage page) =>
        page.Events.Where(told => told is { Kind: FlowEventKind.Step, Error: null, Value: not null }).Select(told => new WorkStep(told.Name, told.Value!));
}
