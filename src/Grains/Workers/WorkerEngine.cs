using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;

namespace OrleansJobs.Workers;

/// <summary>
/// The worker of a silo, without anything of Orleans but the contracts: takes leases in, runs them in its slots, and brings their reports
/// out. One lock guards its books; handlers, exchanges and everything else that takes time run outside of it, on the thread pool.
/// </summary>
internal sealed partial class WorkerEngine : ILocalWorker, IAttemptOwner, IDisposable
{
    private readonly Lock _gate = new();
    private readonly HandlerRegistry _handlers;
    private readonly AttemptServices _attempts;
    private readonly IWorkerGrid _grid;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkerIdentity _identity;
    private readonly JobMeters _meters;
    private readonly ClockGuard _clock;
    private readonly JobGridOptions _options;
    private readonly SlotPool _slots;
    private readonly LeaseAhead _ahead;
    private readonly AskPlan _plan;
    private readonly ReportOutbox _outbox;
    private readonly WaitingJobs _waiting;
    private readonly Dictionary<LeaseName, RunningJob> _held = [];

    /// <summary>Jobs that have ended without their handlers, one for each slot that is stuck.</summary>
    private readonly HashSet<RunningJob> _stuck = [];
    private readonly PartitionTies[] _ties;
    private readonly ITimer _timer;
    private readonly long _origin;
    private readonly WorkerProfile?[] _profiles = new WorkerProfile?[3];
    private TaskCompletionSource? _idle;
    private long _openings;
    private long _pausedVersion;
    private bool _started;
    private bool _draining;
    private bool _closed;

    /// <summary>What was leased ahead has had a slot since one was left for limited jobs.</summary>
    private bool _aheadHadLast;
    private int _pumping;

    public WorkerEngine(
        WorkerIdentity identity, IOptions<JobGridOptions> configured, HandlerRegistry handlers, AttemptServices attempts, JobMeters meters, ClockGuard clock,
        ILogger<WorkerEngine> logger)
    {
        var options = _options = configured.Value;
        _identity = identity;
        _meters = meters;
        _clock = clock;
        _clock.Righted += Pump;
        _handlers = handlers;
        _attempts = attempts;
        _grid = attempts.Grid;
        _time = attempts.Time;
        _logger = logger;
        _slots = new SlotPool(options.Slots, OwnQueue.Beside(options.Queues, options.Slots));
        _ahead = new LeaseAhead(options.Slots);
        _plan = new AskPlan(options.Partitions);
        _outbox = new ReportOutbox(options.Partitions);
        _waiting = new WaitingJobs(perQueue: options.Queues.Count > 0);
        _ties = [.. Enumerable.Range(0, options.Partitions).Select(_ => new PartitionTies())];
        _origin = _time.GetTimestamp();
        _timer = _time.CreateTimer(static engine => ((WorkerEngine)engine!).Pump(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        attempts.Owner = this;
        attempts.Handlers = handlers;
        meters.ObserveSlots(() => _slots.Counts is var counts ? new SlotFigures(counts.Total, counts.Running + counts.Stuck, counts.Stuck, _draining) : default);
    }

    /// <summary>Queues that are paused, for the sessions of this silo: another array with each change.</summary>
    public string[] Paused { get; private set; } = [];

    /// <summary>Which queues are paused is known.</summary>
    public bool HasStarted
    {
        get { lock (_gate) return _started; }
    }

    /// <summary>Other queues are paused than before. Raised outside of the worker's lock.</summary>
    public event Action? QueuesPaused;

    /// <summary>A partition has come to life somewhere. Raised outside of the worker's lock.</summary>
    public event Action<int>? PartitionHasOpened;

    public WorkerProfile Profile
    {
        get { lock (_gate) return ProfileFor(_slots.Closed(), SuspectWish.None); }
    }

    public bool IsDraining
    {
        get { lock (_gate) return _draining; }
    }

    /// <summary>Asks every partition once, so that they know who is hungry.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_started || _draining) return;
            _started = true;
            for (var partition = 0; partition < _options.Partitions; partition++) _plan.Opened(partition);
        }

        Pump();
        QueuesPaused?.Invoke();
    }

