using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using OrleansJobs.Logs;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>
/// The session of a worker outside of the silos: with partitions it does what the worker of a silo does, and it is the one that decides that the session is dead.
/// It keeps nothing: when its silo is lost, the next call brings it to life on another, and what is whose is learnt from the worker and from the partitions.
/// </summary>
[Reentrant, PreferLocalPlacement]
internal sealed partial class WorkSessionGrain(SessionServices services, ILogger<WorkSessionGrain> logger) : Grain, IWorkSessionGrain, IOutsideWorker
{
    /// <summary>How long a call waits for what must be stored before it is answered.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(8);

    /// <summary>How long a call that is not to wait does so for exchanges that are under way, since these may bring it leases.</summary>
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a session that moves waits until the partitions have what its worker was told is heard. Its next call waits with it.</summary>
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(3);

    /// <summary>Arguments and checkpoints that one answer brings, unless a single lease has more. Who has so much to give asks for nothing more.</summary>
    private const int MaxParcelBytes = 8 << 20;

    private readonly ILogger _logger = logger;
    private readonly TimeProvider _time = services.Time;
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<LeaseName, HeldLease> _book = [];
    private readonly ReportAnswers _answers = new();
    private readonly RecentLeases _ended = new();
    private readonly HashSet<LeaseName> _toldLost = [];

    /// <summary>Reports that wait until it is known whose the lease is.</summary>
    private readonly HashSet<LeaseName> _reported = [];
    private HashSet<LeaseName> _holds = [];
    private PartitionTies[] _ties = [];
    private SiloAddress _address = null!;
    private TaskScheduler _turns = null!;
    private IGrainTimer _timer = null!;
    private CancellationTokenRegistration _withSilo;
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionState _state = SessionState.Unheard;
    private string[] _types = [];
    private string[]? _queues;
    private string _worker = "";
    private WorkCall? _current;
    private bool _isOpen;
    private bool _isCounted;
    private long _newest;
    private long _epoch;

    /// <summary>The newest progress of leases of which it is not known yet whether they are this session's.</summary>
    private readonly Dictionary<LeaseName, WorkProgress> _said = [];

    /// <summary>What they have logged; each as much as an attempt may.</summary>
    private readonly Dictionary<LeaseName, AttemptLog> _saidLines = [];

