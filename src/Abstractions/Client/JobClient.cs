using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>The client over grain calls. One instance serves a process, from any thread.</summary>
public sealed class JobClient : IJobClient
{
    /// <summary>Jobs of one batch that go to the same partition.</summary>
    private const int PartitionShare = 100;

    private readonly GridConnection _grid;
    private readonly JobSubmitter _submitter;
    private readonly JobFollower _follower;
    private readonly KnownTypes _types;

    public JobClient(IGrainFactory grains, TimeProvider time, IMeterFactory? meters = null, JobClientOptions? options = null)
    {
        options ??= new();
        options.Validate();
        _grid = new GridConnection(grains, time, options);
        _submitter = new JobSubmitter(_grid, meters);
        _follower = new JobFollower(_grid);
        _types = new KnownTypes(_grid);
        Logs = new LogReader(_grid);
        Schedules = new ScheduleClient(this, _grid, _types);
        Keys = new KeyClient(_grid);
        Topics = new TopicClient(_grid, _types);
        QueueLimits = new QueueLimitClient(_grid);
    }

    internal LogReader Logs { get; }

    public IScheduleClient Schedules { get; }

    public IKeyClient Keys { get; }

    public ITopicClient Topics { get; }

    public IQueueLimitClient QueueLimits { get; }

    public async Task<JobHandle> SubmitAsync<TArgs>(string type, TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        var receipt = await SubmitOrThrowAsync(type, args, options, null, null, cancellation);
        return new JobHandle(this, receipt.Id, receipt);
    }

    public async Task<JobHandle<TResult>> SubmitAsync<TArgs, TResult>(
        JobType<TArgs, TResult> type, TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        var receipt = await SubmitOrThrowAsync(type.Name, args, options, type.Queue, null, cancellation);
        return new JobHandle<TResult>(this, receipt.Id, receipt);
    }

