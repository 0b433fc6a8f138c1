using System.Globalization;
using System.Text;
using Orleans.Concurrency;
using OrleansJobs.Flows;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>
/// One flow's partition and the jobs it starts, in memory, as the protocol says: what is remembered in order, children that end when the test says, and calls
/// that fail before or after they have taken effect.
/// </summary>
internal sealed class FlowWorld(int seed, FlowTime time) : IPartitionFlows, IJobPartitionGrain
{
    public const int Partitions = 4;
    private const int PerPage = 7;

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly List<FlowEvent> _events = [];
    private readonly Dictionary<string, FlowGroup> _groups = [];
    private readonly Dictionary<string, Child> _children = [];
    private readonly HashSet<string> _steps = [];
    private readonly List<string> _cancelled = [];
    private long _token;
    private long _retriedAt;
    private int _faults;

    /// <summary>Out of a hundred calls, how many end the attempt, and how many are lost before or after they took effect.</summary>
    public int CrashShare { get; init; }
    public int LossShare { get; init; }

    /// <summary>Whether workers are told the place of what they have stored, and which children run.</summary>
    public bool IsTerse { get; init; }

    /// <summary>Out of a hundred results of children, how many are too large to be carried.</summary>
    public int ElsewhereShare { get; init; } = 25;

    /// <summary>Children cannot be read while this says so.</summary>
    public Func<bool> AreAway { get; set; } = static () => false;

    /// <summary>How a child ends: its result, or what it fails with.</summary>
    public Func<JobSubmission, (byte[]? Result, string? Error)> Ends { get; init; } = static child => (child.Args, null);

    public int Run { get; private set; } = 1;
    public byte[]? Args { get; private set; }

    /// <summary>The running attempt, which is told news.</summary>
    public RunningJob? Attempt { get; set; }
    public JobError? FailedParked { get; private set; }
    public int Changes { get; private set; }
    public int Reads { get; private set; }

    /// <summary>Calls that asked for children.</summary>
    public int ChildReads { get; private set; }
    public int Orders { get; private set; }

    /// <summary>Called with every change that is taken.</summary>
    public Action<FlowChange> Changed { get; set; } = _ => { };

    public Func<FlowChange, FlowAnswer?> Answer { get; set; } = _ => null;

    public IReadOnlyList<string> Cancelled
    {
        get { lock (_gate) return [.. _cancelled]; }
    }

    public IReadOnlyList<FlowEvent> Events
    {
        get { lock (_gate) return [.. _events]; }
    }

    public IReadOnlyList<Child> Children
    {
        get { lock (_gate) return [.. _children.Values]; }
    }

    public long Last
    {
        get { lock (_gate) return _events.Count; }
    }

    /// <summary>Whether anything is remembered.</summary>
    public bool HasMemory
    {
        get { lock (_gate) return Run > 1 || _events.Count + _children.Count + _groups.Count > 0; }
    }

    /// <summary>What a lease says of it: all that is remembered, or nothing, by chance.</summary>
    public FlowPage? Recall()
    {
        lock (_gate) return IsTerse || _random.Next(2) == 0 ? null : Page(0, int.MaxValue);
    }

    /// <summary>Gives the flow out; whoever had it before does not hold it any more.</summary>
    public long Lease()
    {
        lock (_gate) return ++_token;
    }

    public void StartAnew(byte[] args)
    {
        lock (_gate)
        {
            (Args, Run) = (args, Run + 1);
            _events.Clear();
            _groups.Clear();
            _steps.Clear();
            _children.Clear();
        }
    }

    /// <summary>Somebody has the flow, which has failed, run again: its failures are forgotten, and what had failed runs again.</summary>
    public void Retry()
    {
        lock (_gate)
        {
            _retriedAt = _events.Count;
            foreach (var child in _children.Values.Where(static child => child.Status.State == JobState.Failure)) child.Status = child.Status with { State = JobState.Pending };
            foreach (var group in _groups.Values.Where(static group => group.Failed > 0).ToList()) _groups[group.Name] = group with { Failed = 0, RetriedAt = _retriedAt };
        }
    }

    public void Signal(string name, string body)
    {
        lock (_gate) Append(new FlowEvent { Kind = FlowEventKind.Signal, Name = name, Value = Encoding.UTF8.GetBytes(body) });
        Attempt?.TellNews();
    }

    /// <summary>Ends one of the children that run, by chance, or the named one.</summary>
    /// <returns>False: none runs.</returns>
    public bool EndChild(string? name = null, int index = -1)
    {
        lock (_gate)
        {
            var running = _children.Values.Where(child => !child.Status.IsFinished && (name is null || (child.Name == name && child.Index == index))).ToArray();
            if (running.Length == 0) return false;
            End(running[_random.Next(running.Length)]);
        }

        Attempt?.TellNews();
        return true;
    }

