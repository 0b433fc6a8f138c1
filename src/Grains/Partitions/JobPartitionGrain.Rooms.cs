using OrleansJobs.Dependencies;
using OrleansJobs.Errands;
using OrleansJobs.Flows;
using OrleansJobs.Histories;
using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Letters;
using OrleansJobs.Logs;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Topics;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>The rooms of concepts that have one, which see of this grain what <see cref="IPartitionShell"/> shows them.</summary>
internal sealed partial class JobPartitionGrain : IPartitionShell, ILetterBox, IPartitionFlows
{
    private readonly HashSet<LiveJob> _news = [];
    private DependencyDesk _dependencies = null!;
    private FlowDesk _flows = null!;
    private LetterCarrier _letters = null!;
    private ErrandRunner _errands = null!;

    int IPartitionShell.Partition => _partition;
    PartitionCore IPartitionShell.Core => _core;
    CommitLoop IPartitionShell.Commits => _commits;
    IPartitionStore IPartitionShell.Store => _store;
    JobGridOptions IPartitionShell.Options => _options;
    TimeProvider IPartitionShell.Time => services.Time;
    long IPartitionShell.Now => Now;
    bool IPartitionShell.IsClockRight => services.Clock.IsRight;
    bool IPartitionShell.IsStoreFull => services.Health.Fullness >= _options.FullAt;

    long IPartitionShell.NewIncarnation() => Random.Shared.NextInt64(1, 1L << 40);

    public Task Deliver(LetterBatch batch) => _letters.TakeInAsync(batch);

    public Task<FlowPage> ReadFlow(LeaseName lease, long after) => _flows.ReadAsync(lease, after);

    public Task<JobStatus?[]> ReadChildren(string[] ids, int bytes) => _flows.ReadChildrenAsync(ids, bytes);

    public Task<FlowAnswer> ChangeFlow(LeaseName lease, FlowChange change) => _flows.ChangeAsync(lease, change);

    public Task FailParked(LeaseName lease, JobError error) => _flows.FailParkedAsync(lease, error);

    public Task<SignalReceipt> Signal(string id, JobSignal signal) => _flows.SignalAsync(id, signal);

    Task IPartitionShell.DeliverAsync(int receiver, LetterBatch letters) => GrainFactory.GetGrain<ILetterBox>(receiver).Deliver(letters);

    async Task<bool> IPartitionShell.ExistsAsync(string id)
    {
        var partition = JobIds.PartitionOf(id, _options.Partitions);
        return (partition == _partition ? await Get(id) : await GrainFactory.GetGrain<IJobPartitionGrain>(partition).Get(id)) is not null;
    }

    Task<JobStatus?[]> IPartitionShell.GetListedAsync(int partition, string[] ids) =>
        partition == _partition ? GetListed(ids) : GrainFactory.GetGrain<IJobPartitionGrain>(partition).GetListed(ids);

    public Task<FlowGroupCount[]?> GetFlowGroups(string id) => _flows.CountGroupsAsync(id);

    public Task<FlowPast?> GetFlowPast(string id) => _flows.ReadPastAsync(id);

    Task IPartitionShell.CommittedInTimeAsync() => _commits.Committed().WaitAsync(_options.SubmitDeadline, services.Time);

    Task<LiveJob?> IPartitionShell.BringAsync(string id) => BringAsync(id);

    Task IPartitionShell.ForgetStateAsync(string id) => GrainFactory.GetGrain<IJobFeed>(id).Forget();

    Task IPartitionShell.PauseAsync(TimeSpan span) => Task.Delay(span, services.Time, _closing.Token);

    void IPartitionShell.Pump() => Pump();

    void IPartitionShell.Background(Func<Task> work, string what) => Background(work, what);

    void IPartitionShell.TellCancelled(LiveJob job)
    {
        var (silo, lease) = (SiloAddress.FromParsableString(job.Track.Silo!), new LeaseName(job.Id, job.Track.Token));
        Background(
            async () =>
            {
                await _commits.Committed();
                Tell(silo, worker => worker.Cancel(lease));
            },
            "telling that jobs are cancelled");
    }

    void IPartitionShell.TellNews(LiveJob job) => _news.Add(job);

    private void OpenRooms()
    {
        _dependencies = new DependencyDesk(this);
        _flows = new FlowDesk(this);
        var children = new ChildDesk(this, _flows);
        var occurrences = new OccurrenceDesk(this);
        _history = new HistoryDesk(this);
        _keys = new KeyDesk(this, GrainFactory);
        _uniques = new UniqueDesk(this);
        _logs = new LogDesk(this);
        _bindings = new BindingDesk(this, (partition, version) => GrainFactory.GetGrain<IPartitionTopics>(partition).KnowBindings(version));
        _core.Webhooks.Dropped = services.Meters.WebhookDropped;
        _core.Schedules.Occurrences.Watch = new ScheduleWatch(_partition, services.Meters, _logger);
        _queueLimits = new QueueLimitDesk(this, partition => GrainFactory.GetGrain<IPartitionQueueLimits>(partition));
        _core.Flows.News = job => _news.Add(job);
        _letters = new LetterCarrier(
            this,
            new Dictionary<LetterKind, ILetterReader>
            {
                [LetterKind.StartChild] = children, [LetterKind.ChildEnded] = children, [LetterKind.ChildrenOf] = children, [LetterKind.Cancel] = children,
                [LetterKind.RetryChild] = children, [LetterKind.StartChildren] = children, [LetterKind.GroupSucceeded] = children,
                [LetterKind.Follow] = _dependencies, [LetterKind.Followed] = _dependencies,
                [LetterKind.KeySetting] = _keys,
                [LetterKind.StartOccurrence] = occurrences, [LetterKind.OccurrenceEnded] = occurrences, [LetterKind.CancelOccurrence] = occurrences,
                [LetterKind.QueueSetting] = _queueLimits, [LetterKind.QueueAsk] = _queueLimits, [LetterKind.QueueLot] = _queueLimits,
            },
            _logger);
        _errands = new ErrandRunner(
            this,
            new Dictionary<ErrandKind, IErrandDoer>
            {
                [ErrandKind.TellFollowers] = _dependencies, [ErrandKind.TellChildren] = children, [ErrandKind.CancelChildren] = children,
                [ErrandKind.DeleteChildren] = children, [ErrandKind.RetryChildren] = children, [ErrandKind.ForgetEvents] = children,
            });
    }

    /// <summary>Workers hear of what has come for the jobs they run. It may be lost: what counts is looked at before a flow waits.</summary>
    private void TellNews()
    {
        if (_news.Count == 0) return;
        foreach (var job in _news.Where(job => job.Place == JobPlace.Leased))
            Tell(SiloAddress.FromParsableString(job.Track.Silo!), worker => worker.HasNews(new(job.Id, job.Track.Token)));
        _news.Clear();
    }
}
