using OrleansJobs.Diagnostics;
using OrleansJobs.Errands;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>
/// Flows of a partition: what they have started, what has come for them, and when they run again. While a flow waits it is a row of its lane that is due at its
/// deadline, or never; what comes for it brings it forward.
/// </summary>
internal sealed class FlowBook
{
    /// <summary>Milliseconds until a flow asks again to start children where too much is on its way to other partitions; twice as long each time, up to <see cref="LongestBusyDelay"/>.</summary>
    private const long BusyDelay = 250;

    /// <inheritdoc cref="BusyDelay"/>
    private const long LongestBusyDelay = 8000;

    private readonly JobBook _jobs;
    private readonly PendingChanges _changes;
    private readonly LetterBook _letters;
    private readonly ErrandBook _errands;
    private readonly FlowLimits _limits;
    private readonly ChildBook _children;
    private readonly KnownFlows _known;
    private readonly int _partition;
    private readonly int _partitions;

    public FlowBook(int partition, JobBook jobs, LetterBook letters, ErrandBook errands, PendingChanges changes, JobGridOptions options)
    {
        (_partition, _jobs, _changes, _letters, _errands, _limits, _partitions) = (partition, jobs, changes, letters, errands, options.Flows, options.Partitions);
        _known = new KnownFlows(jobs);
        _children = new ChildBook(partition, jobs, letters, changes, this, options);
        jobs.Ended += OnEnded;
        jobs.Forgotten += OnForgotten;
        jobs.Retried += OnRetried;
    }

    public ChildBook Children => _children;

    /// <summary>Something has come for a flow that runs. Raised within the decision.</summary>
    public Action<LiveJob>? News { get; set; }

    /// <summary>The flow in memory; null where it is to be loaded first.</summary>
    public FlowEntry? Find(LiveJob job) => _known.Find(job);

    /// <summary>Brings a flow into memory, which keeps it together with its job.</summary>
    /// <param name="row">Null: nothing is stored of it.</param>
    public FlowEntry Load(LiveJob job, byte[]? row)
    {
        if (Find(job) is { } known) return known;
        var flow = new FlowEntry(job.Id, job.Spec!.Stamp, this, isStored: row is not null);
        if (row is not null) FlowRecord.DecodeInto(flow, row);
        _known.Add(flow);
        return flow;
    }

    /// <summary>What a handler wants to be remembered and started.</summary>
    /// <returns>What the flow fails with, where a bound would be passed: nothing has changed then.</returns>
    public JobError? Change(LiveJob job, FlowEntry flow, FlowChange change, long now)
    {
        if (RefusalOf(job, flow, change) is { } refusal) return refusal;
        using var together = _changes.Together();
        foreach (var step in change.Steps)
        {
            flow.Names++;
            Append(flow, new FlowEvent { Kind = FlowEventKind.Step, Name = step.Name, Value = step.Value, Error = step.Error }, now);
        }

        foreach (var (name, total) in change.Totals) flow.Groups[name] = GroupOf(flow, name) with { Total = total };
        if (change.Weight > 0) flow.PlannedWeight = change.Weight;
        Start(job, flow, change.Children, now);
        foreach (var name in change.Cancels)
        {
            if (!flow.Open.TryGetValue(name, out var id) && !flow.Failed.Remove(name, out id)) continue;
            flow.Dismissed.Add(name);
            _children.Dismiss(id, now);
        }

        _changes.Mark(flow.Changed());
        Begin(job);
        return null;
    }

    /// <summary>A flow has nothing to do for now, once what goes with its park is started.</summary>
    /// <param name="due">When it runs again, unless something comes before.</param>
    /// <returns>What it fails with, where a bound would be passed: nothing has changed then.</returns>
    public JobError? Park(LiveJob job, FlowPark park, long now, out long due)
    {
        var flow = Find(job) ?? throw new InvalidOperationException($"Flow '{job.Id}' is not in memory.");
        due = now;
        if (park.Change is { } change)
        {
            if (IsBusy(change))
            {
                // It runs again, and asks again. It waits for nothing that it waited for before.
                flow.Park = null;
                due += Math.Min(BusyDelay << Math.Min(flow.Refusals++, 16), LongestBusyDelay);
                return null;
            }

            flow.Refusals = 0;
            if (Change(job, flow, change, now) is { } refusal) return refusal;
            park = park with { Change = null };
        }

        if (park.OnlyAwaited && Unknown(flow, park) is { } name) return new(JobErrorCodes.Error, null, $"The job waits for a child '{name}' that was never started.");
        due = WaitFor(flow, park, now);
        return null;
    }