    public async Task<JobHandle<TResult>> SubmitAsync<TJob, TArgs, TResult>(TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
        where TJob : IJob<TArgs, TResult>
    {
        var job = Named<TJob>();
        var receipt = await SubmitOrThrowAsync(job.Name, args, options, null, TypeDefaults.Of(job), cancellation);
        return new JobHandle<TResult>(this, receipt.Id, receipt);
    }

    public async Task<JobHandle> SubmitAsync<TJob, TArgs>(TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
        where TJob : IJob<TArgs>
    {
        var job = Named<TJob>();
        var receipt = await SubmitOrThrowAsync(job.Name, args, options, null, TypeDefaults.Of(job), cancellation);
        return new JobHandle(this, receipt.Id, receipt);
    }

    public async Task<JobHandle<TResult>> SubmitFlowAsync<TResult>(FlowGraph flow, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        if (options.Unique is not null) throw new ArgumentException("A flow as a graph is not unique: submit it under an id.", nameof(options));
        if (options.Weight is not null && options.Key is null) throw new ArgumentException("It is the weight of a key, and there is none.", nameof(options));
        if (options.Queue is not null || options.Priority is not null)
            throw new ArgumentException("Where a flow itself runs is the grid's choice: give its jobs a queue and a priority.", nameof(options));
        var info = await _grid.AskAsync(() => _grid.GetInfoAsync(cancellation).AsTask(), cancellation);
        // A permit of its own would bound nothing, since it holds none while it waits for its jobs: it is they that have the key.
        flow = GraphKeys.With(flow, options.Key, options.Weight);
        options = options with { Key = null, Weight = null };
        if (GraphRules.Check(flow, info.Limits, _grid.Time.GetUtcNow()) is { Count: > 0 } problems) throw new JobRejectedException(problems);
        var id = options.Id is null ? JobIds.NewBesideOthers(info.Partitions, _grid.Time) : null;
        var job = SubmissionOf.Flow(flow, options, _grid.Time, id);
        var receipt = Accepted(await SubmitAsync(job, cancellation));
        return new JobHandle<TResult>(this, receipt.Id, receipt);
    }

    public Task<SubmitReceipt> SubmitAsync(JobSubmission job, CancellationToken cancellation = default) => _submitter.SubmitAsync(job, cancellation);

    public async Task<IReadOnlyList<SubmitReceipt>> SubmitManyAsync<TArgs>(
        string type, IEnumerable<TArgs> args, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        if (options.Id is not null) throw new ArgumentException("One id cannot name many jobs; submit one by one, or make submissions of your own.", nameof(options));
        var defaults = await _types.OfAsync(type, cancellation);
        var queue = options.Queue ?? defaults.Queue;
        var info = await _grid.AskAsync(() => _grid.GetInfoAsync(cancellation).AsTask(), cancellation);
        var partition = Random.Shared.Next(info.Partitions);
        return await SubmitManyAsync([.. args.Select((one, index) =>
        {
            // The ids are ours to make: jobs that come together go one way and into one write, not a few to everybody.
            if (index % PartitionShare == 0) partition = (partition + 1) % info.Partitions;
            var job = SubmissionOf.Arguments(type, one, options, queue, _grid.Time, JobIds.NewIn(partition, info.Partitions, _grid.Time), isOfMany: true);
            return JobKeys.Placed(defaults.Keyed(job, hasOwnId: false), info.Partitions, _grid.Time);
        })], cancellation);
    }

    public async Task<IReadOnlyList<SubmitReceipt>> SubmitManyAsync(IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation = default) =>
        await _submitter.SubmitManyAsync(jobs, cancellation);

    public JobHandle Get(string id) => new(this, Checked(id), null);

    public JobHandle<TResult> Get<TResult>(string id) => new(this, Checked(id), null);

    public async Task<JobHistory> GetHistoryAsync(HistoryQuery query, CancellationToken cancellation = default) =>
        (await _grid.AskAsync(() => _grid.Grid.GetHistory(query), cancellation)).Value;

    public Task<JobPage> ListAsync(JobQuery query, CancellationToken cancellation = default) =>
        _grid.AskAsync(() => _grid.Grid.List(query), cancellation);

    public async Task<JobHandle<JobActionResult>> ActAsync(JobActionOrder order, CancellationToken cancellation = default)
    {
        if (ActionArgs.Check(order) is { } problem) throw new JobRejectedException([problem]);
        var job = ActionArgs.Of(order, _grid.Options.Name, queues: null).Submission(JobIds.NewBesideOthers(_grid.Info?.Partitions, _grid.Time), []);
        var receipt = Accepted(await SubmitAsync(job, cancellation));
        return new JobHandle<JobActionResult>(this, receipt.Id, receipt);
    }

    internal Task<JobStatus> GetStatusAsync(string id, CancellationToken cancellation) => _follower.GetStatusAsync(id, cancellation);

    internal async Task<IReadOnlyList<TimelineEntry>> GetTimelineAsync(string id, CancellationToken cancellation)
    {
        var status = await GetStatusAsync(id, cancellation);
        // Nearly all jobs have nothing more to tell.
        return JobTimeline.Of(status, status.HasMemory ? await _grid.AskAsync(async () => await (await _grid.PartitionOfAsync(id, cancellation)).GetFlowPast(id), cancellation) : null);
    }

    internal IAsyncEnumerable<JobStatus> WatchAsync(string id, long afterVersion, CancellationToken cancellation) =>
        _follower.WatchAsync(id, afterVersion, cancellation);

    internal Task<JobStatus> WaitAsync(string id, CancellationToken cancellation) => _follower.WaitAsync(id, cancellation);

    internal Task<bool> CancelAsync(string id, string? reason, CancellationToken cancellation) =>
        ChangeAsync(id, () => _grid.Job(id).Cancel(Order(reason)), change => change.Status?.State == JobState.Revoked, cancellation);

    internal Task<bool> RetryAsync(string id, CancellationToken cancellation) =>
        ChangeAsync(id, async () => await (await _grid.PartitionOfAsync(id, cancellation)).Retry(id, Order(null)), change => change.Status is { IsFinished: false }, cancellation);

    internal Task<bool> MoveAsync(string id, DateTimeOffset? due, string? reason, CancellationToken cancellation) => ChangeAsync(
        id, async () => await (await _grid.PartitionOfAsync(id, cancellation)).Move(id, due, Order(reason)),
        // Run now, it may have begun by the time that it is asked again.
        change => due is null && change.Status is { Changes: [.., { What: "moved" }] }, cancellation);

    internal Task<bool> PrioritiseAsync(string id, int priority, string? reason, CancellationToken cancellation) =>
        priority is < 0 or > JobLimits.MaxPriority
            ? throw new ArgumentOutOfRangeException(nameof(priority), $"A priority is 0 to {JobLimits.MaxPriority}.")
            : ChangeAsync(id, async () => await (await _grid.PartitionOfAsync(id, cancellation)).Prioritise(id, priority, Order(reason)), change => change.Status?.Priority == priority, cancellation);

    internal Task<bool> TransferAsync(string id, string queue, string? reason, CancellationToken cancellation) =>
        !SubmissionRules.IsName(queue) || SubmissionRules.IsReserved(queue)
            ? throw new ArgumentException($"A queue is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -, and does not begin with '{JobIds.DerivedPrefix}'.", nameof(queue))
            : ChangeAsync(id, async () => await (await _grid.PartitionOfAsync(id, cancellation)).Transfer(id, queue, Order(reason)), change => change.Status?.Queue == queue, cancellation);

    internal Task<bool> DeleteAsync(string id, CancellationToken cancellation) =>
        ChangeAsync(id, async () => await (await _grid.PartitionOfAsync(id, cancellation)).Delete(id), change => change.Outcome == JobChangeOutcome.NotFound, cancellation);

    internal async Task<JobHandle> CopyAsync(string id, JobCopy changes, CancellationToken cancellation)
    {
        var info = await _grid.AskAsync(() => _grid.GetInfoAsync(cancellation).AsTask(), cancellation);
        var original = await _grid.AskAsync(() => _grid.Partition(JobIds.PartitionOf(id, info.Partitions)).GetSubmission(id), cancellation) ?? throw new JobNotFoundException(id);
        if (SubmissionRules.CheckOwnNames(original.Type, changes.Queue) is { } problem) throw new JobRejectedException([problem]);
        var receipt = Accepted(await SubmitAsync(changes.Of(id, original, await _types.OfAsync(original.Type, cancellation), info.Partitions, _grid.Time), cancellation));
        return new JobHandle(this, receipt.Id, receipt);
    }

    internal async Task<bool> SignalAsync<T>(string id, string name, T body, string? key, CancellationToken cancellation)
    {
        if (!SubmissionRules.IsSignalName(name))
            throw new ArgumentException($"A signal's name is 1 to {JobLimits.MaxSignalNameLength} characters, none of them a control character.", nameof(name));
        var signal = new JobSignal(name, JsonSerializer.SerializeToUtf8Bytes(body, JobJson.Options), key ?? JobIds.New(_grid.Time));
        var receipt = await _grid.AskAsync(async () =>
        {
            var receipt = await (await _grid.PartitionOfAsync(id, cancellation)).Signal(id, signal);
            return receipt.Outcome == SignalOutcome.Unavailable
                ? throw new GridUnavailableException("The store did not answer in time; the signal may or may not have been kept.")
                : receipt;
        }, cancellation);
        return receipt.Outcome switch
        {
            SignalOutcome.Accepted or SignalOutcome.Replayed => true,
            SignalOutcome.NotFound => throw new JobNotFoundException(id),
            SignalOutcome.Full => throw new GridOverloadedException(receipt.Reason ?? $"As many signals wait for job '{id}' as may.", TimeSpan.FromSeconds(1)),
            _ => false,
        };
    }

    private ChangeOrder Order(string? reason) => new(_grid.Options.Name, reason);

    /// <param name="doneBefore">Whether what a second try found is what the first one, whose answer was lost, may have done.</param>
    private async Task<bool> ChangeAsync(string id, Func<Task<JobChange>> change, Func<JobChange, bool> doneBefore, CancellationToken cancellation)
    {
        var tries = 0;
        var answer = await _grid.AskAsync(async () =>
        {
            tries++;
            var answer = await change();
            return answer.Outcome == JobChangeOutcome.Unavailable
                ? throw new GridUnavailableException("The store did not answer in time; what was asked may or may not have happened.")
                : answer;
        }, cancellation);
        if (answer.Outcome == JobChangeOutcome.Done || (tries > 1 && doneBefore(answer))) return true;
        return answer.Outcome == JobChangeOutcome.NotFound ? throw new JobNotFoundException(id) : false;
    }

    private async Task<SubmitReceipt> SubmitOrThrowAsync<TArgs>(string type, TArgs args, SubmitOptions? options, string? queue, TypeDefaults? defaults, CancellationToken cancellation)
    {
        options ??= new();
        defaults ??= await _types.OfAsync(type, cancellation);
        var id = options.Id is null ? JobIds.NewBesideOthers(_grid.Info?.Partitions, _grid.Time) : null;
        var job = defaults.Keyed(SubmissionOf.Arguments(type, args, options, options.Queue ?? queue ?? defaults.Queue, _grid.Time, id), options.Id is not null);
        if (job.Key is not null || job.Unique is not null)
            job = JobKeys.Placed(job, (await _grid.AskAsync(() => _grid.GetInfoAsync(cancellation).AsTask(), cancellation)).Partitions, _grid.Time);
        return Accepted(await SubmitAsync(job, cancellation));
    }

    private static SubmitReceipt Accepted(SubmitReceipt receipt) =>
        receipt.Outcome switch
        {
            SubmitOutcome.Accepted or SubmitOutcome.Replayed or SubmitOutcome.Coalesced => receipt,
            SubmitOutcome.NotUnique => throw new JobNotUniqueException(receipt.Status?.Id ?? receipt.Id),
            SubmitOutcome.Throttled => throw new KeyRateExceededException(receipt.Reason ?? "The rate of its key allows no other submit now.", receipt.RetryAfter),
            SubmitOutcome.Conflict => throw new JobConflictException(receipt.Id),
            SubmitOutcome.Rejected => throw new JobRejectedException(receipt.Problems),
            SubmitOutcome.Overloaded => throw new GridOverloadedException(receipt.Reason ?? "The grid is full.", receipt.RetryAfter),
            _ => throw new GridUnavailableException($"The grid did not answer in time; submit again with the id '{receipt.Id}' to find out. {receipt.Reason}"),
        };

    private static string Checked(string id) =>
        JobIds.IsValid(id) ? id : throw new ArgumentException("An id is 1 to 128 of the characters A-Z a-z 0-9 . _ - and not '.' or '..'.", nameof(id));

    private static JobAttribute Named<TJob>() =>
        typeof(TJob).GetCustomAttribute<JobAttribute>() ?? throw new ArgumentException($"{typeof(TJob).Name} has no [Job(\"name\")] attribute.");
}
