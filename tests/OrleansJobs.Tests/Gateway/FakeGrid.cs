using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansJobs.Tests.Gateway;

/// <summary>
/// A grid in a dictionary, for what the gateway does with what a grid answers: outcomes, moments and faults that a real grid would have to be
/// brought to. Jobs move only when a test moves them.
/// </summary>
internal sealed class FakeGrid : IGrainFactory
{
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new();
    private readonly DateTimeOffset _epoch = TimeProvider.System.GetUtcNow();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private long _submits;

    public JobLimits Limits { get; set; } = new();
    public List<JobTypeInfo> Types { get; } =
    [
        new() { Name = "longtask", ArgsSchema = """{"type":"object","properties":{"steps":{"type":"integer","minimum":1,"maximum":50},"stepMs":{"type":"integer"}}}""" },
        new() { Name = "anything", Queue = "side" },
        // Alternatives that both fit until the end, at each level.
        new() { Name = "tree", ArgsSchema = """{"anyOf":[{"properties":{"next":{"$ref":"#"}},"type":"object"},{"properties":{"next":{"$ref":"#"}},"type":["object","null"]}]}""" },
    ];

    /// <summary>Thrown by every call, where set.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Questions about jobs that <see cref="Fault"/> has met.</summary>
    public int Faulted;

    /// <summary>While it has not completed, watches see what happens and do not tell it.</summary>
    public Task WatchGate { get; set; } = Task.CompletedTask;

    /// <summary>What submits answer in place of storing the job, where set.</summary>
    public Func<JobSubmission, SubmitReceipt>? Refuse { get; set; }

    public JobSignal? LastSignal { get; private set; }

    /// <summary>What signals are answered, where set.</summary>
    public SignalReceipt? SignalAnswer { get; set; }

    /// <summary>What partitions answer who are asked for lines behind one, and how long they may wait; null: there are none.</summary>
    public Func<long?, TimeSpan, Task<JobLogPage?>>? Logs { get; set; }

    /// <summary>Those of every flow.</summary>
    public List<FlowGroupCount> Groups { get; } = [];

    public Dictionary<string, QueueInfo> Queues { get; } = new() { ["default"] = new() { Name = "default" } };
    public GridStats Stats { get; set; } = new();
    public Func<HistoryQuery, JobHistory> Histories { get; set; } = _ => new();
    public Func<JobQuery, JobPage>? Lists { get; set; }
    public string? Trouble { get; set; }
    public JobSubmission? LastSubmission { get; private set; }
    public int TypeReads { get; private set; }
    public int Watches;
    public int ListReads;

    /// <summary>What partition 0 tells of; the others have nothing to tell.</summary>
    public FakeChanges Changes { get; } = new();

    /// <summary>Calls that wait for the end of a job now.</summary>
    public int Waits;

    public FakeJob this[string id] => _jobs[id];

    public ICollection<FakeJob> Jobs => _jobs.Values;

    public void Forget(string id) => _jobs.TryRemove(id, out _);

    private readonly ConcurrentDictionary<string, ScheduleInfo> _schedules = new();

    public FakeJob Add(JobStatus status)
    {
        var job = new FakeJob(new() { Id = status.Id, Type = status.Type, Queue = status.Queue, Args = "{}"u8.ToArray() }, status);
        _jobs[status.Id] = job;
        Watch(job);
        return job;
    }

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey =>
        (TGrainInterface)(object)new JobFace(this, primaryKey);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey =>
        typeof(TGrainInterface) == typeof(IJobGridGrain) ? (TGrainInterface)(object)new GridFace(this)
        : typeof(TGrainInterface) == typeof(IStoreGrain) ? (TGrainInterface)(object)new StoreFace()
        : typeof(TGrainInterface) == typeof(IJobChangesGrain) ? (TGrainInterface)(object)new ChangesFace(this, primaryKey)
        : typeof(TGrainInterface) == typeof(IPartitionSchedules) ? (TGrainInterface)(object)new FakeSchedules(_schedules)
        : typeof(TGrainInterface) == typeof(IPartitionKeys) ? (TGrainInterface)(object)new FakeKeys()
        : typeof(TGrainInterface) == typeof(IPartitionTopics) ? (TGrainInterface)(object)new FakeTopics()
        : typeof(TGrainInterface) == typeof(IPartitionLogs) ? (TGrainInterface)(object)new FakeLogs(id => Find(id)?.Status, () => Logs)
        : typeof(TGrainInterface) == typeof(IPartitionReports) ? (TGrainInterface)(object)new FakeReports()
        : typeof(TGrainInterface) == typeof(IPartitionQueueLimits) ? (TGrainInterface)(object)new FakeQueueLimits()
        : (TGrainInterface)(object)new PartitionFace(this);

