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
using OrleansJobs.Webhooks;

namespace OrleansJobs.Partitions;

/// <summary>
/// The decisions of a partition, as books of one concept each, without I/O and without a clock of their own: every call is told the time in Unix milliseconds.
/// What they change is gathered and leaves as commits; nothing that came of a change may be said before its commit is applied.
/// </summary>
internal sealed class PartitionCore
{
    /// <param name="keptEmptyLanes">See <see cref="LaneIndex"/>.</param>
    public PartitionCore(int partition, PartitionOpening opening, JobGridOptions options, int keptEmptyLanes = LaneIndex.KeptEmpty)
    {
        Partition = partition;
        Generation = opening.Generation;
        var suspicion = new Suspicion(options);
        Changes = new PendingChanges(partition, opening.Generation);
        Deadlines = new DeadlineBook(opening);
        Keys = new KeyBook(opening, options, Changes);
        QueueLimits = new QueueLimitBook(opening, options, Changes);
        Jobs = new JobBook(opening, options, Changes, Deadlines, suspicion, Keys, QueueLimits, keptEmptyLanes);
        (Keys.Index, Keys.Seat) = (Jobs.Index, Jobs.TakeSeat);
        Orders = new JobOrders(Jobs, Changes);
        Letters = new LetterBook(opening, options, Changes);
        (QueueLimits.Index, QueueLimits.Leased, QueueLimits.Clerk.Letters) = (Jobs.Index, () => Jobs.Leased, Letters);
        Errands = new ErrandBook(opening, Changes);
        Dependencies = new DependencyBook(Jobs, Letters, Errands, Changes, options);
        Flows = new FlowBook(partition, Jobs, Letters, Errands, Changes, options);
        Schedules = new ScheduleBook(partition, opening, options, Changes, Jobs, Orders, Letters);
        Bindings = new BindingBook(partition, opening, options, Changes);
        Webhooks = new WebhookBook(partition, Jobs, options);
        Logs = new LogBook(Jobs, Changes, options.Logs);
        Stuck = new StuckBook(opening, Changes, Keys, QueueLimits);
        QueueLimits.Stuck = Stuck;
        Attempts = new AttemptBook(partition, opening.Generation, Jobs, Flows, Logs, Stuck, Changes);
        Held = new HeldAttempts(Jobs, Attempts);
        Suspects = new SuspectBook(Jobs, Changes, suspicion);
        Dispatch = new Dispatcher(Jobs, Attempts, Orders, Suspects);
        History = new HistoryBook(Changes);
    }

    public int Partition { get; }
    public long Generation { get; }

    /// <summary>Numbers that only this activation gives, for its leases or its letters, run out: open the partition anew.</summary>
    public bool IsExhausted => Attempts.Tokens.IsExhausted || Letters.Numbers.IsExhausted;

    /// <summary>What has changed and is not sent yet.</summary>
    public PendingChanges Changes { get; }
    public JobBook Jobs { get; }
    public DeadlineBook Deadlines { get; }
    public KeyBook Keys { get; }

    /// <summary>Limits of whole queues, which several partitions keep together.</summary>
    public QueueLimitBook QueueLimits { get; }
    public JobOrders Orders { get; }
    public ScheduleBook Schedules { get; }
    public AttemptBook Attempts { get; }

    /// <summary>Handlers that run on though their attempts have ended.</summary>
    public StuckBook Stuck { get; }
    public HeldAttempts Held { get; }
    public SuspectBook Suspects { get; }
    public Dispatcher Dispatch { get; }
    public LetterBook Letters { get; }
    public ErrandBook Errands { get; }
    public DependencyBook Dependencies { get; }
    public FlowBook Flows { get; }
    public BindingBook Bindings { get; }
    public WebhookBook Webhooks { get; }
    public HistoryBook History { get; }
    public LogBook Logs { get; }

    /// <summary>
    /// The next instant at which something falls due, or now where something has of which nobody was told; null where nothing will. What is due already waits for a slot,
    /// not for the clock.
    /// </summary>
    /// <param name="withDeadlines">False: the next deadline is not to be waited for.</param>
    /// <param name="withNews">False: what is ready and was told to nobody is about to be.</param>
    public long? NextDue(long now, bool withDeadlines = true, bool withNews = true) =>
        Sooner(Sooner(Jobs.Windows.NextDue(now, withNews), Schedules.NextDue), Sooner(Sooner(Keys.NextWake, QueueLimits.NextWake), withDeadlines ? Deadlines.Next : null));

    private static long? Sooner(long? one, long? other) => one < other || other is null ? one : other;
}