    /// <summary>Whether a flow that is parked so runs again.</summary>
    public bool IsAwake(FlowPark park)
    {
        lock (_gate)
        {
            return park.Until <= time.GetUtcNow().ToUnixTimeMilliseconds()
                || _events.Skip((int)park.Seen).Any(told => told.Kind switch
                {
                    FlowEventKind.Child => park.Children.Contains(told.Name),
                    FlowEventKind.Signal => park.Signals.Contains(told.Name),
                    FlowEventKind.GroupFailure => park.Groups.Any(wait => wait.Name == told.Name && !wait.IgnoresFailures),
                    _ => false,
                })
                || park.Groups.Any(wait => _groups.TryGetValue(wait.Name, out var group) && group.Succeeded + group.Failed >= wait.Ended);
        }
    }

    public async Task<FlowPage> ReadFlow(LeaseName lease, long after)
    {
        await Task.Yield();
        lock (_gate)
        {
            Reads++;
            Fail(lease, isBefore: true);
            if (lease.Token != _token) return new FlowPage { IsStale = true };
            return Page(after, PerPage);
        }
    }

    public async Task<JobStatus?[]> ReadChildren(string[] ids, int bytes)
    {
        await Task.Yield();
        // Not always do all of them fit.
        lock (_gate) return AskForChildren() ?? [.. ids.Take(_random.Next(4) == 0 ? 1 + _random.Next(ids.Length) : ids.Length).Select(id => _children.GetValueOrDefault(id)?.Status)];
    }

    public async Task<FlowAnswer> ChangeFlow(LeaseName lease, FlowChange change)
    {
        await Task.Yield();
        lock (_gate)
        {
            Fail(lease, isBefore: true);
            if (lease.Token != _token) return new FlowAnswer(FlowAnswerKind.Stale);
            if (Answer(change) is { } answer) return answer;
            Apply(change);
            Fail(lease, isBefore: false);
            return lease.Token != _token ? new FlowAnswer(FlowAnswerKind.Stale) : new FlowAnswer(FlowAnswerKind.Stored, null, IsTerse ? 0 : _events.Count);
        }
    }

    /// <summary>Takes the report of an attempt that parks, with what is to be started before.</summary>
    /// <returns>False: it got lost with its silo, and nothing was stored.</returns>
    public bool Park(FlowPark park)
    {
        lock (_gate)
        {
            if (park.Change is not { } change) return true;
            if (_faults <= 60 && _random.Next(200) < CrashShare)
            {
                _faults++;
                return false;
            }

            Assert.Empty(change.Steps);
            Apply(change);
            return true;
        }
    }

    public Task FailParked(LeaseName lease, JobError error)
    {
        lock (_gate)
        {
            if (lease.Token == _token) FailedParked = error;
        }

        ParkFailed.TrySetResult();
        return Task.CompletedTask;
    }

    public TaskCompletionSource ParkFailed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<JobStatus?> Get(string id)
    {
        await Task.Yield();
        lock (_gate)
        {
            AskForChildren();
            return _children.GetValueOrDefault(id)?.Status;
        }
    }

    Task<SubmitReceipt> IJobPartitionGrain.Submit(JobSubmission submission) => throw new NotSupportedException();
    Task<SubmitReceipt[]> IJobPartitionGrain.SubmitMany(Immutable<JobSubmission[]> submissions) => throw new NotSupportedException();
    Task<JobStatus?> IJobPartitionGrain.Wait(string id, long version, TimeSpan atMost) => throw new NotSupportedException();
    Task<JobChange> IJobPartitionGrain.Cancel(string id, ChangeOrder order) => throw new NotSupportedException();
    Task<JobChange> IJobPartitionGrain.Retry(string id, ChangeOrder order) => throw new NotSupportedException();
    Task<JobChange> IJobPartitionGrain.Prioritise(string id, int priority, ChangeOrder order) => throw new NotSupportedException();

    Task<JobChange> IJobPartitionGrain.Transfer(string id, string queue, ChangeOrder order) => throw new NotSupportedException();
    Task<JobChange> IJobPartitionGrain.Move(string id, DateTimeOffset? due, ChangeOrder order) => throw new NotSupportedException();
    Task<JobChange> IJobPartitionGrain.Delete(string id) => throw new NotSupportedException();
    Task<SignalReceipt> IJobPartitionGrain.Signal(string id, JobSignal signal) => throw new NotSupportedException();
    Task<byte[]?> IJobPartitionGrain.GetArgs(string id) => throw new NotSupportedException();
    Task<JobSubmission?> IJobPartitionGrain.GetSubmission(string id) => throw new NotSupportedException();
    Task<FlowGroupCount[]?> IJobPartitionGrain.GetFlowGroups(string id) => throw new NotSupportedException();

    Task<FlowPast?> IJobPartitionGrain.GetFlowPast(string id) => throw new NotSupportedException();
    Task<JobStatus?[]> IJobPartitionGrain.GetListed(string[] ids) => throw new NotSupportedException();
    Task<GridStats> IJobPartitionGrain.GetStats() => throw new NotSupportedException();

