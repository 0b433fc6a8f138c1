using Orleans.Concurrency;

namespace OrleansJobs.Workers;

/// <summary>What partitions and workers say to each other.</summary>
[Alias("oj.IPartitionWork")]
internal interface IPartitionWork : IGrainWithIntegerKey
{
    /// <summary>Reports of finished attempts and a request for more, in one commit.</summary>
    [Alias("exchange"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ExchangeReply> Exchange(ExchangeRequest request);

    /// <summary>The session of a worker outside is dead: its leases are given out again, as crashes. Durable when the task completes.</summary>
    /// <param name="sequence">As in <see cref="ExchangeRequest.Sequence"/>: exchanges below it are to be given no leases.</param>
    /// <param name="generation">As in <see cref="ExchangeRequest.Generation"/>.</param>
    [Alias("lost"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Lost(SiloAddress session, long sequence, long generation);

    /// <summary>
    /// Brings the partition to life where it is not; it opens, gives the leases of dead silos out again and arms its timer. One that lives elsewhere than at its
    /// home moves there by itself.
    /// </summary>
    /// <param name="home">Where it belongs, by the assignment of the caller.</param>
    /// <param name="version">The membership the caller goes by; a partition that knows a newer one stays.</param>
    /// <returns>Whether it is at its home.</returns>
    [Alias("wake"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<bool> Wake(SiloAddress home, MembershipVersion version);

    /// <summary>Whether this attempt holds the job's lease, so that what it says counts.</summary>
    [Alias("isCurrent"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<bool> IsCurrent(string id, long token);

    /// <summary>How much was told of this attempt nobody knows any more: its versions go on above all that may have been.</summary>
    /// <returns>Where the job stands then; null where the attempt does not hold its lease.</returns>
    [Alias("raise"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobStatus?> Raise(string id, long token);

    /// <summary>For whoever has seen a job before: what there is to see now, where that is something else.</summary>
    [Alias("lookAgain"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<SecondLook> LookAgain(string id, long version);

    /// <summary>The loss of these silos is explained by a job that is convicted: whoever else was present is not suspected for it.</summary>
    [Alias("explained"), OneWay]
    Task Explained(string[] silos);
}

/// <param name="IsSame">The job is as it was seen. <paramref name="Status"/> is left out then.</param>
/// <param name="Status">What is so now; null where there is no such job any more.</param>
[GenerateSerializer, Immutable, Alias("oj.secondLook")]
internal readonly record struct SecondLook([property: Id(0)] bool IsSame, [property: Id(1)] JobStatus? Status)
{
    public static readonly SecondLook Same = new(IsSame: true, null);
}

/// <summary>Who asks, and what it can run. Small and rarely changed: sent along with every exchange.</summary>
[GenerateSerializer, Immutable, Alias("oj.profile")]
internal sealed record WorkerProfile
{
    [Id(0)] public required SiloAddress Silo { get; init; }
    [Id(1)] public required string SiloName { get; init; }

    /// <summary>Job types it has handlers for.</summary>
    [Id(2)] public required string[] Types { get; init; }

    /// <summary>Queues it serves; null: all.</summary>
    [Id(3)] public string[]? Queues { get; init; }

    /// <summary>Queues that are paused, or whose own slots are all taken.</summary>
    [Id(4)] public string[] Closed { get; init; } = [];

    [Id(5)] public SuspectWish Suspects { get; init; }

    /// <summary>Types whose jobs it runs in batches; null: none.</summary>
    [Id(6)] public Batches.BatchType[]? Batches { get; init; }

    /// <summary>Whether it runs jobs of this type in batches.</summary>
    public bool TakesBatchesOf(string type) => Batches is not null && Array.Exists(Batches, batch => batch.Type == type);
}

/// <summary>Whether a worker takes a suspect: a job that was present at so many crashes that it is to run alone.</summary>
[GenerateSerializer, Alias("oj.suspectWish")]
internal enum SuspectWish : byte
{
    None,

    /// <summary>One, among others: the silo could not stand empty in its time.</summary>
    OneInCompany,

    /// <summary>One, and nothing else: the silo stands empty.</summary>
    OneAlone,
}

/// <summary>What a worker says of a suspect that it holds, and its partition stores with the lease.</summary>
/// <param name="IsOver">
/// False: nothing else runs on its silo, and nothing will until the partition has stored how the attempt ended, or that it is over. True: from now
/// on others may run beside it. That is the last word on an attempt: no older one, however late, takes it back.
/// </param>
[GenerateSerializer, Immutable, Alias("oj.trialWord")]
internal readonly record struct TrialWord([property: Id(0)] LeaseName Lease, [property: Id(1)] bool IsOver);

[GenerateSerializer, Immutable, Alias("oj.exchange")]
internal sealed record ExchangeRequest
{
    [Id(0)] public required WorkerProfile Worker { get; init; }
    [Id(1)] public JobReport[] Reports { get; init; } = [];

    /// <summary>
    /// Slots that the worker has set aside for the answer. 0: reports only. After a hint, a worker without a free slot asks for 0 at once, so
    /// that the partition tells another one. A worker that stops comes with a profile without types: it is to be told nothing any more.
    /// </summary>
    [Id(2)] public int Want { get; init; }

    /// <summary>At most so many leases of each of these queues; null: no bound but <see cref="Want"/>.</summary>
    [Id(3)] public QueueRoom[]? Room { get; init; }

    /// <summary>
    /// Sent where an answer was lost, and null otherwise: the leases of this partition that the worker knows of. One that the partition has
    /// given to this worker and that is not among them never arrived: it is in the answer once more, as it was, on top of
    /// <see cref="Want"/>. It is not to be given elsewhere, because it may be on its way; the worker starts a lease once however often it comes.
    /// </summary>
    [Id(4)] public LeaseName[]? Held { get; init; }

    /// <summary>Grows from exchange to exchange of this worker with this partition. One that a later one has overtaken is to be given no leases.</summary>
    [Id(5)] public long Sequence { get; init; }

    /// <summary>
    /// The highest generation of this partition that the worker has met; 0: none. An activation below it has been succeeded, or opened in a store that has lost
    /// its successor: either way its leases are refused, and it has to open anew.
    /// </summary>
    [Id(6)] public long Generation { get; init; }

    /// <summary>Of a suspect that the worker holds alone, or is about to; null: nothing. Said again until it is answered.</summary>
    [Id(7)] public TrialWord? Trial { get; init; }

    /// <summary>
    /// So many of <see cref="Want"/> are leased ahead of slots, and may have to wait for one. Jobs that something limits come only for the others, whose slots are
    /// free when the answer comes: a permit is for a job that runs.
    /// </summary>
    [Id(8)] public int Ahead { get; init; }
}

/// <summary>How many more jobs of a queue a worker can take.</summary>
[GenerateSerializer, Immutable, Alias("oj.room")]
internal readonly record struct QueueRoom([property: Id(0)] string Queue, [property: Id(1)] int Jobs);

[GenerateSerializer, Immutable, Alias("oj.exchangeReply")]
internal sealed record ExchangeReply
{
    /// <summary>At most as many as wanted, at most one of them a suspect.</summary>
    [Id(0)] public Lease[] Leases { get; init; } = [];

    /// <summary>One for each report, in order. False: the attempt was stale, and what it said is refused. Nothing is left to do either way.</summary>
    [Id(1)] public bool[] Taken { get; init; } = [];

    /// <summary>How many more jobs this worker could have had: 0 means that the partition will call when there is one.</summary>
    [Id(2)] public int Ready { get; init; }

    /// <summary>
    /// Jobs are ready that this worker would have got, were it not for its closed queues or its room; they are not counted in
    /// <see cref="Ready"/>. The worker asks again when that changes.
    /// </summary>
    [Id(3)] public bool HeldBack { get; init; }

    /// <summary>Suspects are ready that this worker could run; they are not counted in <see cref="Ready"/>. It asks for them when it stands empty.</summary>
    [Id(4)] public bool Suspects { get; init; }

    /// <summary>The word on a suspect is in the store. False also where the worker does not hold its lease any more.</summary>
    [Id(5)] public bool TrialStored { get; init; }

    /// <summary>
    /// What the keys weigh together that have something ready for this worker, whether or not it has room, and jobs without a key as one of weight 1 in each queue;
    /// 0: no key has. The worker asks partitions in proportion to it.
    /// </summary>
    [Id(6)] public int Weight { get; init; }

    /// <summary>
    /// So many of the leases, the first ones, take the slots that were free; 0 where none of all is of a limited job. Said where some could be leased ahead, or come
    /// again because an answer was lost.
    /// </summary>
    [Id(7)] public int Limited { get; init; }

    /// <summary>
    /// It is the turn of a limited job, for which no slot was free: what goes after it is neither given nor counted in <see cref="Ready"/>. The worker asks
    /// again once it has a slot.
    /// </summary>
    [Id(8)] public bool NeedsSlot { get; init; }
}

/// <summary>A job handed to a worker. The store knows of it before the worker does.</summary>
[GenerateSerializer, Immutable, Alias("oj.lease")]
internal sealed record Lease
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required int Partition { get; init; }

    /// <summary>Generation and counter in one number that only grows per partition: see <see cref="FencingToken"/>.</summary>
    [Id(2)] public required long Token { get; init; }
    [Id(3)] public required string Type { get; init; }
    [Id(4)] public required string Queue { get; init; }
    [Id(5)] public required byte[] Args { get; init; }
    [Id(6)] public required int Attempt { get; init; }

    /// <summary>Failed attempts so far; what the retry policy counts.</summary>
    [Id(7)] public int Failures { get; init; }

    /// <summary>Crashes it was present at.</summary>
    [Id(8)] public int Crashes { get; init; }
    [Id(9)] public DateTimeOffset SubmittedAt { get; init; }
    [Id(10)] public DateTimeOffset DueAt { get; init; }
    [Id(11)] public JobTag[] Tags { get; init; } = [];

    /// <summary>What the submit asked for; null: the handler's.</summary>
    [Id(12)] public RetryPolicy? Retry { get; init; }

    /// <summary>Milliseconds; null: the handler's.</summary>
    [Id(13)] public long? Timeout { get; init; }
    [Id(14)] public string? TraceParent { get; init; }

    /// <summary>An attempt before this one left something with the job grain, such as a checkpoint: it is to be read.</summary>
    [Id(15)] public bool HasGrainState { get; init; }

    /// <summary>It was present at so many crashes that it is to run alone, or where that cannot be, with no other suspect beside it.</summary>
    [Id(16)] public bool IsSuspect { get; init; }

    /// <summary>How often the submit lets it run by the handler's policy; null: as often as that says.</summary>
    [Id(17)] public int? Attempts { get; init; }

    /// <summary>By when the job must have ended, in Unix milliseconds; null: whenever.</summary>
    [Id(18)] public long? Deadline { get; init; }

    /// <summary>Something may be remembered of it: what a flow has done so far, or signals.</summary>
    [Id(20)] public bool HasMemory { get; init; }

    /// <summary>Of a flow that remembers little: all of it, which need not be read then.</summary>
    [Id(19)] public Flows.FlowPage? Flow { get; init; }

    /// <summary>Those with the same number go into one attempt, and take one slot; 0: it runs by itself.</summary>
    [Id(21)] public long Batch { get; init; }

    /// <summary>Who is told how far it is; null: nobody beside its grain.</summary>
    [Id(22)] public string[]? ProgressUrls { get; init; }

    /// <summary>An attempt before this one went on outside, and nobody has reported in time.</summary>
    [Id(23)] public bool WasHeld { get; init; }

    /// <summary>It may go on outside without its worker: nothing limits it, so that it keeps nobody's permit.</summary>
    [Id(24)] public bool MayBeHeld { get; init; }
}

/// <summary>How an attempt ended.</summary>
[GenerateSerializer, Alias("oj.reportKind")]
internal enum ReportKind : byte
{
    Succeeded,

    /// <summary>Failed for good.</summary>
    Failed,

    /// <summary>Failed, and runs again after <see cref="JobReport.Delay"/>.</summary>
    FailedOnce,

    /// <summary>The handler asked for a later run; uses up no attempt.</summary>
    Postponed,

    /// <summary>Handed back by a draining silo, or never started; uses up no attempt, and is due at once.</summary>
    Returned,

    /// <summary>Stopped because its cancellation was asked for.</summary>
    Cancelled,

    /// <summary>A flow that waits for what <see cref="JobReport.Park"/> says; uses up no attempt, and counts what failed before as overcome.</summary>
    Parked,

    /// <summary>A flow that starts from the top with the arguments in <see cref="JobReport.Result"/> and nothing remembered.</summary>
    StartedAnew,

    /// <summary>Somebody who was called goes on with the attempt, and reports within <see cref="JobReport.Delay"/>; uses up nothing.</summary>
    Held,

    /// <summary>No end of an attempt: the handler of one that had ended without it (<see cref="JobReport.IsStuck"/>) has returned.</summary>
    HandlerReturned,
}

[GenerateSerializer, Immutable, Alias("oj.report")]
internal sealed record JobReport
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required long Token { get; init; }
    [Id(2)] public required ReportKind Kind { get; init; }

    /// <summary>UTF-8 JSON; null counts as <c>null</c>.</summary>
    [Id(3)] public byte[]? Result { get; init; }
    [Id(4)] public JobError? Error { get; init; }
    [Id(5)] public TimeSpan Delay { get; init; }
    [Id(6)] public Progress Progress { get; init; }

    /// <summary>The attempt left something with the job grain, which has to forget it when the job goes.</summary>
    [Id(7)] public bool HasGrainState { get; init; }

    /// <summary>Attempts that the policy in force allows; for the status.</summary>
    [Id(8)] public int MaxAttempts { get; init; }

    /// <summary>The lease came back before its handler was called: a start-by instant still holds.</summary>
    [Id(9)] public bool NeverStarted { get; init; }

    /// <summary>What a flow waits for, where it is parked.</summary>
    [Id(10)] public Flows.FlowPark? Park { get; init; }

    /// <summary>What the attempt has logged and its partition has not acknowledged; null: nothing.</summary>
    [Id(11)] public Logs.LogLines? Logs { get; init; }

    /// <inheritdoc cref="JobAttempt.Marks"/>
    [Id(12)] public AttemptMarks? Marks { get; init; }

    /// <summary>Its handler has not returned: what limits count of it stays taken until <see cref="ReportKind.HandlerReturned"/> is said, or the silo is gone.</summary>
    [Id(13)] public bool IsStuck { get; init; }
}

/// <summary>The last thing a handler said of how far it is. The default says nothing.</summary>
/// <param name="Sequence">Counts what an attempt has sent; 0: nothing was said.</param>
/// <param name="Data">UTF-8 JSON of at most <see cref="JobLimits.MaxProgressData"/> bytes; null: none.</param>
/// <param name="Epoch">0: whoever counts has counted all of the attempt. Otherwise others may have counted before it, and a higher epoch came after a lower one.</param>
[GenerateSerializer, Immutable, Alias("oj.progress")]
internal readonly record struct Progress(
    [property: Id(0)] long Sequence,
    [property: Id(1)] long Current,
    [property: Id(2)] long Total,
    [property: Id(3)] string? Message,
    [property: Id(4)] byte[]? Data = null,
    [property: Id(5)] long Epoch = 0)
{
    /// <summary>Where a worker is asked how far an attempt is: for how many milliseconds it has said nothing new. It is no part of what was said, and nobody keeps it.</summary>
    [Id(6), System.Text.Json.Serialization.JsonIgnore] public long Silence { get; init; }
}

/// <summary>
/// A number that only grows per partition, hence per job: the partition's generation, which has 36 bits (see <see cref="Storage.GenerationFloor"/>), then a
/// counter within it. It is above 2^53: in JSON that JavaScript reads it has to be a string.
/// </summary>
internal static class FencingToken
{
    /// <summary>134 million leases, or letters; a partition opens anew at half of that, which takes it hours at thousands a second.</summary>
    private const int CounterBits = 27;
    public const long MaxCounter = (1L << CounterBits) - 1;

    /// <exception cref="ArgumentOutOfRangeException">It would run into the next generation's, or come twice.</exception>
    public static long Make(long generation, long counter)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counter, MaxCounter);
        return (generation << CounterBits) | counter;
    }

    public static long GenerationOf(long token) => token >> CounterBits;
}

/// <summary>
/// The worker of this silo, as the partitions of this silo see it without a message. All members are safe to call from any thread and
/// return at once.
/// </summary>
internal interface ILocalWorker
{
    WorkerProfile Profile { get; }

    /// <summary>
    /// Sets slots aside for jobs that are about to be leased to this worker. Not for suspects: a partition that has one ready calls
    /// <see cref="HasSuspects"/>, and the worker asks for it by an exchange.
    /// </summary>
    /// <param name="isLimited">Something limits these jobs: none is leased ahead of a free slot.</param>
    /// <param name="before">So many others go before them to slots that are free.</param>
    /// <returns>How many of <paramref name="wanted"/>; 0 where the type is unknown, the queue closed, or all slots taken.</returns>
    int TryReserve(string queue, string type, int wanted, bool isLimited = false, int before = 0);

    /// <summary>Gives back what was set aside and is not needed.</summary>
    /// <param name="isLimited">As when it was set aside.</param>
    void Release(string queue, int count, bool isLimited = false);

    /// <summary>Starts jobs whose leases are in the store and whose slots were set aside.</summary>
    /// <param name="isLimited">As when they were set aside.</param>
    void Start(IReadOnlyList<Lease> leases, bool isLimited = false);

    /// <summary>
    /// A partition of this silo has jobs of a queue and type ready that found no slot, so that the next free slot asks it. Where the queue is
    /// closed, it is asked once the queue is open, and not before.
    /// </summary>
    /// <param name="isLimited">Something limits them: where another such job waits there for a free slot already, that is nothing new.</param>
    void HasBacklog(int partition, string queue, string type, bool isLimited = false);

    /// <summary>A partition of this silo has suspects of a queue and type ready, which the worker asks for when it stands empty.</summary>
    void HasSuspects(int partition, string queue, string type);
}

/// <summary>The worker of one silo, as seen from the others.</summary>
[Alias("oj.IJobWorker")]
internal interface IJobWorker : Orleans.Services.IGrainService
{
    /// <summary>A partition has jobs ready for this worker: ask it, if there is a slot.</summary>
    [Alias("hint"), OneWay]
    Task Hint(int partition);

    /// <summary>A partition has opened: ask it for work, so that it learns who is hungry.</summary>
    [Alias("opened"), OneWay]
    Task PartitionOpened(int partition);

    /// <summary>
    /// Which of these leases this worker holds: running, queued to start, or finished with a report not yet delivered. From now on it refuses
    /// to start any other lease of this partition with a generation below <paramref name="generation"/>.
    /// </summary>
    [Alias("confirm")]
    Task<string[]> Confirm(int partition, long generation, LeaseName[] leases);

    /// <summary>Which of these attempts, that have ended without their handlers, have handlers that run here still.</summary>
    [Alias("confirmStuck"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<string[]> ConfirmStuck(LeaseName[] attempts);

    /// <summary>Asks a running handler to stop.</summary>
    [Alias("cancel"), OneWay]
    Task Cancel(LeaseName lease);

    /// <summary>The progress of a running attempt; null where it does not run here. From now on its changes are carried to the job grain at the short interval.</summary>
    [Alias("progress")]
    Task<Progress?> GetProgress(LeaseName lease);

    /// <summary>The queues that are paused from now on, all of them, unless it knows a newer version of the list.</summary>
    [Alias("paused"), ResponseTimeout(AnswerTimeouts.Short)]
    Task SetPaused(string[] queues, long version);

    [Alias("describe")]
    Task<SiloInfo> Describe();

    [Alias("types")]
    Task<JobTypeInfo[]> GetTypes();

    /// <summary>Job types are said to be something else: answered once leases of sessions here go by it.</summary>
    [Alias("renew"), ResponseTimeout(AnswerTimeouts.Short)]
    Task RenewTypes();

    /// <summary>Something has come for a job that runs here: a signal, or the end of a child. To be read from its partition.</summary>
    [Alias("news"), OneWay]
    Task HasNews(LeaseName lease);
}

[GenerateSerializer, Immutable, Alias("oj.leaseName")]
internal readonly record struct LeaseName([property: Id(0)] string Id, [property: Id(1)] long Token);

/// <summary>What a worker says to a job's grain.</summary>
[Alias("oj.IJobFeed")]
internal interface IJobFeed : IGrainWithStringKey
{
    /// <summary>The newest progress of an attempt.</summary>
    /// <returns>Whether anybody watches; where nobody does, the worker may say less.</returns>
    [Alias("progress"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<bool> Progress(LeaseName lease, Progress progress);

    /// <summary>Durable when the task completes.</summary>
    /// <returns>False where the attempt is stale; nothing was saved.</returns>
    [Alias("save"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<bool> SaveCheckpoint(LeaseName lease, byte[] checkpoint);

    /// <summary>The newest checkpoint, for an attempt that starts: from now on older attempts are refused. Null where nothing was saved.</summary>
    [Alias("load"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<byte[]?> LoadCheckpoint(LeaseName lease);

    /// <summary>The job is gone, or needs its state no more: clear it.</summary>
    [Alias("forget"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Forget();
}