    public int TryReserve(string queue, string type, int wanted, bool isLimited = false, int before = 0)
    {
        if (!_handlers.Has(type)) return 0;
        // Where keys take turns, what is ready here waits for its partition's turn among those that have work elsewhere.
        lock (_gate) return TakesWork && !_plan.IsByTurns ? _slots.TryReserve(queue, wanted, isLimited, before) : 0;
    }

    public void Release(string queue, int count, bool isLimited = false)
    {
        _slots.Release(queue, count, isLimited);
        Pump();
    }

    public void Start(IReadOnlyList<Lease> leases, bool isLimited = false)
    {
        lock (_gate)
        {
            BatchLeases.Each(
                leases,
                lease =>
                {
                    _slots.Admit(lease.Queue, isLimited);
                    Take(lease, _slots.TryTakeSuspect, hasSlot: isLimited);
                },
                batch =>
                {
                    _slots.Admit(batch[0].Queue, isLimited);
                    TakeBatch(batch, hasSlot: isLimited);
                });

            StartWaiting();
        }

        Pump();
    }

    public void HasBacklog(int partition, string queue, string type, bool isLimited = false)
    {
        if (!_handlers.Has(type)) return;
        lock (_gate)
        {
            if (_draining) return;
            if (_slots.IsClosed(queue))
            {
                _plan.HeldBack(partition);
                return;
            }

            _plan.HasBacklog(partition, isLimited);
            if (_slots.Free == 0) return;
        }

        Pump();
    }

    public void Hint(int partition)
    {
        lock (_gate) _plan.Hinted(partition);
        Pump();
    }

    public void PartitionOpened(int partition)
    {
        lock (_gate) _plan.Opened(partition);
        Pump();
        PartitionHasOpened?.Invoke(partition);
    }

    public string[] Confirm(int partition, long generation, LeaseName[] leases)
    {
        lock (_gate)
        {
            _ties[partition].OldestGeneration = Math.Max(_ties[partition].OldestGeneration, generation);
            _ties[partition].Meet(generation);
            return [.. leases.Where(_held.ContainsKey).Select(lease => lease.Id)];
        }
    }

    /// <inheritdoc cref="IJobWorker.ConfirmStuck"/>
    public string[] ConfirmStuck(LeaseName[] attempts)
    {
        lock (_gate)
        {
            var stuck = _stuck.Select(static job => job.LeaseName).ToHashSet();
            return [.. attempts.Where(stuck.Contains).Select(static attempt => attempt.Id)];
        }
    }

    public void Cancel(LeaseName lease)
    {
        lock (_gate)
        {
            if (!_held.TryGetValue(lease, out var job)) return;
            // One that waits with others goes when they start, a moment from now.
            if (job is { Stage: JobStage.Waiting, Batch.Members.Length: > 1 }) job.Stop(StopReason.Cancel);
            else if (job.Stage is JobStage.Waiting) End(job == _onTrial ? [job] : _waiting.Remove(waiting => waiting == job), AttemptEnding.Cancelled);
            else if (job.Stage is JobStage.Running) job.Stop(StopReason.Cancel);
        }

        Pump();
    }

    public Progress? GetProgress(LeaseName lease)
    {
        RunningJob? job;
        lock (_gate)
        {
            if (!_held.TryGetValue(lease, out job) || job.Stage is not JobStage.Running) return null;
        }

        return job.Watch() with { Silence = (long)job.SilentFor.TotalMilliseconds };
    }

    /// <param name="version">Of the list; what comes after a newer one is old, and changes nothing.</param>
    public void SetPaused(string[] queues, long version)
    {
        lock (_gate)
        {
            if (version < _pausedVersion) return;
            _pausedVersion = version;
            _slots.SetPaused(queues);
            End(_waiting.Remove(job => _slots.IsPaused(job.Queue)), AttemptEnding.Returned);
            if (_onTrial is { Stage: JobStage.Waiting } suspect && _slots.IsPaused(suspect.Queue)) End([suspect], AttemptEnding.Returned);
            Paused = queues;
        }

        Pump();
        QueuesPaused?.Invoke();
    }