    private void Watch(FakeJob job)
    {
        job.Became = status => Changes.Add(new(status.Id, status with { Result = null }));
        job.Became(job.Status);
    }

    private FakeJob? Find(string id)
    {
        if (Fault is { } fault)
        {
            Interlocked.Increment(ref Faulted);
            throw fault;
        }

        return _jobs.GetValueOrDefault(id);
    }

    private SubmitReceipt Submit(JobSubmission submission)
    {
        if (Fault is not null) throw Fault;
        LastSubmission = submission;
        if (Refuse is not null) return Refuse(submission);
        var added = new FakeJob(submission, new()
        {
            Id = submission.Id,
            Type = submission.Type,
            Queue = submission.Queue,
            Priority = submission.Priority,
            Phase = JobPhase.Waiting,
            Version = 1,
            Tags = submission.Tags,
            // As far from each other as two jobs of one id always are.
            SubmittedAt = _epoch.AddMilliseconds(Interlocked.Increment(ref _submits)),
            DueAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(submission.Countdown ?? 0),
        });
        var job = _jobs.GetOrAdd(submission.Id, added);
        if (job == added) Watch(job);
        var outcome = job == added ? SubmitOutcome.Accepted
            : job.Submission.Fingerprint.AsSpan().SequenceEqual(submission.Fingerprint) ? SubmitOutcome.Replayed
            : SubmitOutcome.Conflict;
        return new() { Id = submission.Id, Outcome = outcome, Status = outcome == SubmitOutcome.Conflict ? null : job.Status };
    }

    /// <summary>A job and the signal of its next version.</summary>
    internal sealed class FakeJob(JobSubmission submission, JobStatus status)
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public JobSubmission Submission => submission;
        public JobStatus Status { get; private set; } = status;
        public Task Changed => _changed.Task;
        public Action<JobStatus>? Became { get; set; }

        public void Become(Func<JobStatus, JobStatus> change)
        {
            lock (this)
            {
                var before = Status.State;
                Status = change(Status) with { Version = Status.Version + 1 };
                var changed = _changed;
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                changed.SetResult();
                // Progress is no partition's to tell.
                if (Status.State != before) Became?.Invoke(Status);
            }
        }

        public void Report(long current, long total, string message = "") => Become(status =>
            status with { State = JobState.Progress, Phase = JobPhase.Running, Attempt = 1, Current = current, Total = total, Message = message });

        public void Succeed(string json) => Become(status => status with
        {
            State = JobState.Success, Phase = JobPhase.None, Result = System.Text.Encoding.UTF8.GetBytes(json), FinishedAt = TimeProvider.System.GetUtcNow(),
        });

        public void Fail(string code, string message) => Become(status => status with
        {
            State = JobState.Failure, Phase = JobPhase.None, Error = new(code, "TestException", message), FinishedAt = TimeProvider.System.GetUtcNow(),
        });