    /// <summary>Children would have to be started by letter, and too many letters wait.</summary>
    public bool IsBusy(FlowChange change) =>
        change.Children.Length > 0 && _letters.IsFull && Array.Exists(change.Children, child => JobIds.PartitionOf(child.Job.Id, _partitions) != _partition);

    private long WaitFor(FlowEntry flow, FlowPark park, long now)
    {
        flow.Park = park;
        _changes.Mark(flow.Changed());
        if (!Sabotage.IsOff(Safeguard.ParkCheck) && (HasCome(flow, park) || park.Groups.Any(wait => HasCome(flow, wait)))) return now;
        return Math.Clamp(park.Until ?? JobBook.Never, now, JobBook.Never);
    }

    private static bool HasCome(FlowEntry flow, FlowPark park) => park.OnlyAwaited
        ? (park.Signals.Length > 0 && flow.LastSignal > park.Seen) || Array.Exists(park.Children, name => !flow.Open.ContainsKey(name))
        : flow.LastArrival > park.Seen;

    /// <summary>A child that is waited for and was never started, as far as memory has seen all; null: there is none.</summary>
    private static string? Unknown(FlowEntry flow, FlowPark park) =>
        flow.Ended is { } ended ? Array.Find(park.Children, name => !flow.Open.ContainsKey(name) && !ended.Contains(name)) : null;

    /// <summary>How far a flow is that is parked: what it has started counts from then on.</summary>
    public Progress ProgressOf(LiveJob job, Progress said) => Find(job) is { } flow ? FlowWaits.ProgressOf(flow, said) : said;

    /// <summary>How far a flow is that has come to a good end: what it has not started it had no need of.</summary>
    public Progress ProgressAtEnd(LiveJob job, Progress said)
    {
        if (Find(job) is not { LastTotal: > 0 } flow || said.Message is not null || said.Total != flow.LastTotal) return said;
        var done = flow.WeightDone > 0 ? flow.WeightDone : said.Total;
        return said.Current == done && said.Total == done ? said : said with { Sequence = said.Sequence + 1, Current = done, Total = done };
    }

    /// <summary>What a parked flow says that it waits for.</summary>
    public WaitReason[] WaitsOf(LiveJob job) => Find(job) is { Park: { } park } flow ? [.. FlowWaits.Of(flow, park)] : [];

    /// <summary>
    /// A flow starts from the top with nothing remembered but signals that nobody has taken. Where one has come that its handler has not seen, it runs again
    /// instead, and finds all that it remembers: the next time it knows of this one.
    /// </summary>
    public void StartAnew(LiveJob job, byte[] args, FlowPark park, long now)
    {
        var flow = Find(job) ?? throw new InvalidOperationException($"Flow '{job.Id}' is not in memory.");
        if (flow.LastSignal > park.Seen) return;
        _errands.Add(ErrandKind.ForgetEvents, flow.OrderOf(flow.Run), now);
        if (flow.Partitions.Count > 0) Tell(ErrandKind.DeleteChildren, job, flow.Run, now);
        (flow.Run, flow.Args, flow.Names, flow.Bytes, flow.Park) = (flow.Run + 1, args, 0, 0, null);
        (flow.Weight, flow.WeightDone, flow.WeightFailed, flow.PlannedWeight, flow.LastArrival, flow.RetriedAt) = (0, 0, 0, 0, 0, 0);
        flow.Ended = new(StringComparer.Ordinal);
        flow.Open.Clear();
        flow.Failed.Clear();
        flow.Dismissed.Clear();
        flow.Groups.Clear();
        flow.Recall.Begin();
        foreach (var signal in park.Untaken) Append(flow, signal, now);
        (flow.Unread, flow.LastSignal) = (park.Untaken.Length, flow.Last);
        _changes.Mark(flow.Changed());
    }