    /// <summary>Something has come for a job that runs here.</summary>
    public void HasNews(LeaseName lease)
    {
        RunningJob? job;
        lock (_gate) _held.TryGetValue(lease, out job);
        job?.TellNews();
    }

    public SiloInfo Describe()
    {
        var counts = _slots.Counts;
        return new SiloInfo
        {
            Address = _identity.Silo.ToString(),
            Name = _identity.Name,
            Slots = counts.Total,
            Busy = counts.Running + counts.Stuck,
            Stuck = counts.Stuck,
            Draining = IsDraining,
            Types = _handlers.Types,
            Queues = _slots.Queues,
            Partitions = _meters.Partitions.Open,
            Jobs = JobsInSlots(),
        };
    }

    private SiloJob[] JobsInSlots()
    {
        (RunningJob Job, long Since, bool IsStuck)[] all;
        lock (_gate) all = [.. _stuck.Select(job => (job, job.Since, true)), .. _held.Values.Where(job => job.Stage is JobStage.Running).Select(job => (job, job.Since, false))];
        return [.. all.OrderByDescending(job => job.IsStuck).ThenBy(job => job.Since).Take(SiloInfo.MaxShown)
            .Select(job => new SiloJob(job.Job.Id, job.Job.Type, job.Job.Queue, _time.GetElapsedTime(job.Since), job.IsStuck) { StalledFor = job.IsStuck ? null : StalledFor(job.Job) })];
    }

    private static TimeSpan? StalledFor(RunningJob job) => job.SilentFor is var silence && silence >= JobStatus.StalledFrom ? silence : null;

    public JobTypeInfo[] GetTypes() => _handlers.Describe();

    public bool Ended(RunningJob job, AttemptEnding ending, bool returned)
    {
        lock (_gate)
        {
            if (job.Stage is not JobStage.Running) return false;
            if (job.Batch is { } batch)
            {
                if (EndMember(job, batch, ending, returned)) LogStuck(job.Id, job.Type);
                return true;
            }

            if (returned) _slots.Finish(job.Queue);
            else
            {
                _slots.Stick(job.Queue);
                _stuck.Add(job);
            }

            _ahead.Finished(_time.GetElapsedTime(job.Since));
            _slots.Ahead = _ahead.Allowed;
            Report(job, ending, returned ? JobStage.Ended : JobStage.Stuck, keepsSlot: !returned);
            StartWaiting();
        }

        if (!returned) LogStuck(job.Id, job.Type);
        Pump();
        return true;
    }

    public bool Holds(LeaseName lease)
    {
        lock (_gate) return !_closed && _held.ContainsKey(lease);
    }

    public void HandlerReturned(RunningJob job)
    {
        lock (_gate)
        {
            if (job.Stage is not JobStage.Stuck) return;
            job.Stage = JobStage.Ended;
            _slots.Unstick(job.Queue);
            Unstick(job);
            StartWaiting();
        }

        Pump();
    }

    public void Dispose()
    {
        _clock.Righted -= Pump;
        lock (_gate) _closed = true;
        _timer.Dispose();
        _attempts.Carrier.Dispose();
        _attempts.Logs.Dispose();
    }

    /// <summary>Not before it is started: until then it may not know which queues are paused.</summary>
    private bool TakesWork => _started && !_draining && !_outbox.IsFull && !_trial.IsOn && _clock.IsRight;

    private long Now => (long)_time.GetElapsedTime(_origin).TotalMilliseconds;

    /// <summary>A lease has come in and is counted as waiting.</summary>
    /// <param name="takePlace">Takes the place for a suspect, where the lease is one; false where it has none.</param>
    /// <param name="hasSlot">A slot was kept free for it.</param>
    private void Take(Lease lease, Func<bool> takePlace, bool hasSlot)
    {
        var hasPlace = lease.IsSuspect && takePlace();
        if (!TryTake(lease, hasPlace, hasSlot) && hasPlace) _slots.ReleaseSuspect();
    }

