using Microsoft.Extensions.Logging;
using OrleansJobs.Dependencies;
using OrleansJobs.Diagnostics;
using OrleansJobs.Errands;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows.Simulation;

/// <summary>One activation of a partition: the books and rooms as they are, under a grain that is as thin as can be.</summary>
internal sealed class SimulatedPartition : IPartitionShell
{
    private readonly World _world;
    private readonly JobRows _rows;
    private readonly DependencyDesk _dependencies;
    private readonly LetterCarrier _letters;

    public SimulatedPartition(World world, int partition, PartitionOpening opening)
    {
        (_world, Partition) = (world, partition);
        Core = new PartitionCore(partition, opening, world.Options);
        Commits = new CommitLoop(Core.Changes, world.Store, world.Time, new GridHealth(world.Time), world.Meters, new BrokenLog(world), CancellationToken.None)
        {
            Ended = _ => Turns.Die(),
        };
        _rows = new JobRows(world.Store, partition);
        _dependencies = new DependencyDesk(this);
        Flows = new FlowDesk(this);
        var children = new ChildDesk(this, Flows);
        _letters = new LetterCarrier(
            this,
            new Dictionary<LetterKind, ILetterReader>
            {
                [LetterKind.StartChild] = children, [LetterKind.ChildEnded] = children, [LetterKind.ChildrenOf] = children, [LetterKind.Cancel] = children, [LetterKind.RetryChild] = children, [LetterKind.StartChildren] = children, [LetterKind.GroupSucceeded] = children,
                [LetterKind.Follow] = _dependencies, [LetterKind.Followed] = _dependencies,
            },
            new BrokenLog(world));
        Errands = new ErrandRunner(
            this,
            Enum.GetValues<ErrandKind>().ToDictionary(kind => kind, kind => kind == ErrandKind.TellFollowers ? (IErrandDoer)_dependencies : children));
    }

    public ProcessTurns Turns { get; private set; } = null!;
    public int Partition { get; }
    public PartitionCore Core { get; }
    public CommitLoop Commits { get; }
    public FlowDesk Flows { get; }
    public ErrandRunner Errands { get; }
    public IPartitionStore Store => _world.Store;
    public JobGridOptions Options => _world.Options;
    public TimeProvider Time => _world.Time;
    public bool IsClockRight => true;
    public bool IsStoreFull => false;
    public long Now => _world.Time.Now;

    /// <summary>Goes on where earlier activations were: what nobody runs any more is run again.</summary>
    public void Start(ProcessTurns turns, PartitionOpening opening)
    {
        Turns = turns;
        Turns.Run(() =>
        {
            foreach (var (id, _) in opening.Rows(GridLayout.Jobs.Leases))
            {
                var job = Core.Jobs.Load(id, _world.ReadNow(Partition, id)!);
                if (!_world.IsRunning(job)) Core.Attempts.Undo(new(id, job.Track.Token), Now);
            }

            _letters.Start();
            Errands.Start();
            Pump();
        });
    }

    public async Task<SubmitReceipt> SubmitAsync(JobSubmission submission)
    {
        if (await _dependencies.CheckAsync(submission) is { Length: > 0 } unknown) return new() { Id = submission.Id, Outcome = SubmitOutcome.Rejected, Problems = unknown };
        Core.Jobs.Pin(submission.Id);
        if (await BringAsync(submission.Id) is null)
        {
            if (submission.After.Length > 0) Core.Dependencies.Submit(submission, Now);
            else Core.Jobs.Submit(submission, Now);
        }

        Core.Jobs.Unpin(submission.Id);
        Pump();
        await Commits.Committed();
        return new() { Id = submission.Id };
    }

    public async Task<bool> ReportAsync(JobReport report)
    {
        bool taken;
        using (await Flows.PrepareAsync([report])) taken = Core.Attempts.Report(report, Now);
        Pump();
        await Commits.Committed();
        return taken;
    }

    public Task<bool> ChangeAsync(string id, Func<LiveJob, bool> change) => PinnedAsync(id, async job =>
    {
        await Flows.BringIfAnyAsync(job);
        var changed = change(job);
        Pump();
        await Commits.Committed();
        return changed;
    });