    /// <summary>
    /// A child of a flow has ended. A success counts whenever it comes, also to a flow that has ended, which somebody may have run again. A failure counts for
    /// the round that it belongs to: of one that is over, whoever has the flow run again has the child run again too.
    /// </summary>
    public void Arrive(LiveJob job, FlowEntry flow, ChildEnd end, long now)
    {
        var (parent, hasFailed) = (end.Parent, end.State is not JobState.Success);
        if (job.Place == JobPlace.Gone || parent.Run != flow.Run) return;
        var isDismissed = parent.Index < 0 && flow.Dismissed.Contains(parent.Name);
        if (hasFailed && job.Place == JobPlace.Finished && !isDismissed) return;
        if (hasFailed && parent.Round < flow.Round && !isDismissed)
        {
            _children.Retry(end.Child, new ChildrenOrder(ErrandKind.RetryChildren, flow.Id, flow.Stamp, flow.Run, flow.Round));
            return;
        }

        if (parent.Index < 0)
        {
            // Its end has come before.
            if (!flow.Open.Remove(parent.Name)) return;
            flow.Ended?.Add(parent.Name);
            if (hasFailed && !isDismissed) flow.Failed[parent.Name] = end.Child;
            Append(flow, new FlowEvent
            {
                Kind = FlowEventKind.Child, Name = parent.Name, Value = end.Result, IsValueElsewhere = end.IsResultElsewhere, Error = end.Error, State = end.State, Job = end.Child,
            }, now);
            flow.LastArrival = flow.Last;
        }
        else if (flow.Groups.TryGetValue(parent.Name, out var group))
        {
            flow.Groups[parent.Name] = hasFailed ? group with { Failed = group.Failed + 1 } : group with { Succeeded = group.Succeeded + 1 };
            if (hasFailed && group.Failed < FlowGroup.MostTold)
            {
                Append(flow, new FlowEvent { Kind = FlowEventKind.GroupFailure, Name = parent.Name, Index = parent.Index, Error = end.Error, State = end.State, Job = end.Child }, now);
                flow.LastArrival = flow.Last;
            }
        }
        else return;

        flow.WeightDone += parent.Weight;
        if (hasFailed && !isDismissed) flow.WeightFailed += parent.Weight;
        _changes.Mark(flow.Changed());
        Tell(job, flow, IsAwaited(flow, parent, end.State), now);
    }

    /// <summary>Children of a group of a flow have succeeded.</summary>
    public void Arrive(LiveJob job, FlowEntry flow, GroupSuccess success, long now)
    {
        if (job.Place == JobPlace.Gone || success.Run != flow.Run || !flow.Groups.TryGetValue(success.Name, out var group)) return;
        flow.Groups[success.Name] = group with { Succeeded = group.Succeeded + success.Count };
        flow.WeightDone += success.Weight;
        _changes.Mark(flow.Changed());
        Tell(job, flow, flow.Park is { } park && Array.Exists(park.Groups, wait => wait.Name == success.Name && HasCome(flow, wait)), now);
    }

    /// <summary>Keeps a signal with its job.</summary>
    public SignalOutcome Signal(LiveJob job, FlowEntry flow, JobSignal signal, long now)
    {
        if (signal.Key is not null && flow.SignalKeys.Contains(signal.Key)) return SignalOutcome.Replayed;
        if (flow.Unread >= _limits.MaxSignals || flow.Bytes + signal.Body.Length > _limits.MaxBytes) return SignalOutcome.Full;
        using var together = _changes.Together();
        flow.Unread++;
        if (signal.Key is not null)
        {
            flow.SignalKeys.Add(signal.Key);
            if (flow.SignalKeys.Count > _limits.MaxSignals) flow.SignalKeys.RemoveAt(0);
        }

        Append(flow, new FlowEvent { Kind = FlowEventKind.Signal, Name = signal.Name, Value = signal.Body }, now);
        (flow.LastArrival, flow.LastSignal) = (flow.Last, flow.Last);
        _changes.Mark(flow.Changed());
        if (!job.Track.HasMemory) _jobs.Note(job, job.Track with { HasMemory = true });
        Tell(job, flow, flow.Park?.Signals.Contains(signal.Name) == true, now);
        return SignalOutcome.Accepted;
    }

    /// <summary>Why a signal was refused.</summary>
    public string WhyFull(LiveJob job, FlowEntry flow) => flow.Unread >= _limits.MaxSignals
        ? $"{flow.Unread} signals of job '{job.Id}' wait to be read, and no other is kept until an attempt has read them."
        : $"Job '{job.Id}' remembers {flow.Bytes} bytes, signals that it has taken among them, of at most {_limits.MaxBytes}: a flow that goes on for ever starts itself anew, any other job takes no more signals.";

    /// <summary>All that is remembered of a flow, for the worker that it is leased to, which then need not read it; null: too much, or not in memory.</summary>
    public FlowPage? RecallOf(LiveJob job)
    {
        if (!job.Track.IsFlow || Find(job) is not { } flow || flow.Recall.All is not { } events || !FlowRecall.Fits(flow)) return null;
        Read(flow);
        return new FlowPage
        {
            Run = flow.Run, Args = flow.Args, Groups = [.. flow.Groups.Values], Seen = flow.Last, Partitions = _partitions, Started = [.. flow.Open.Keys],
            Events = flow.RetriedAt == 0 ? [.. events] : [.. events.Where(told => !flow.HasOverruled(told))],
        };
    }

