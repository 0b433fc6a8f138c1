using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>
/// What a job remembers, as the session asks its partition for it: steps, children, signals. A name that is remembered keeps what it has: whatever is sent again
/// changes nothing.
/// </summary>
internal sealed class LeaseMemory(Lease lease, SessionServices services)
{
    /// <summary>Results that were too large to be remembered are read from their jobs: as many of them as fit, and one at least.</summary>
    private const int MostBytesOfResults = 4 << 20;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly LeaseName _name = new(lease.Id, lease.Token);

    /// <summary>Null: to be read first.</summary>
    private Dictionary<string, byte[]>? _known = lease.HasMemory ? null : new(StringComparer.Ordinal);

    /// <summary>Children that have been started, with the ids of those that have ended; null: to be read first.</summary>
    private Dictionary<string, string?>? _children = lease.HasMemory ? null : new(StringComparer.Ordinal);

    /// <summary>The run of the job that its children belong to.</summary>
    private int _run = 1;

    /// <summary>Something of this attempt was stored that stays: its job has overcome what went wrong before.</summary>
    public bool HasStored { get; private set; }

    private IPartitionFlows Partition => services.Grid.Flows(lease.Partition);

    public async Task<WorkMemory> ReadAsync(long after)
    {
        var page = await Partition.ReadFlow(_name, after);
        if (page.IsStale) return Stale;
        _run = page.Run;
        var (children, cutAt) = await ChildrenOfAsync(page);
        // What stands behind a result that did not fit comes with the next page.
        var events = cutAt is { } cut ? page.Events.Where(told => told.Sequence < cut).ToArray() : page.Events;
        var isCut = cutAt is not null;
        return new(WorkMemoryOutcome.Done)
        {
            Steps = [.. StepsOf(events)],
            Children = children,
            Signals = [.. events.Where(static told => told.Kind is FlowEventKind.Signal).Select(static told => new WorkSignal(told.Name, told.Value ?? "null"u8.ToArray()))],
            Started = isCut || page.HasMore ? [] : page.Started,
            Next = isCut ? cutAt - 1 : page.HasMore ? page.Seen : null,
            Seen = isCut ? cutAt!.Value - 1 : page.Seen,
        };
    }

    /// <summary>Durable when it is answered, with what is remembered by this name.</summary>
    public Task<WorkMemory> RememberAsync(WorkStep step) => InTurnAsync(async () =>
    {
        if (await KnownAsync() is not { } known) return Stale;
        if (known.TryGetValue(step.Name, out var before)) return new(WorkMemoryOutcome.Done) { Steps = [step with { Value = before }] };
        // Whether it is stored is not known before the answer: without one, it is looked for.
        _known = null;
        if (await ChangeAsync(new FlowChange { Steps = [new FlowStep(step.Name, step.Value, null)] }) is { } refusal) return refusal;
        _known = known;
        known.Add(step.Name, step.Value);
        return new(WorkMemoryOutcome.Done) { Steps = [step] };
    });

    /// <summary>Durable when it is answered, with the ids of the children.</summary>
    public Task<WorkMemory> StartAsync(WorkChild[] children) => InTurnAsync(async () =>
    {
        if (await KnownAsync() is null || _children is not { } known) return Stale;
        ChildOrder[] orders = [.. children.Select(OrderOf)];
        // Those that were started before are not news: they change nothing, not even what counts as overcome.
        ChildOrder[] fresh = [.. orders.Where(order => !known.ContainsKey(order.Name))];
        if (fresh.Length > 0)
        {
            // Whether they are started is not known before the answer: without one, that is looked for.
            _children = null;
            if (await ChangeAsync(new FlowChange { Children = fresh }) is { } refusal) return refusal;
            _children = known;
            foreach (var order in fresh) known.TryAdd(order.Name, null);
        }

        return new(WorkMemoryOutcome.Done) { Ids = [.. orders.Select(order => known[order.Name] ?? order.Job.Id)] };
    });

