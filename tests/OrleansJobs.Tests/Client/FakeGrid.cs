using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Concurrency;

namespace OrleansJobs.Tests.Client;

/// <summary>A grid whose answers the test decides, and which remembers what it was asked.</summary>
internal sealed class FakeGrid : IJobGridGrain
{
    private readonly ConcurrentDictionary<long, FakePartition> _partitions = [];

    public FakeGrid(int partitions = 1, JobLimits? limits = null)
    {
        Info = new GridInfo(partitions, limits ?? new());
        Factory = DispatchProxy.Create<IGrainFactory, GrainFactory>();
        ((GrainFactory)Factory).Grid = this;
    }

    public GridInfo Info { get; }
    public IGrainFactory Factory { get; }
    public FakeJob Job { get; } = new();
    public IPartitionSchedules? Schedules { get; init; }
    public JobTypeInfo[] Types { get; set; } = [];
    public int TypeReads { get; private set; }

    /// <summary>While set, types are told only once it completes.</summary>
    public Task TypesGate { get; set; } = Task.CompletedTask;

    /// <summary>Before a client has met a silo, it has no grains to give.</summary>
    public bool IsMet { get; set; } = true;

    /// <summary>Calls of any grain fail by this while it is set.</summary>
    public Func<Exception>? Trouble { get; set; }

    /// <summary>What becomes of a job; accepted where nothing is said.</summary>
    public Func<JobSubmission, SubmitOutcome> Decide { get; set; } = _ => SubmitOutcome.Accepted;

    /// <summary>While set, submits are answered only once it completes.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>One entry for each call that brought jobs, in the order of arrival.</summary>
    public ConcurrentQueue<SubmitCall> Calls { get; } = [];
    public IEnumerable<JobSubmission> Submitted => Calls.SelectMany(call => call.Jobs);

    public FakePartition Partition(long number = 0) => _partitions.GetOrAdd(number, _ => new FakePartition(this, number));

    public Task<GridInfo> GetInfo() => Answer(Info);

    public async Task<Immutable<JobTypeInfo[]>> GetJobTypes()
    {
        TypeReads++;
        await TypesGate;
        return await Answer(Types.AsImmutable());
    }

    public Task<JobPage> List(JobQuery query) => Answer(new JobPage([], query.Cursor));

    public Task<GridStats> GetStats() => throw new NotSupportedException();
    public Task<Immutable<JobHistory>> GetHistory(HistoryQuery query) => throw new NotSupportedException();
    public Task<Immutable<QueueInfo[]>> GetQueues() => throw new NotSupportedException();
    public Task<QueueInfo> Pause(string queue, ChangeOrder order) => throw new NotSupportedException();
    public Task<QueueInfo> Resume(string queue) => throw new NotSupportedException();
    public Task<string?> GetTrouble() => throw new NotSupportedException();

    public Task<T> Answer<T>(T answer) => Trouble is { } trouble ? Task.FromException<T>(trouble()) : Task.FromResult(answer);

    public sealed record SubmitCall(long Partition, JobSubmission[] Jobs, bool Bulk);

    /// <summary>Stands in for the many members that a client never calls, too.</summary>
    public class GrainFactory : DispatchProxy
    {
        internal FakeGrid Grid { get; set; } = null!;

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => !Grid.IsMet ? throw new ArgumentException("Could not find an implementation for the interface.") : method?.Name == nameof(IGrainFactory.GetGrain)
            ? method.GetGenericArguments().FirstOrDefault() switch
            {
                { } type when type == typeof(IJobGridGrain) => Grid,
                { } type when type == typeof(IJobPartitionGrain) => Grid.Partition((long)arguments![0]!),
                { } type when type == typeof(IJobGrain) => Grid.Job,
                { } type when type == typeof(IPartitionSchedules) && Grid.Schedules is { } schedules => schedules,
                var type => throw new NotSupportedException($"A grain of {type}."),
            }
            : throw new NotSupportedException(method?.Name);
    }
}

internal sealed class FakePartition(FakeGrid grid, long number) : IJobPartitionGrain
{
    private int _running;