    /// <returns>Whether it is a job now, to which the place for a suspect belongs where there is one.</returns>
    private bool TryTake(Lease lease, bool hasPlace, bool hasSlot)
    {
        var name = new LeaseName(lease.Id, lease.Token);
        var ties = _ties[lease.Partition];
        if (_held.ContainsKey(name) || ties.Ended.Contains(name))
        {
            // It came twice. What became of it has been said, or will be.
            _slots.Drop(lease.Queue);
            LogNotTaken(lease.Id, lease.Token);
            return false;
        }

        var generation = FencingToken.GenerationOf(lease.Token);
        if (generation < ties.OldestGeneration)
        {
            // Mostly from an activation that has been succeeded by one which gave it up, and refuses what is said of it. But where the store has lost that
            // one's opening, the older is in force again, and would hold the job as leased for ever.
            LogTooOld(lease.Id, lease.Token);
            Refuse(lease, GivenUp);
            return false;
        }

        ties.Meet(generation);
        if (!_handlers.TryGet(lease.Type, out var handler))
        {
            Refuse(lease, UnknownType);
            return false;
        }

        if (lease.IsSuspect && !hasPlace)
        {
            Refuse(lease, AttemptEnding.Returned);
            return false;
        }

        var job = new RunningJob(lease, handler, _attempts) { Since = _time.GetTimestamp(), HoldsSuspectPlace = hasPlace, HasSlot = hasSlot };
        if (handler is IBatchHandler) _ = new RunningBatch([job]);
        _held.Add(name, job);
        if (_draining || _slots.IsPaused(lease.Queue)) End([job], AttemptEnding.Returned);
        else if (!_trial.IsOn) _waiting.Add(job);
        else if (lease.IsSuspect && _trial.Stage is TrialStage.Empty) Try(job);
        else End([job], AttemptEnding.Returned);
        return true;
    }

    /// <summary>A lease that cannot be run here goes back without having been a job.</summary>
    private void Refuse(Lease lease, AttemptEnding ending)
    {
        _slots.Drop(lease.Queue);
        SendBack(lease, ending);
    }

    private void SendBack(Lease lease, AttemptEnding ending)
    {
        _outbox.Add(lease.Partition, new JobReport
        {
            Id = lease.Id, Token = lease.Token, Kind = ending.Kind, Delay = ending.Delay, HasGrainState = lease.HasGrainState, NeverStarted = true,
            MaxAttempts = AttemptRules.PolicyOf(lease, _options.Retry).Attempts,
        });
        _plan.Reported(lease.Partition);
    }

    /// <summary>Ends jobs that never got a slot.</summary>
    private void End(IEnumerable<RunningJob> waiting, AttemptEnding ending)
    {
        foreach (var job in waiting)
        {
            _slots.Drop(job.Queue);
            if (job.Batch is null) Report(job, ending, JobStage.Ended);
            else EndWaiting(job.Batch, ending);
        }
    }

    /// <summary>The handler of an attempt that had ended without it has returned. Its report goes after the one that said so.</summary>
    private void Unstick(RunningJob job)
    {
        if (!_stuck.Remove(job)) return;
        _outbox.Add(job.Lease.Partition, new JobReport { Id = job.Id, Token = job.Token, Kind = ReportKind.HandlerReturned });
        _plan.Reported(job.Lease.Partition);
    }

    /// <param name="keepsSlot">Its handler runs on, and it is the last that it ran for.</param>
    private void Report(RunningJob job, AttemptEnding ending, JobStage stage, bool keepsSlot = false)
    {
        var neverStarted = job.Stage is JobStage.Waiting;
        job.Stage = stage;
        // A stuck one too: it may never return, and others would wait for that. Its slot is company for them.
        LeaveSuspectPlace(job);
        _outbox.Add(job.Lease.Partition, keepsSlot ? job.ReportOf(ending, neverStarted) with { IsStuck = true } : job.ReportOf(ending, neverStarted));
        _plan.Reported(job.Lease.Partition);
    }

    private void LeaveSuspectPlace(RunningJob job)
    {
        if (!job.HoldsSuspectPlace) return;
        job.HoldsSuspectPlace = false;
        _slots.ReleaseSuspect();
    }