        public async Task<JobStatus> After(long version, CancellationToken cancellation = default)
        {
            while (true)
            {
                var changed = Changed;
                if (Status.Version > version || Status.IsFinished) return Status;
                await changed.WaitAsync(cancellation);
            }
        }
    }

    private sealed class JobFace(FakeGrid grid, string id) : IJobGrain
    {
        public Task<JobStatus?> GetStatus() => Task.FromResult(grid.Find(id)?.Status);

        public async IAsyncEnumerable<JobStatus> Watch(long afterVersion, [EnumeratorCancellation] CancellationToken cancellation = default)
        {
            Interlocked.Increment(ref grid.Watches);
            try
            {
                if (grid.Find(id) is not { } job) yield break;
                while (true)
                {
                    var status = await job.After(afterVersion, cancellation);
                    await grid.WatchGate.WaitAsync(cancellation);
                    afterVersion = status.Version;
                    yield return status;
                    if (status.IsFinished) yield break;
                }
            }
            finally
            {
                Interlocked.Decrement(ref grid.Watches);
            }
        }

        public Task<JobChange> Cancel(ChangeOrder order) => new PartitionFace(grid).Cancel(id, order);
    }

    private sealed class PartitionFace(FakeGrid grid) : IJobPartitionGrain
    {
        public Task<SubmitReceipt> Submit(JobSubmission submission) => Task.FromResult(grid.Submit(submission));

        public Task<SubmitReceipt[]> SubmitMany(Immutable<JobSubmission[]> submissions) => Task.FromResult(submissions.Value.Select(grid.Submit).ToArray());

        public Task<JobStatus?> Get(string id) => Task.FromResult(grid.Find(id)?.Status);

        public async Task<JobStatus?> Wait(string id, long version, TimeSpan atMost)
        {
            if (grid.Find(id) is not { } job) return null;
            Interlocked.Increment(ref grid.Waits);
            var changed = job.After(version);
            await Task.WhenAny(changed, Task.Delay(atMost, TimeProvider.System));
            Interlocked.Decrement(ref grid.Waits);
            return job.Status;
        }

        public Task<JobChange> Cancel(string id, ChangeOrder order) => Change(id, status => !status.IsFinished, status => status.State == JobState.Progress
            ? status with { Phase = JobPhase.Cancelling }
            : status with { State = JobState.Revoked, Phase = JobPhase.None, Message = order.Reason ?? "" });

        public Task<JobChange> Retry(string id, ChangeOrder order) => Change(id, status => status.State is JobState.Failure or JobState.Revoked,
            status => status with { State = JobState.Pending, Phase = JobPhase.Waiting, Error = null });

        public Task<JobChange> Prioritise(string id, int priority, ChangeOrder order) =>
            Change(id, status => status.State == JobState.Pending, status => status with { Priority = priority });

        public Task<JobChange> Transfer(string id, string queue, ChangeOrder order) =>
            Change(id, status => status.State == JobState.Pending, status => status with { Queue = queue });

        public Task<JobChange> Move(string id, DateTimeOffset? due, ChangeOrder order) =>
            Change(id, status => status.State == JobState.Pending, status => status with { DueAt = due ?? status.DueAt });

        public async Task<JobChange> Delete(string id)
        {
            var change = await Change(id, status => status.IsFinished, status => status);
            if (change.Outcome == JobChangeOutcome.Done) grid._jobs.TryRemove(id, out _);
            if (change.Outcome == JobChangeOutcome.Done) grid.Changes.Add(new(id, null));
            return change;
        }


        public Task<byte[]?> GetArgs(string id) => Task.FromResult(grid.Find(id)?.Submission.Args);

        public Task<JobSubmission?> GetSubmission(string id) => Task.FromResult(grid.Find(id)?.Submission);

        public Task<SignalReceipt> Signal(string id, JobSignal signal)
        {
            if (grid.Find(id) is not { } job) return Task.FromResult(new SignalReceipt(SignalOutcome.NotFound));
            grid.LastSignal = signal;
            return Task.FromResult(grid.SignalAnswer ?? new SignalReceipt(job.Status.IsFinished ? SignalOutcome.Ended : SignalOutcome.Accepted));
        }

        public Task<FlowGroupCount[]?> GetFlowGroups(string id) => Task.FromResult(grid.Find(id) is null ? null : grid.Groups.ToArray());

        public Task<FlowPast?> GetFlowPast(string id) => Task.FromResult(grid.Find(id) is null ? null : FlowPast.None);

        public Task<JobStatus?[]> GetListed(string[] ids) => Task.FromResult(Array.ConvertAll(ids, id => grid.Find(id)?.Status is { } status ? status with { Result = null } : null));

        public Task<GridStats> GetStats() => throw new NotSupportedException();

        private Task<JobChange> Change(string id, Func<JobStatus, bool> allowed, Func<JobStatus, JobStatus> change)
        {
            if (grid.Find(id) is not { } job) return Task.FromResult(new JobChange(JobChangeOutcome.NotFound, null));
            if (!allowed(job.Status)) return Task.FromResult(new JobChange(JobChangeOutcome.WrongState, job.Status));
            job.Become(change);
            return Task.FromResult(new JobChange(JobChangeOutcome.Done, job.Status));
        }
    }

    private sealed class ChangesFace(FakeGrid grid, long partition) : IJobChangesGrain
    {
        public Task<JobChanges> ReadChanges(ChangePlace after, TimeSpan atMost) =>
            grid.Fault is not null ? throw grid.Fault : grid.Changes.ReadAsync(after, isSilent: partition != 0, atMost);
    }

    private sealed class StoreFace : IStoreGrain
    {
        public Task<StoreInfo> GetInfo() => Task.FromResult(new StoreInfo("sqlite", "in a file"));

        public Task<StoreCopy> BackUp() => Task.FromResult(new StoreCopy("copy.db", 4096, null));
    }

    private sealed class GridFace(FakeGrid grid) : IJobGridGrain
    {
        public Task<GridInfo> GetInfo() => Answer(new GridInfo(4, grid.Limits) { IdSecret = grid._secret });

        public Task<Immutable<JobTypeInfo[]>> GetJobTypes()
        {
            grid.TypeReads++;
            return Answer(grid.Types.ToArray().AsImmutable());
        }

        public Task<JobPage> List(JobQuery query)
        {
            Interlocked.Increment(ref grid.ListReads);
            return Answer(grid.Lists?.Invoke(query) ?? Page(query));
        }

        private JobPage Page(JobQuery query) => new([.. grid.Jobs
            // Lists carry no results.
            .Select(job => job.Status with { Result = null })
            .Where(status => (query.State is null || query.State == status.State) && (query.Queue ?? status.Queue) == status.Queue
                && (query.Type ?? status.Type) == status.Type && (query.Parent is null || status.Parent == query.Parent)
                && (query.After is null || status.After.Any(leader => leader.Job == query.After)) && query.Tags.All(status.Tags.Contains))
            .OrderByDescending(status => status.SubmittedAt)
            .Take(query.Limit)], null);

        public Task<GridStats> GetStats() => Answer(grid.Stats);

        public Task<Immutable<JobHistory>> GetHistory(HistoryQuery query) => Answer(grid.Histories(query).AsImmutable());

        public Task<Immutable<QueueInfo[]>> GetQueues() => Answer(grid.Queues.Values.ToArray().AsImmutable());

        public Task<QueueInfo> Pause(string queue, ChangeOrder order) => Answer(grid.Queues[queue] = new() { Name = queue, Paused = true, Reason = order.Reason, By = order.By });

        public Task<QueueInfo> Resume(string queue) => Answer(grid.Queues[queue] = new() { Name = queue });

        public Task<string?> GetTrouble() => Answer(grid.Trouble);

        private Task<T> Answer<T>(T value) => grid.Fault is null ? Task.FromResult(value) : throw grid.Fault;
    }

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidKey => throw new NotSupportedException();
    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidCompoundKey => throw new NotSupportedException();
    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerCompoundKey => throw new NotSupportedException();
    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();
    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver => throw new NotSupportedException();
    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();
    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();
    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();
    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();
    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();
    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable => throw new NotSupportedException();
    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey) => throw new NotSupportedException();
    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();
    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();
    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();
}