    /// <summary>The most calls that were under way at a time.</summary>
    public int MostCalls { get; private set; }
    public Func<string, long, Task<JobStatus?>> OnWait { get; set; } = (_, _) => Task.FromResult<JobStatus?>(null);
    /// <summary>Who last asked for a change, and why.</summary>
    public ChangeOrder? LastOrder { get; private set; }
    public DateTimeOffset? LastDue { get; private set; }
    public Func<Task<JobChange>> OnChange { get; set; } = () => Task.FromResult(new JobChange(JobChangeOutcome.Done, null));

    public async Task<SubmitReceipt> Submit(JobSubmission submission) => (await AnswerAsync([submission], bulk: false))[0];

    public Task<SubmitReceipt[]> SubmitMany(Immutable<JobSubmission[]> submissions) => AnswerAsync(submissions.Value, bulk: true);

    public Task<JobStatus?> Wait(string id, long version, TimeSpan atMost) => OnWait(id, version);

    public Task<JobChange> Retry(string id, ChangeOrder order)
    {
        LastOrder = order;
        return OnChange();
    }

    public Task<JobChange> Move(string id, DateTimeOffset? due, ChangeOrder order)
    {
        (LastDue, LastOrder) = (due, order);
        return OnChange();
    }

    public Task<JobChange> Delete(string id) => OnChange();

    public JobSignal? LastSignal { get; private set; }
    public Func<Task<SignalReceipt>> OnSignal { get; set; } = () => Task.FromResult(new SignalReceipt(SignalOutcome.Accepted));

    public Task<SignalReceipt> Signal(string id, JobSignal signal)
    {
        LastSignal = signal;
        return OnSignal();
    }

    public Task<FlowGroupCount[]?> GetFlowGroups(string id) => throw new NotSupportedException();

    public Task<FlowPast?> GetFlowPast(string id) => throw new NotSupportedException();
    public Task<JobStatus?[]> GetListed(string[] ids) => throw new NotSupportedException();
    public Task<JobStatus?> Get(string id) => throw new NotSupportedException();
    public Task<JobChange> Cancel(string id, ChangeOrder order) => throw new NotSupportedException();

    public Task<byte[]?> GetArgs(string id) => throw new NotSupportedException();

    public Task<JobChange> Prioritise(string id, int priority, ChangeOrder order) => throw new NotSupportedException();

    public Task<JobChange> Transfer(string id, string queue, ChangeOrder order) => throw new NotSupportedException();

    public Task<JobSubmission?> GetSubmission(string id) => throw new NotSupportedException();
    public Task<GridStats> GetStats() => throw new NotSupportedException();

    private async Task<SubmitReceipt[]> AnswerAsync(JobSubmission[] jobs, bool bulk)
    {
        grid.Calls.Enqueue(new(number, jobs, bulk));
        MostCalls = Math.Max(MostCalls, Interlocked.Increment(ref _running));
        try
        {
            await grid.Gate;
            if (grid.Trouble is { } trouble) throw trouble();
            return [.. jobs.Select(job => new SubmitReceipt { Id = job.Id, Outcome = grid.Decide(job), RetryAfter = TimeSpan.FromSeconds(7), Reason = "said so" })];
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}

internal sealed class FakeJob : IJobGrain
{
    public Func<Task<JobStatus?>> OnStatus { get; set; } = () => Task.FromResult<JobStatus?>(null);
    public Func<long, IAsyncEnumerable<JobStatus>> OnWatch { get; set; } = _ => throw new NotSupportedException();
    /// <summary>Who last asked for a change, and why.</summary>
    public ChangeOrder? LastOrder { get; private set; }
    public Func<Task<JobChange>> OnCancel { get; set; } = () => throw new NotSupportedException();

    public Task<JobStatus?> GetStatus() => OnStatus();
    public IAsyncEnumerable<JobStatus> Watch(long afterVersion, CancellationToken cancellation = default) => OnWatch(afterVersion);
    public Task<JobChange> Cancel(ChangeOrder order)
    {
        LastOrder = order;
        return OnCancel();
    }
}