    /// <summary>Where a queue or the place for a suspect has come free, those who held jobs back for it are asked again.</summary>
    private void NoticeOpenings()
    {
        if (_openings == _slots.Openings) return;
        _openings = _slots.Openings;
        _plan.Loosened();
        WelcomeSuspect();
    }

    /// <param name="leavesNone">Nobody has come for a slot that was left.</param>
    private void StartWaiting(bool leavesNone = false)
    {
        while (!_trial.IsOn && (leavesNone || !LeavesSlot) && _waiting.TakeNext(_slots) is { } job)
        {
            if (!job.HasSlot) _aheadHadLast = true;
            Run(job);
        }
    }

    /// <summary>
    /// Limited jobs are not leased before there is a slot, so that what was leased ahead would have each that comes free. Where both wait, they take turns: the next
    /// one stays free until a partition with limited jobs has been asked.
    /// </summary>
    private bool LeavesSlot => _aheadHadLast && _plan.NeedsSlots && _waiting is { Count: > 0, WithSlot: 0 } && TakesWork && _slots.FreeSlots > 0;

    private void Run(RunningJob job)
    {
        job.Stage = JobStage.Running;
        job.Since = _time.GetTimestamp();
        if (job.Batch is not null) BeginBatch(job);
        ThreadPool.UnsafeQueueUserWorkItem(job, preferLocal: false);
    }

    private WorkerProfile MakeProfile(string[] closed, SuspectWish suspects) => new()
    {
        Silo = _identity.Silo,
        SiloName = _identity.Name,
        Types = _draining ? [] : _handlers.Types,
        Queues = _slots.Queues,
        Closed = closed,
        Suspects = suspects,
        Batches = _handlers.Batches,
    };

    /// <summary>The same object for as long as it says the same; one for each wish.</summary>
    private WorkerProfile ProfileFor(string[] closed, SuspectWish suspects)
    {
        ref var profile = ref _profiles[(int)suspects];
        if (profile is null || !profile.Closed.AsSpan().SequenceEqual(closed)) profile = MakeProfile(closed, suspects);
        return profile;
    }

    /// <summary>What ties this worker to one partition.</summary>
    private sealed class PartitionTies
    {
        /// <summary>Leases of older generations are not taken any more.</summary>
        public long OldestGeneration { get; set; }

        /// <summary>The highest generation that has been met.</summary>
        public long NewestGeneration { get; private set; }

        public void Meet(long generation) => NewestGeneration = Math.Max(NewestGeneration, generation);

        public long Sequence { get; set; }

        /// <summary>Attempts whose reports the partition has; their leases may still come again.</summary>
        public RecentLeases Ended { get; } = new();

        /// <summary>An answer was lost: what is held is said with the next exchange.</summary>
        public bool LostAnswer { get; set; }

        /// <summary>The lost answer may have brought leases, of which a silo that stopped now would leave behind what counts as crashes.</summary>
        public bool LostLeases { get; set; }

        /// <summary>The lost answer may have brought a suspect: the one place for it is kept.</summary>
        public bool KeepsSuspectPlace { get; set; }
    }

    private static readonly AttemptEnding UnknownType = AttemptEnding.Postponed(TimeSpan.FromSeconds(5));

    // Not at once: the partition may have to open anew before it can give a lease that is taken.
    private static readonly AttemptEnding GivenUp = AttemptEnding.Postponed(TimeSpan.FromSeconds(1));

    [LoggerMessage(Level = LogLevel.Debug, Message = "Lease {Token} of job {JobId} is not taken: it came twice.")]
    private partial void LogNotTaken(string jobId, long token);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Token} of job {JobId} is handed back: its partition has been opened again since.")]
    private partial void LogTooOld(string jobId, long token);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The handler of job {JobId} ({JobType}) did not stop in the time it was given. Its job has ended without it, and its slot is stuck until it returns.")]
    private partial void LogStuck(string jobId, string jobType);
}

/// <summary>Which silo a worker is of.</summary>
internal sealed record WorkerIdentity(SiloAddress Silo, string Name);