    /// <summary>An attempt has read all that has come.</summary>
    public void Read(FlowEntry flow)
    {
        if (flow.Unread == 0) return;
        flow.Unread = 0;
        // Stored, or the next activation would refuse signals for the sake of those that were read long ago.
        _changes.Mark(flow.Changed());
    }

    /// <summary>A flow that has been parked ends as failed.</summary>
    public void FailParked(LiveJob job, long token, JobError error, long now)
    {
        if (job is { Place: JobPlace.Waiting, Track: { IsFlow: true } track } && track.Token == token) _jobs.Finish(job, JobState.Failure, null, error, track, now);
    }

    /// <summary>Its changes are stored.</summary>
    public void Stored(FlowEntry flow, bool isGone) => _known.LetGo(flow, isGone);

    private void Start(LiveJob job, FlowEntry flow, ChildOrder[] orders, long now)
    {
        Dictionary<string, ChildPlaces>? places = null;
        ChildrenElsewhere? elsewhere = null;
        foreach (var order in orders)
        {
            if (!Start(job, flow, order, ref elsewhere, now) || order.Index < 0) continue;
            // Whoever reads the results of a group knows where its children are by their places in it, but not of keys.
            if (places?.TryGetValue(order.Name, out var group) is not true)
            {
                if (order.Job.Key is null) continue;
                (places ??= []).Add(order.Name, group = new(order.Index));
            }

            group.Set(order.Index, order.Job.Key is null ? null : JobIds.PartitionOf(order.Job.Id, _partitions));
        }

        if (elsewhere is not null) _children.Send(elsewhere);
        foreach (var (name, group) in places ?? []) Append(flow, new FlowEvent { Kind = FlowEventKind.Places, Name = name, Index = group.First, Value = group.ToArray() }, now);
    }

    /// <returns>False: it had been started before.</returns>
    private bool Start(LiveJob job, FlowEntry flow, ChildOrder order, ref ChildrenElsewhere? elsewhere, long now)
    {
        if (order.Index >= 0)
        {
            var group = GroupOf(flow, order.Name);
            // Children of a group are started in order: it has been.
            if (order.Index < group.Started) return false;
            flow.Groups[order.Name] = group with { Started = order.Index + 1 };
        }
        else if (flow.Ended?.Contains(order.Name) == true || !flow.Open.TryAdd(order.Name, order.Job.Id)) return false;
        else flow.Names++;

        flow.Children++;
        flow.Weight += order.Weight;
        var depth = (job.Spec!.Parent?.Depth ?? 0) + 1;
        var parent = new JobParent(job.Id, flow.Stamp, flow.Run, order.Name, order.Index, order.Weight, depth, flow.Round);
        // One that lives elsewhere may have been started by what memory has not seen.
        var mayExist = order.Job.MayExist || (order.Index < 0 && flow.Ended is null);
        flow.Partitions.Add(_children.Start(order.Job with { Parent = parent, MayExist = mayExist, Owner = job.Spec.Owner ?? order.Job.Owner }, ref elsewhere, now));
        return true;
    }

    private JobError? RefusalOf(LiveJob job, FlowEntry flow, FlowChange change)
    {
        var names = flow.Names + change.Steps.Length + change.Children.Count(child => child.Index < 0) + NewGroups(flow, change);
        var bytes = flow.Bytes + change.Steps.Sum(step => (long)(step.Value?.Length ?? 0));
        if (names > _limits.MaxNames) return new(JobErrorCodes.FlowTooLong, null, $"A run of a flow remembers at most {_limits.MaxNames} names. One that goes on for ever starts itself anew.");
        if (bytes > _limits.MaxBytes) return new(JobErrorCodes.FlowTooLong, null, $"A run of a flow remembers at most {_limits.MaxBytes} bytes. One that goes on for ever starts itself anew.");
        if (flow.Children + change.Children.Length > _limits.MaxChildren) return new(JobErrorCodes.TooManyChildren, null, $"A flow has at most {_limits.MaxChildren} children.");
        if (change.Children.Length > 0 && (job.Spec!.Parent?.Depth ?? 0) >= _limits.MaxDepth)
            return new(JobErrorCodes.TooDeep, null, $"Flows stand at most {_limits.MaxDepth} deep.");
        return null;
    }

    private static int NewGroups(FlowEntry flow, FlowChange change) => change.Totals.Length == 0 && !Array.Exists(change.Children, static child => child.Index >= 0)
        ? 0
        : change.Totals.Select(static total => total.Name).Concat(change.Children.Where(static child => child.Index >= 0).Select(static child => child.Name)).Distinct()
            .Count(name => !flow.Groups.ContainsKey(name));

