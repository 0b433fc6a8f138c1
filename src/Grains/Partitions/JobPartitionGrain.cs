using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The shell of a partition: loads, lets the books of <see cref="PartitionCore"/> decide, saves with <see cref="CommitLoop"/>, and tells. Reentrant, so
/// that whatever arrives while a commit is under way joins the next one.
/// </summary>
[Reentrant, PartitionPlacement, KeepAlive]
internal sealed partial class JobPartitionGrain(PartitionServices services, ILogger<JobPartitionGrain> logger)
    : Grain, IJobPartitionGrain, IPartitionWork, IPartitionQuery, IRemindable
{
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan GaugePeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstBackgroundRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LastBackgroundRetry = TimeSpan.FromSeconds(30);

    private readonly JobGridOptions _options = services.Options;
    private readonly IPartitionStore _store = services.Store;
    private readonly ILogger _logger = logger;
    private readonly Dictionary<string, List<TaskCompletionSource<JobStatus?>>> _waiters = [];
    private readonly RateMeter _submitted = new();
    private readonly RateMeter _finished = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly string _self = services.Silo.ToParsableString();
    private int _partition;
    private JobRows _rows = null!;
    private PartitionCore _core = null!;
    private CommitLoop _commits = null!;
    private PartitionGaugeWriter _gauges = null!;
    private IGrainTimer _dueTimer = null!;
    private bool _leaving;

    private long Now => services.Clock.Now;

    public override async Task OnActivateAsync(CancellationToken cancellation)
    {
        _partition = (int)this.GetPrimaryKeyLong();
        if (_partition < 0 || _partition >= _options.Partitions)
            throw new ArgumentOutOfRangeException(nameof(_partition), $"There is no partition {_partition}; the grid has {_options.Partitions}.");
        _rows = new JobRows(_store, _partition);
        var opening = await OpenAsync(cancellation);
        _core = new PartitionCore(_partition, opening, _options);
        _commits = new CommitLoop(_core.Changes, _store, services.Time, services.Health, services.Meters, _logger, _closing.Token)
        {
            Applied = OnApplied, Dropped = OnDropped, Ended = OnEnded,
        };
        foreach (var chunk in opening.Rows(GridLayout.Jobs.Leases).Chunk(LeasesPerRead))
        {
            var records = await _rows.ReadAsync([.. chunk.Select(lease => lease.Key)], cancellation);
            for (var i = 0; i < chunk.Length; i++)
            {
                if (records[i] is { } record) _core.Jobs.Load(chunk[i].Key, record);
            }
        }

        OpenRooms();
        _schedules = new PartitionSchedules(this);
        _scheduleCalls = new ScheduleCalls(this, _schedules);
        await _schedules.LoadOpenAsync(cancellation);
        _gauges = new PartitionGaugeWriter(_core, _options.Partitions, services.Meters, services.Meters.Partitions.OpenPartition());
        _gauges.Refresh(Now);
        _core.History.Held = () => _gauges.Figures;
        _dueTimer = this.RegisterGrainTimer(OnDueAsync, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan, Interleave = true });
        this.RegisterGrainTimer(OnGaugesAsync, new() { DueTime = GaugePeriod, Period = GaugePeriod, Interleave = true });
        this.RegisterGrainTimer(SweepAsync, new() { DueTime = SweepDelay(), Period = SweepPeriod, Interleave = true });
        this.RegisterGrainTimer(SweepKeysAsync, new() { DueTime = SweepDelay(), Period = SweepPeriod, Interleave = true });
        this.RegisterGrainTimer(RetellAsync, new() { DueTime = _options.NoticePeriod, Period = _options.NoticePeriod, Interleave = true });
        LogOpened(_partition, _core.Generation, _core.Jobs.Leased.Count, _core.Jobs.Unfinished);
        Background(RecoverAsync, "recovery");
        Background(KeepReminderAsync, "its reminder");
        ReadPages();
        _letters.Start();
        _errands.Start();
        _bindings.Start();
        _history.Start();
        Arm();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellation)
    {
        await WriteHistoryAsync(cancellation);
        await _closing.CancelAsync();
        _gauges?.Dispose();
        SendCallersHome();
    }

    public Task<bool> Wake(SiloAddress home, MembershipVersion version)
    {
        if (!home.Equals(services.Silo))
        {
            if (version < services.Membership.CurrentSnapshot.Version) return Task.FromResult(false);
            LogMoving(_partition, home);
            // Not merely deactivated: callers that remember it here would bring it to life here again.
            Leave(MigrateOnIdle);
            return Task.FromResult(false);
        }

        LookAfter();
        return Task.FromResult(true);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        LookAfter();
        return Task.CompletedTask;
    }

    private void LookAfter()
    {
        if (_core.IsExhausted) Leave(DeactivateOnIdle);
        CheckLeases(services.Membership.CurrentSnapshot);
        LearnExplained();
        ReadPages();
        Pump();
    }

    private async Task<PartitionOpening> OpenAsync(CancellationToken cancellation)
    {
        if (services.Health.Grid is not { } grid) throw PartitionMoved.Exception(_partition);
        if (services.Health.IsLost) throw new OrleansException($"Partition {_partition} stays closed: {services.Health.Trouble()}");
        try
        {
            // A grid that was created anew has this partition's generation at its start again: nothing fenced by the old ones would hold.
            if (await _store.ReadGridAsync(cancellation) is not { } stored || stored.Incarnation != grid.Incarnation)
            {
                ReportLoss();
                throw new OrleansException($"Partition {_partition} stays closed: {services.Health.Trouble()}");
            }

            CrashPoint.Hit("partition.open.before");
            var opening = await _store.OpenAsync(_partition, services.Generations.Highest(_partition), cancellation);
            services.Generations.Met(_partition, opening.Generation);
            CrashPoint.Hit("partition.open.after");
            services.Health.StoreAnswered();
            return opening;
        }
        catch (Exception exception) when (exception is not OrleansException and not OperationCanceledException)
        {
            services.Health.StoreFailed();
            LogNotOpened(exception, _partition);
            throw new OrleansException($"Partition {_partition} cannot be opened: the store does not answer.");
        }
    }

    private void OnApplied(SealedCommit changes)
    {
        var now = Now;
        if (changes.Counts.Submits > 0) _submitted.Add(now, changes.Counts.Submits);
        if (changes.Counts.Ends > 0) _finished.Add(now, changes.Counts.Ends);
        _gauges.Count(changes);
        _core.History.Count(changes, now);
        foreach (var job in changes.Jobs)
        {
            _ends.Forget(job.Id);
            Notify(job.Id, job, now);
        }

        _logs.Tell(changes);
        TellChanges(changes, now);
        TellNews();
        ReadPages();
    }

    private void OnDropped(List<Entry> dropped)
    {
        services.Health.Fullness = 1;
        LogFull(_partition, dropped.OfType<LiveJob>().Count());
    }

    /// <summary>Somebody has met a later generation: this activation has been succeeded, or its store has lost the successor. The next one goes on above both.</summary>
    private OrleansException Succeeded(long generation)
    {
        services.Generations.Met(_partition, generation);
        LogSucceeded(_partition, _core.Generation, generation);
        Leave(DeactivateOnIdle);
        return PartitionMoved.Exception(_partition);
    }

    private void OnEnded(CommitOutcome outcome)
    {
        if (outcome == CommitOutcome.Lost) ReportLoss();
        LogFenced(_partition, _core.Generation, outcome);
        Leave(DeactivateOnIdle);
    }

    /// <summary>Ends this activation, which has to send all callers home first: it takes no calls any more, and does not end while one is under way.</summary>
    private void Leave(Action deactivate)
    {
        SendCallersHome();
        deactivate();
    }

    /// <summary>Nobody waits here any more, now or later.</summary>
    private void SendCallersHome()
    {
        _leaving = true;
        foreach (var id in _waiters.Keys.ToList()) Notify(id);
        _changes?.Signal();
        _topics?.Signal();
        _logs?.TellAll();
    }

    private void ReportLoss()
    {
        if (!services.Health.IsLost) LogLost(_partition);
        services.Health.StoreLost("The store was emptied while the grid ran: jobs it had accepted are gone. Restore the store, or restart all silos to begin with an empty one.");
    }

    /// <summary>Whoever waits for a job is given what is stored by now, since memory has let go of one that has ended; null: look again.</summary>
    private void Notify(string id, LiveJob? job = null, long now = 0)
    {
        if (!_waiters.Remove(id, out var waiters)) return;
        var status = job is { IsSettled: true, Spec: not null, Place: JobPlace.Finished } && job.Outcome!.RetainUntil > now ? StatusOf.Live(job, now) : null;
        foreach (var waiter in waiters) waiter.TrySetResult(status);
    }

    private async Task KeepReminderAsync()
    {
        const string Name = "wake";
        if (await this.GetReminder(Name) is null) await this.RegisterOrUpdateReminder(Name, ReminderPeriod, ReminderPeriod);
    }

    /// <summary>Work that nobody waits for, in the turns of this grain.</summary>
    private void Background(Func<Task> work, string what) => _ = BackgroundAsync(work, what);

    /// <summary>What fails is tried again, after longer and longer, until it is done or this activation is over.</summary>
    private async Task BackgroundAsync(Func<Task> work, string what)
    {
        for (var delay = FirstBackgroundRetry; ; delay = delay * 2 < LastBackgroundRetry ? delay * 2 : LastBackgroundRetry)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception exception)
            {
                if (_closing.IsCancellationRequested || _commits.IsOver) return;
                LogBackground(exception, _partition, what);
            }

            await Task.Delay(delay, services.Time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            if (_closing.IsCancellationRequested || _commits.IsOver) return;
        }
    }

    [LoggerMessage(LogLevel.Information, "Partition {Partition} opened as generation {Generation}: {Leases} leases, {Unfinished} unfinished jobs")]
    private partial void LogOpened(int partition, long generation, int leases, long unfinished);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} cannot be opened")]
    private partial void LogNotOpened(Exception exception, int partition);

    [LoggerMessage(LogLevel.Information, "Partition {Partition} moves to {Home}, where it belongs")]
    private partial void LogMoving(int partition, SiloAddress home);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition}, generation {Generation}, can write no more: {Outcome}")]
    private partial void LogFenced(int partition, long generation, CommitOutcome outcome);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition}, generation {Generation}, is over: a worker has met generation {Newer}")]
    private partial void LogSucceeded(int partition, long generation, long newer);

    [LoggerMessage(LogLevel.Critical, "Partition {Partition}: the store was emptied while the grid ran")]
    private partial void LogLost(int partition);

    [LoggerMessage(LogLevel.Error, "Partition {Partition}: the store is full, {Jobs} submits were refused")]
    private partial void LogFull(int partition, int jobs);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition}: {Work} failed; it will be tried again")]
    private partial void LogBackground(Exception exception, int partition, string work);
}