    private static WorkMemory Stale { get; } = new(WorkMemoryOutcome.Stale);

    private async Task<WorkMemory> InTurnAsync(Func<Task<WorkMemory>> work)
    {
        await _turn.WaitAsync();
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <returns>Null: it is stored.</returns>
    private async Task<WorkMemory?> ChangeAsync(FlowChange change)
    {
        var answer = await Partition.ChangeFlow(_name, change);
        switch (answer.Kind)
        {
            case FlowAnswerKind.Stored:
                HasStored = true;
                return null;
            case FlowAnswerKind.Stale:
                return Stale;
            case FlowAnswerKind.Busy:
                throw new TimeoutException("Too many letters wait to be carried to other partitions.");
            default:
                return new(WorkMemoryOutcome.Full) { Reason = answer.Error?.Message };
        }
    }

    /// <summary>It may have been started by a call whose answer was lost: where it lives is looked whether it is there.</summary>
    private ChildOrder OrderOf(WorkChild child)
    {
        var id = FlowIds.Child(lease.Id, lease.SubmittedAt.ToUnixTimeMilliseconds(), _run, child.Name, -1, false, services.Options.Partitions);
        if (child.Job.Key is { } key) id = FlowIds.In(id, JobKeys.PartitionOf(key, services.Options.Partitions), services.Options.Partitions);
        var job = child.Job with { Id = id, MayExist = true, TraceParent = lease.TraceParent ?? child.Job.TraceParent };
        // What a job must have done by then, its children must have.
        if (lease.Deadline is { } deadline && !(job.DeadlineAt <= deadline)) job = job with { DeadlineAt = deadline };
        return new ChildOrder { Job = job, Name = child.Name, Weight = child.Weight };
    }

    /// <returns>Where the first stands that did not fit; null: none.</returns>
    private async Task<(WorkChildEnd[] Children, long? CutAt)> ChildrenOfAsync(FlowPage page)
    {
        var ended = new List<WorkChildEnd>();
        long bytes = 0;
        foreach (var told in page.Events)
        {
            if (told.Kind is not FlowEventKind.Child) continue;
            var end = new WorkChildEnd { Name = told.Name, Id = told.Job ?? "", State = told.State, Result = told.Value, Error = told.Error };
            if (told.IsValueElsewhere)
            {
                if (bytes >= MostBytesOfResults) return ([.. ended], told.Sequence);
                end = await services.Results.GetAsync(end.Id, services.Options.Partitions) is { } status
                    ? end with { State = status.State, Result = status.Result, Error = status.Error }
                    : end with { State = JobState.Failure, Result = null, Error = new JobError(JobErrorCodes.DependencyFailed, null, "It is not kept any more.") };
                bytes += end.Result?.Length ?? 0;
            }

            ended.Add(end);
        }

        return ([.. ended], null);
    }

    private async Task<Dictionary<string, byte[]>?> KnownAsync()
    {
        if (_known is not null && _children is not null) return _known;
        var known = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var children = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (long? after = 0; after is { } place;)
        {
            var page = await Partition.ReadFlow(_name, place);
            if (page.IsStale) return null;
            _run = page.Run;
            foreach (var step in StepsOf(page.Events)) known.TryAdd(step.Name, step.Value);
            foreach (var told in page.Events.Where(static told => told.Kind is FlowEventKind.Child)) children[told.Name] = told.Job;
            if (!page.HasMore) foreach (var name in page.Started) children.TryAdd(name, null);
            after = page.HasMore ? page.Seen : null;
        }

        _children = children;
        return _known = known;
    }

    private static IEnumerable<WorkStep> StepsOf(FlowEvent[] events) =>
        events.Where(static told => told is { Kind: FlowEventKind.Step, Error: null, Value: not null }).Select(static told => new WorkStep(told.Name, told.Value!));
}