    /// <summary>A group that is new is a name more to be remembered.</summary>
    private static FlowGroup GroupOf(FlowEntry flow, string name)
    {
        if (flow.Groups.GetValueOrDefault(name) is { } known) return known;
        flow.Names++;
        return new(name, -1, 0, 0, 0);
    }

    private void Begin(LiveJob job)
    {
        var track = job.Track;
        if (track is { HasMemory: true, IsFlow: true, Failures: 0, Crashes: 0 }) return;
        _jobs.Note(job, track.Overcome());
    }

    private void Append(FlowEntry flow, FlowEvent told, long now)
    {
        flow.Bytes += told.Value?.Length ?? 0;
        // A signal that an earlier run has left came when it came.
        told = told with { Sequence = ++flow.Last, At = told.At > 0 ? told.At : now };
        flow.Recall.Add(told);
        _changes.Mark(new EventEntry(flow, told));
    }

    /// <summary>Something has come: a parked flow that waits for it runs again, and a running one is told.</summary>
    private void Tell(LiveJob job, FlowEntry flow, bool isAwaited, long now)
    {
        if (job.Place == JobPlace.Leased) News?.Invoke(job);
        // One that waits for its next attempt waits for that alone.
        if (job.Place != JobPlace.Waiting || flow.Park is not { } park || job.Track is not { IsFlow: true, IsRetrying: false }) return;
        var progress = FlowWaits.ProgressOf(flow, job.Track.Progress);
        if (isAwaited)
        {
            flow.Park = null;
            _jobs.Rewait(job, now, job.Track.Waiting([], progress), now);
        }
        else _jobs.Rewait(job, null, job.Track.Waiting([.. FlowWaits.Of(flow, park)], progress), now);
    }

    private static bool IsAwaited(FlowEntry flow, JobParent parent, JobState state)
    {
        if (flow.Park is not { } park) return false;
        if (parent.Index < 0) return park.Children.Contains(parent.Name);
        return park.Groups.Any(wait => wait.Name == parent.Name && (HasCome(flow, wait) || (state is not JobState.Success && !wait.IgnoresFailures)));
    }

    private static bool HasCome(FlowEntry flow, FlowGroupWait wait) =>
        flow.Groups.TryGetValue(wait.Name, out var group) && group.Succeeded + group.Failed >= wait.Ended;

    private void OnEnded(LiveJob job, long now)
    {
        if (job.Spec!.Parent is not null && !job.Track.IsOrphan && job.Track.ToldRound != ChildBook.RoundOf(job)) _children.TellParent(job, now);
        if (job.Track.IsFlow && (Find(job) is not { } flow || flow.HasOpenChildren)) Tell(ErrandKind.CancelChildren, job, 0, now);
    }

    private void OnForgotten(LiveJob job, long now)
    {
        Tell(ErrandKind.DeleteChildren, job, ChildrenOrder.AllRuns, now);
        if (Find(job) is { } flow) _known.Forget(flow);
    }

    private void OnRetried(LiveJob job, long now)
    {
        // Its own flow, should it have one, has been told how it ended.
        if (job.Spec!.Parent is not null) _jobs.Note(job, job.Track with { ToldRound = ChildBook.RoundOf(job) });
        if (!job.Track.HasMemory) return;
        if (Find(job) is not { } flow) throw new InvalidOperationException($"Flow '{job.Id}' is not in memory.");
        (flow.Round, flow.RetriedAt) = (flow.Round + 1, flow.Last);
        flow.Ended?.ExceptWith(flow.Failed.Keys);
        foreach (var (name, id) in flow.Failed) flow.Open[name] = id;
        flow.Failed.Clear();
        foreach (var group in flow.Groups.Values.Where(group => group.Failed > 0).ToList()) flow.Groups[group.Name] = group with { Failed = 0, RetriedAt = flow.Last };
        (flow.WeightDone, flow.WeightFailed, flow.Park) = (flow.WeightDone - flow.WeightFailed, 0, null);
        _changes.Mark(flow.Changed());
        if (flow.Partitions.Count > 0) Tell(ErrandKind.RetryChildren, job, 0, now);
    }

    /// <summary>The partitions that have children of a flow are to be told what becomes of those.</summary>
    /// <param name="through">Of which runs they are to be forgotten; of no account where they are to be cancelled or run again.</param>
    private void Tell(ErrandKind what, LiveJob job, int through, long now) =>
        _errands.Add(ErrandKind.TellChildren, new ChildrenOrder(what, job.Id, job.Spec!.Stamp, through).ToString(), now);
}