    private string Session => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellation)
    {
        _address = WorkSession.AddressOf(Session);
        _turns = TaskScheduler.Current;
        _withSilo = services.Closing.Register(_closing.Cancel);
        // Above those of an activation before this one, wherever that was: exchanges of it that are still under way are to be given nothing.
        _epoch = SequenceNumbers.First(services.Clock.Now);
        _ties = [.. Enumerable.Range(0, services.Options.Partitions).Select(_ => new PartitionTies(_epoch))];
        _timer = this.RegisterGrainTimer(OnTimer, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan, Interleave = true, KeepAlive = true });
        services.Worker.QueuesPaused += OnQueuesPaused;
        services.Worker.PartitionHasOpened += OnPartitionHasOpened;
        BeginAsking();
        _heardAt = _time.GetTimestamp();
        Arm();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellation)
    {
        services.Worker.QueuesPaused -= OnQueuesPaused;
        services.Worker.PartitionHasOpened -= OnPartitionHasOpened;
        _closing.Cancel();
        _withSilo.Dispose();
        var logs = _book.Values.Select(static lease => lease.Leave()).OfType<AttemptLog>().ToList();
        // Nobody knows whose they are.
        foreach (var log in _saidLines.Values) log.Close();
        Leave();
        Wake();
        // Before the next activation hears of any line: the partition takes those of a lower number for ones that it has.
        await services.Logs.FlushAsync(logs, FlushPatience, cancellation);
    }

    public async Task<WorkAnswer> Call(WorkCall call)
    {
        Enter(call);
        await services.Types.FreshenAsync();
        // The next call comes to an activation that does not end.
        if (_state is SessionState.Dying) throw new TimeoutException("The session was silent for too long; the partitions are being told.");
        Heard(call);
        var isCurrent = Take(call);
        foreach (var progress in call.Progress)
        {
            var name = NameOf(progress.Lease);
            if (!_book.TryGetValue(name, out var lease)) Keep(name, progress);
            else if (!lease.HasEnded) lease.Report(progress, _time.GetTimestamp());
        }

        foreach (var log in call.Logs)
        {
            var name = NameOf(log.Lease);
            if (_book.TryGetValue(name, out var lease)) lease.Log(log.Lines, services.Clock.Now, _time.GetTimestamp());
            else Keep(name, log.Lines);
        }

        var reports = Array.ConvertAll(call.Reports, ReportAsync);
        if (call.Bye && isCurrent) await SayGoodbyeAsync();
        Pump();
        var taken = await Task.WhenAll(reports).WaitAsync(AnswerPatience, _time, _closing.Token);
        if (isCurrent && !call.Bye) await WaitAsync(call);
        return AnswerTo(call, taken);
    }

    public async Task<bool> SaveCheckpoint(WorkLeaseName lease, byte[] checkpoint)
    {
        var name = NameOf(lease);
        if (_book.TryGetValue(name, out var held)) held.HasGrainState = true;
        else if (_ties[PartitionOf(lease.Id)].IsKnown) return false;
        if (held is { HasEnded: true }) return false;
        held?.NoteNews(_time.GetTimestamp());
        return await services.Grid.Feed(lease.Id).SaveCheckpoint(name, checkpoint);
    }

    private void Keep(LeaseName name, WorkProgress progress)
    {
        if (_holds.Contains(name) && !_ties[PartitionOf(name.Id)].IsKnown) _said[name] = After(_said.GetValueOrDefault(name), progress);
    }

    private void Keep(LeaseName name, WorkLogLine[] lines)
    {
        var partition = PartitionOf(name.Id);
        if (!services.KeepsLogs || lines.Length == 0 || !_holds.Contains(name) || _ties[partition].IsKnown) return;
        if (!_saidLines.TryGetValue(name, out var log)) _saidLines.Add(name, log = services.HeldBackLogOf(name, partition));
        log.AddNumbered(HeldLease.LinesOf(lines, services.Clock.Now));
    }

    /// <summary>What it leaves out stays as it was said before.</summary>
    private static WorkProgress After(WorkProgress? before, WorkProgress progress) =>
        before is null ? progress : progress with { Message = progress.Message ?? before.Message, Data = progress.Data ?? before.Data };

    private static LeaseName NameOf(WorkLeaseName lease) => new(lease.Id, lease.Token);

    private int PartitionOf(string job) => JobIds.PartitionOf(job, services.Options.Partitions);

    private void Enter(WorkCall call)
    {
        if (_isCounted) return;
        var isNew = call.Holds.Length == 0 && call.Reports.Length == 0;
        if (!services.Sessions.TryEnter(isNew))
        {
            // It never was: the partitions need not be told that it is dead.
            if (call.Sequence <= 1 && _state is SessionState.Unheard && _book.Count == 0)
            {
                _state = SessionState.Over;
                DeactivateOnIdle();
            }

            throw new GridOverloadedException($"A silo keeps at most {services.Outside.MaxSessions} sessions.", services.Outside.Heartbeat);
        }

        _isCounted = true;
    }

    private void Leave()
    {
        if (!_isCounted) return;
        _isCounted = false;
        services.Sessions.Leave();
    }

    /// <returns>Whether this is the newest call, which gets what there is; the one before it ends.</returns>
    private bool Take(WorkCall call)
    {
        if (call.Sequence < _newest) return false;
        _newest = call.Sequence;
        // Its worker speaks to the activation that counts. By a clock that is behind that of the one before, it would be taken for the older of the two for ever.
        var now = SequenceNumbers.First(services.Clock.Now);
        foreach (var ties in _ties) ties.Sequence = Math.Max(ties.Sequence, now);
        (_current, _isOpen) = (call, true);
        _holds = [.. call.Holds.Select(NameOf)];
        _toldLost.IntersectWith(_holds);
        foreach (var lease in _book.Values) lease.Hear(_holds.Contains(lease.Name));
        ReturnUnheard(call);
        if (call.Name is not null) _worker = call.Name;
        if (call.Types.Length > 0 && !(_types.AsSpan().SequenceEqual(call.Types) && Same(_queues, call.Queues)))
        {
            (_types, _queues, _profile) = (call.Types, call.Queues, null);
            AskAll();
        }

        Wake();
        return true;
    }

    private static bool Same(string[]? one, string[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);

    private async Task WaitAsync(WorkCall call)
    {
        var began = _time.GetTimestamp();
        var isToWait = call.Reports.Length == 0 && (call.Want > 0 || call.Progress.Length == 0);
        var wait = !isToWait ? TimeSpan.Zero : call.Wait < services.Outside.Heartbeat ? call.Wait : services.Outside.Heartbeat;
        while (_current == call && _state is SessionState.Live && !_closing.IsCancellationRequested)
        {
            if (ToGive(call).Any() || HasNewStops(call)) return;
            var waited = _time.GetElapsedTime(began);
            var left = waited < wait ? wait - waited : _asked == 0 && !HoldsUnknown(call) ? TimeSpan.Zero : wait + AskPatience - waited;
            if (left <= TimeSpan.Zero) return;
            await _woken.Task.WaitAsync(left, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <summary>The worker names leases of which the partitions have not yet said whether they are this session's.</summary>
    private bool HoldsUnknown(WorkCall call) => call.Holds.Any(hold => !_ties[PartitionOf(hold.Id)].IsKnown && !_book.ContainsKey(NameOf(hold)));

    private IEnumerable<HeldLease> ToGive(WorkCall call) => call.Want == 0 ? [] : _book.Values.Where(lease =>
        lease is { HasEnded: false, IsReady: true, IsNamed: false, Stop: null } && lease.GivenTo != call);

    /// <summary>What goes into the answer: a worker that is small need not take a hundred large jobs in one piece. The rest stay here for the next.</summary>
    private List<HeldLease> Parcel(WorkCall call)
    {
        var parcel = new List<HeldLease>();
        long bytes = 0;
        foreach (var lease in ToGive(call))
        {
            if (parcel.Count == call.Want || (parcel.Count > 0 && bytes + lease.Size > MaxParcelBytes)) break;
            parcel.Add(lease);
            bytes += lease.Size;
        }

        return parcel;
    }

    private bool HasNewStops(WorkCall call) => call.Holds.Any(hold =>
        _book.TryGetValue(NameOf(hold), out var lease) ? lease is { Stop: not null, IsToldToStop: false } : IsLost(NameOf(hold)) && !_toldLost.Contains(NameOf(hold)));

    /// <summary>Whether the worker goes on with what is not its own any more.</summary>
    private bool IsLost(LeaseName name) => _answers.Find(name) is null
        && (_book.TryGetValue(name, out var lease) ? lease.HasEnded : _ties[PartitionOf(name.Id)].IsKnown);

    private WorkAnswer AnswerTo(WorkCall call, bool[] taken)
    {
        WorkLease[] leases = [];
        if (_current == call)
        {
            _isOpen = false;
            if (_state is SessionState.Live) leases = [.. Parcel(call).ConvertAll(lease => Give(lease, call))];
        }

        return new WorkAnswer { Heartbeat = services.Outside.Heartbeat, Leases = leases, Taken = taken, Cancel = [.. StopsFor(call)] };
    }

    private IEnumerable<WorkCancel> StopsFor(WorkCall call)
    {
        foreach (var hold in call.Holds)
        {
            var name = NameOf(hold);
            if (IsLost(name))
            {
                if (_holds.Contains(name)) _toldLost.Add(name);
                yield return new(hold, WorkCancelReason.Lost);
            }
            else if (_book.TryGetValue(name, out var lease) && lease is { Stop: { } why, HasEnded: false })
            {
                lease.IsToldToStop = true;
                yield return new(hold, why);
            }
        }
    }

    private WorkLease Give(HeldLease held, WorkCall call)
    {
        held.Give(call, _time.GetTimestamp());
        var lease = held.Lease;
        return new WorkLease
        {
            Name = new(lease.Id, lease.Token), Type = lease.Type, Queue = lease.Queue, Args = lease.Args, Attempt = lease.Attempt, Attempts = ReportRules.LastAttemptOf(lease, held.Policy),
            Timeout = held.Timeout, Checkpoint = held.Checkpoint, TraceParent = lease.TraceParent, Tags = lease.Tags, SubmittedAt = lease.SubmittedAt, DueAt = lease.DueAt,
            HasMemory = lease.HasMemory,
        };
    }

    private void Wake()
    {
        var woken = _woken;
        _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        woken.TrySetResult();
    }

    private enum SessionState
    {
        /// <summary>Nobody has called since this activation began.</summary>
        Unheard,
        Live,

        /// <summary>It was silent for too long: the partitions are being told.</summary>
        Dying,

        /// <summary>It holds nothing, and asks for nothing until it is called again.</summary>
        Over,
    }
}