    /// <summary>A silo is lost, with all that it ran.</summary>
    public void CrashOf(string silo)
    {
        Core.Suspects.Crash(silo, Now);
        foreach (var conviction in Core.Suspects.TakeConvicts()) Core.Suspects.Convict(conviction, Now);
        Pump();
    }

    /// <summary>Gives out what is ready.</summary>
    public void Lease()
    {
        foreach (var lane in Pages()) Core.Jobs.Windows.EndRead(lane.Lane, lane.Page, isLast: true);
        var unread = new List<LiveJob>();
        var leases = Core.Dispatch.Take(_world.Worker, 100, Now, unread);
        foreach (var job in unread) Core.Jobs.LoadSpec(job, _world.ReadNow(Partition, job.Id)!);
        leases.AddRange(Core.Dispatch.Take(_world.Worker, 100, Now, []));
        if (leases.Count > 0) _ = StartAsync(leases);
        // Now and then, as the grain does.
        Pump();
    }

    public Task DeliverAsync(int receiver, LetterBatch letters) =>
        _world.Newest(receiver) is { } other ? other.Turns.CallAsync(() => other.TakeInAsync(letters), _world.IsLost) : Task.FromException(new TimeoutException());

    public async Task<bool> ExistsAsync(string id)
    {
        await _world.Turns.Sometime();
        return _world.ReadNow(_world.PartitionOf(id), id) is not null;
    }

    public Task<JobStatus?[]> GetListedAsync(int partition, string[] ids) => throw new NotSupportedException();

    public long NewIncarnation() => throw new NotSupportedException();

    public Task CommittedInTimeAsync() => Commits.Committed();

    public Task<LiveJob?> BringAsync(string id) => Core.Jobs.Find(id) is { Spec: not null } job ? Task.FromResult<LiveJob?>(job) : ReadAsync(id);

    public Task ForgetStateAsync(string id) => _world.Turns.Sometime();

    public Task PauseAsync(TimeSpan span) => _world.Turns.Sometime();

    public void Pump()
    {
        if (Core.Changes.HasAny) _ = Commits.Committed();
    }

    public void Background(Func<Task> work, string what) => _ = BackgroundAsync(work);

    public void TellCancelled(LiveJob job)
    {
    }

    public void TellNews(LiveJob job)
    {
    }

    private async Task<bool> TakeInAsync(LetterBatch letters)
    {
        await _letters.TakeInAsync(letters);
        return true;
    }

    private async Task BackgroundAsync(Func<Task> work)
    {
        while (!Commits.IsOver)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                if (exception is OrleansException && !exception.Message.Contains("ask again", StringComparison.Ordinal)) _world.Broken(exception);
                await _world.Turns.Sometime();
            }
            catch (Exception exception)
            {
                _world.Broken(exception);
                return;
            }
        }
    }

    private async Task StartAsync(List<Lease> leases)
    {
        await Commits.Committed();
        foreach (var lease in leases.Where(Core.Attempts.Holds)) _world.StartAttempt(lease);
    }

    private IEnumerable<(Lane Lane, LaneEntry[] Page)> Pages()
    {
        while (Core.Jobs.Index.TakeLow() is { } lane)
        {
            var after = lane.BeginRead();
            yield return (lane, _world.ReadLaneNow(Partition, lane.Name, after));
        }
    }

    private async Task<bool> PinnedAsync(string id, Func<LiveJob, Task<bool>> act)
    {
        Core.Jobs.Pin(id);
        try
        {
            return await BringAsync(id) is { } job && await act(job);
        }
        finally
        {
            Core.Jobs.Unpin(id);
        }
    }

    private async Task<LiveJob?> ReadAsync(string id)
    {
        var stored = await _rows.ReadAsync(id);
        if (Core.Jobs.Find(id) is { } job)
        {
            if (job.Spec is null && stored is not null) Core.Jobs.LoadSpec(job, stored);
            return job.Spec is null ? null : job;
        }

        return stored is not null ? Core.Jobs.Load(id, stored) : null;
    }

    /// <summary>What is logged as an error is one, save that letters are missed where somebody has forgotten them on purpose.</summary>
    private sealed class BrokenLog(World world) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) world.Broken(exception ?? new SimulationBroken(formatter(state, exception)));
        }
    }
}