    /// <returns>Null: the children are there.</returns>
    private JobStatus?[]? AskForChildren()
    {
        ChildReads++;
        return AreAway() ? throw new OrleansException("The store is away.") : null;
    }

    private bool IsOverruled(FlowEvent told) => told.Sequence <= _retriedAt && told.Kind switch
    {
        FlowEventKind.GroupFailure => true,
        FlowEventKind.Child => told.State is not JobState.Success,
        FlowEventKind.Step => told.Error is not null || FlowNames.GroupOf(told.Name) is not null,
        _ => false,
    };

    private FlowPage Page(long after, int most)
    {
        var events = _events.Skip((int)after).Take(most).ToArray();
        return new FlowPage
        {
            Run = Run, Args = Args, Events = [.. events.Where(told => !IsOverruled(told))], HasMore = after + events.Length < _events.Count, Groups = [.. _groups.Values], Seen = after + events.Length,
            Partitions = Partitions,
            Started = IsTerse ? [] : [.. _children.Values.Where(child => child.Index < 0 && !child.Status.IsFinished).Select(child => child.Name)],
        };
    }

    private void Apply(FlowChange change)
    {
        Changes++;
        Assert.True(change.Children.Length <= FlowPending.MostChildren, "More children in one call than may be.");
        foreach (var step in change.Steps)
        {
            if (_steps.Add(step.Name)) Append(new FlowEvent { Kind = FlowEventKind.Step, Name = step.Name, Value = step.Value, Error = step.Error });
        }

        foreach (var (name, total) in change.Totals) _groups[name] = (_groups.GetValueOrDefault(name) ?? new FlowGroup(name, -1, 0, 0, 0)) with { Total = total };
        foreach (var order in change.Children) Start(order);
        _cancelled.AddRange(change.Cancels);
        Changed(change);
    }

    private void Start(ChildOrder order)
    {
        Orders++;
        Assert.Equal(JobLimits.DefaultQueue, order.Job.Queue);
        if (_children.TryGetValue(order.Job.Id, out var known))
        {
            Assert.Equal((order.Name, order.Index), (known.Name, known.Index));
            Assert.Equal(Encoding.UTF8.GetString(known.Job.Args), Encoding.UTF8.GetString(order.Job.Args));
            return;
        }

        Assert.DoesNotContain(_children.Values, child => child.Name == order.Name && child.Index == order.Index);
        if (order.Index >= 0)
        {
            var group = _groups.GetValueOrDefault(order.Name) ?? new FlowGroup(order.Name, -1, 0, 0, 0);
            Assert.Equal(group.Started, order.Index);
            _groups[order.Name] = group with { Started = order.Index + 1 };
        }

        _children.Add(order.Job.Id, new Child(order.Job, order.Name, order.Index));
    }

    private void End(Child child)
    {
        var (result, error) = Ends(child.Job);
        var failure = error is null ? null : new JobError(JobErrorCodes.Error, "Failure", error);
        var state = failure is null ? JobState.Success : JobState.Failure;
        child.Status = child.Status with { State = state, Result = result, Error = failure };
        if (child.Index < 0)
        {
            var elsewhere = failure is null && _random.Next(100) < ElsewhereShare;
            Append(new FlowEvent { Kind = FlowEventKind.Child, Name = child.Name, Job = child.Job.Id, State = state, Value = elsewhere ? null : result, Error = failure, IsValueElsewhere = elsewhere });
            return;
        }

        var group = _groups[child.Name];
        _groups[child.Name] = failure is null ? group with { Succeeded = group.Succeeded + 1 } : group with { Failed = group.Failed + 1 };
        if (failure is not null && group.Failed < FlowGroup.MostTold)
            Append(new FlowEvent { Kind = FlowEventKind.GroupFailure, Name = child.Name, Index = child.Index, Job = child.Job.Id, State = state, Error = failure });
    }

    private void Append(FlowEvent told) => _events.Add(told with { Sequence = _events.Count + 1 });

    private void Fail(LeaseName lease, bool isBefore)
    {
        if (lease.Token != _token) return;
        var chance = _random.Next(200);
        // Not for ever: what goes on failing shows nothing more.
        if (_faults > 60) return;
        if (chance < CrashShare)
        {
            _faults++;
            _token++;
        }
        else if (chance < CrashShare + LossShare)
        {
            _faults++;
            throw new OrleansException(string.Create(CultureInfo.InvariantCulture, $"Lost {(isBefore ? "on its way" : "on its way back")}."));
        }
    }

    internal sealed class Child(JobSubmission job, string name, int index)
    {
        public JobSubmission Job { get; } = job;
        public string Name { get; } = name;
        public int Index { get; } = index;
        public JobStatus Status { get; set; } = new() { Id = job.Id, Type = job.Type, Queue = job.Queue, State = JobState.Pending };
    }
}
