using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// All instruments of a silo, on the meter <c>OrleansJobs</c>. Names follow OpenTelemetry's messaging conventions where there is one, and start
/// with <c>orleansjobs.</c> elsewhere. Safe to call from any thread; where nobody listens, a call costs a few nanoseconds.
/// Gauges speak for this silo's share: sum them over the silos.
/// </summary>
internal sealed class JobMeters
{
    private static readonly InstrumentAdvice<double> ShortSeconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<double> LongSeconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400],
    };

    private readonly TimeProvider _time;
    private readonly Counter<long> _submitted;
    private readonly Counter<long> _finished;
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _lateness;
    private readonly Histogram<double> _processDuration;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<long> _commitSize;
    private readonly LaneLabels _lanes = new();
    private readonly long[] _refused = new long[Enum.GetValues<SubmitOutcome>().Length];
    private Func<SlotFigures>? _slots;
    private Func<ClockFigures>? _clock;
    private long _stale;
    private long _commitRetries;
    private long _webhooksDropped;
    private long _instantsDropped;
    private long _instantsSkipped;
    private double _fullness;
    private int _storeReachable = 1;

    public JobMeters(IMeterFactory factory, TimeProvider time, IOptions<JobGridOptions> options, GridHealth health)
    {
        _time = time;
        Partitions = new PartitionGauges(time);
        var meter = factory.Create(JobTracing.Name);

        _submitted = meter.CreateCounter<long>("orleansjobs.jobs.submitted", "{job}", "Jobs that the store has acknowledged.");
        _finished = meter.CreateCounter<long>("orleansjobs.jobs.finished", "{job}", "Jobs that reached a terminal state, by outcome.");
        _attempts = meter.CreateCounter<long>("orleansjobs.attempts.ended", "{attempt}", "Attempts that ended, by outcome; crashes included.");
        _lateness = meter.CreateHistogram("orleansjobs.jobs.lateness", "s", "From the instant a job was due to the start of its attempt.", advice: ShortSeconds);
        _processDuration = meter.CreateHistogram("messaging.process.duration", "s", "How long the handler of one attempt ran.", advice: LongSeconds);
        _commitDuration = meter.CreateHistogram("orleansjobs.commit.duration", "s", "From handing a commit to the store to its answer.", advice: ShortSeconds);
        _commitSize = meter.CreateHistogram("orleansjobs.commit.size", "{operation}", "Operations that shared one commit.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] });

        // Counters that alerts watch and that stay at 0 in good times: observed, so that they are there before they first move.
        meter.CreateObservableCounter("orleansjobs.jobs.refused", ObserveRefused, "{job}", "Submits that were not accepted, by reason.");
        meter.CreateObservableCounter("orleansjobs.reports.stale", () => Volatile.Read(ref _stale), "{report}", "Reports of attempts that no longer hold their job, refused.");
        meter.CreateObservableCounter("orleansjobs.webhooks.dropped", () => Volatile.Read(ref _webhooksDropped), "{call}", "Ends that nobody was told of, because too many calls wait.");
        meter.CreateObservableCounter("orleansjobs.schedules.dropped", () => Volatile.Read(ref _instantsDropped), "{instant}", "Instants of schedules that were missed, and that their rules leave out.");
        meter.CreateObservableCounter("orleansjobs.schedules.skipped", () => Volatile.Read(ref _instantsSkipped), "{instant}", "Instants of schedules that were passed over, because occurrences before them had not ended.");
        meter.CreateObservableCounter("orleansjobs.commit.retries", () => Volatile.Read(ref _commitRetries), "{commit}", "Commits sent again because the store's reply was lost.");

        meter.CreateObservableGauge("orleansjobs.jobs.waiting", () => Partitions.Observe(lane => lane.Waiting), "{job}", "Due and not started.");
        meter.CreateObservableGauge("orleansjobs.jobs.scheduled", () => Partitions.Observe(lane => lane.Scheduled), "{job}", "Due later.");
        meter.CreateObservableGauge("orleansjobs.jobs.running", () => Partitions.Observe(lane => lane.Running), "{job}", "Leased to a worker.");
        meter.CreateObservableGauge("orleansjobs.jobs.oldest_age", () => Partitions.ObserveAges(_time.GetUtcNow()), "s", "How long the job that waits longest has been due.");
        meter.CreateObservableGauge("orleansjobs.jobs.orphaned", () => Partitions.Orphans, "{job}", "Jobs that nothing would wake. Anything but 0 is a defect.");
        meter.CreateObservableGauge("orleansjobs.letters.waiting", () => Partitions.Letters, "{letter}", "Letters between partitions that have not been delivered.");
        meter.CreateObservableGauge("orleansjobs.letters.age", () => Partitions.LetterAge, "s", "How old the oldest letter between partitions is that has not been delivered.");
        meter.CreateObservableGauge("orleansjobs.keys.held", ObserveHeld, "{job}", "Due jobs that their key holds back, by limit.");
        meter.CreateObservableGauge("orleansjobs.keys.rules", () => Partitions.Keys.Rules, "{key}", "Keys, and prefixes of keys, that have a rule.");
        meter.CreateObservableGauge("orleansjobs.keys.paused", () => Partitions.Keys.Pauses, "{key}", "Keys, and prefixes of keys, that are paused.");
        meter.CreateObservableGauge("orleansjobs.schedules.unserved", () => Partitions.Unserved, "{schedule}", "Schedules that the grid has paused, since it cannot serve them.");
        meter.CreateObservableGauge("orleansjobs.partitions.open", () => Partitions.Open, "{partition}", "Partitions that this silo owns; over all silos, all of them.");
        meter.CreateObservableGauge("orleansjobs.partitions.configured", () => options.Value.Partitions, "{partition}", "Partitions of the grid; the same on every silo.");
        meter.CreateObservableGauge("orleansjobs.slots.limit", () => Slots.Limit, "{slot}", "Handlers that may run at a time.");
        meter.CreateObservableGauge("orleansjobs.slots.busy", () => Slots.Busy, "{slot}", "Slots that are taken, the stuck ones included.");
        meter.CreateObservableGauge("orleansjobs.slots.stuck", () => Slots.Stuck, "{slot}", "Slots whose handler did not return after it was cancelled.");
        meter.CreateObservableGauge("orleansjobs.silo.draining", () => Slots.Draining ? 1 : 0, "{silo}", "1 while this silo takes no more work because it is to stop.");
        meter.CreateObservableGauge("orleansjobs.store.reachable", () => Volatile.Read(ref _storeReachable), "{store}", "1 where the store answered last, 0 where it did not.");
        meter.CreateObservableGauge("orleansjobs.store.lost", () => health.IsLost ? 1 : 0, "{store}", "1 where the store was found empty though it had not been: accepted jobs are gone.");
        meter.CreateObservableGauge("orleansjobs.clock.offset", () => Clock.Offset.TotalSeconds, "s", "By how much this silo's clock is ahead of the store's.");
        meter.CreateObservableGauge("orleansjobs.clock.wrong", () => Clock.IsWrong ? 1 : 0, "{silo}", "1 while this silo's clock and the store's differ by more than they may, so that it starts, expires and purges no jobs, or have both been set back by more.");
        meter.CreateObservableGauge("orleansjobs.store.fullness", () => Volatile.Read(ref _fullness), "1", "Share of the store's memory limit that is used; 0 where it has none.");
    }

    /// <summary>What the partitions of this silo hold.</summary>
    public PartitionGauges Partitions { get; }

    private Measurement<long>[] ObserveHeld()
    {
        var keys = Partitions.Keys;
        return
        [
            new(keys.Concurrency, new KeyValuePair<string, object?>("limit", LimitWords.Concurrency)),
            new(keys.Rate, new KeyValuePair<string, object?>("limit", LimitWords.Rate)),
            new(keys.Paused, new KeyValuePair<string, object?>("limit", LimitWords.Paused)),
        ];
    }

    private ClockFigures Clock => Volatile.Read(ref _clock)?.Invoke() ?? default;

    private SlotFigures Slots => Volatile.Read(ref _slots)?.Invoke() ?? default;

    /// <summary>Accepted: the store has them.</summary>
    public void Submitted(string queue, string type, int jobs = 1)
    {
        if (_submitted.Enabled) _submitted.Add(jobs, LaneTags(queue, type));
    }

    /// <summary>Not accepted; a replay is not counted.</summary>
    public void Refused(SubmitOutcome outcome, int jobs = 1) => Interlocked.Add(ref _refused[(int)outcome], jobs);

    /// <summary>Ended, and the store has it.</summary>
    /// <param name="errorCode">One of <see cref="JobErrorCodes"/> in FAILURE; null elsewhere.</param>
    public void Finished(string queue, string type, JobState state, string? errorCode = null, int jobs = 1)
    {
        if (!_finished.Enabled) return;
        var tags = LaneTags(queue, type);
        tags.Add("outcome", state switch { JobState.Success => "success", JobState.Failure => "failure", _ => "revoked" });
        tags.Add("code", errorCode ?? "");
        _finished.Add(jobs, tags);
    }

    /// <summary>One attempt ended, as the partition sees it.</summary>
    /// <param name="outcome">As in <see cref="JobAttempt.Outcome"/>.</param>
    public void AttemptEnded(string queue, string type, string outcome, int attempts = 1)
    {
        if (!_attempts.Enabled) return;
        var tags = LaneTags(queue, type);
        tags.Add("outcome", outcome);
        _attempts.Add(attempts, tags);
    }

    /// <summary>A report was refused because its attempt does not hold the job any more.</summary>
    public void Stale(int reports = 1) => Interlocked.Add(ref _stale, reports);

    /// <summary>A job has ended, and whoever was to be told is not: too many calls wait.</summary>
    public void WebhookDropped() => Interlocked.Increment(ref _webhooksDropped);

    /// <summary>Instants of a schedule that its rule of what was missed leaves out.</summary>
    public void InstantsDropped(int instants) => Interlocked.Add(ref _instantsDropped, instants);

    /// <summary>An instant that its schedule passes over because of occurrences that have not ended.</summary>
    public void InstantSkipped() => Interlocked.Increment(ref _instantsSkipped);

    /// <summary>A worker starts an attempt so long after the job was due; a negative one counts as 0.</summary>
    public void Lateness(string queue, string type, TimeSpan late)
    {
        if (_lateness.Enabled) _lateness.Record(Math.Max(0, late.TotalSeconds), LaneTags(queue, type));
    }

    /// <summary>A handler returned, or was given up on.</summary>
    /// <param name="errorType">The exception's type or the error's code; null where it succeeded.</param>
    public void Processed(string queue, string type, TimeSpan took, string? errorType = null)
    {
        if (!_processDuration.Enabled) return;
        var lane = _lanes.Of(queue, type);
        var tags = new TagList
        {
            { "messaging.system", JobTracing.MessagingSystem },
            { "messaging.operation.name", "process" },
            { "messaging.destination.name", lane.Queue },
            { "orleansjobs.job.type", lane.Type },
        };
        if (errorType is not null) tags.Add("error.type", errorType);
        _processDuration.Record(took.TotalSeconds, tags);
    }

    /// <summary>The store answered a commit.</summary>
    /// <param name="operations">Jobs, leases and outcomes that it carried.</param>
    public void Commit(int operations, TimeSpan took, CommitOutcome outcome = CommitOutcome.Applied)
    {
        _commitSize.Record(operations);
        _commitDuration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", Word(outcome)));
        StoreReachable(true);
    }

    /// <summary>The store's reply to a commit was lost, and it is sent again.</summary>
    public void CommitRetried()
    {
        Interlocked.Increment(ref _commitRetries);
        StoreReachable(false);
    }

    public void StoreReachable(bool reachable) => Volatile.Write(ref _storeReachable, reachable ? 1 : 0);

    /// <param name="share">0 to 1.</param>
    public void StoreFullness(double share) => Volatile.Write(ref _fullness, share);

    /// <summary>Where the slots of this silo are read; called by the exporter's thread.</summary>
    public void ObserveSlots(Func<SlotFigures> read) => Volatile.Write(ref _slots, read);

    /// <summary>Where the clock of this silo is compared; called by the exporter's thread.</summary>
    public void ObserveClock(Func<ClockFigures> read) => Volatile.Write(ref _clock, read);

    private TagList LaneTags(string queue, string type)
    {
        var lane = _lanes.Of(queue, type);
        return new TagList { { "queue", lane.Queue }, { "type", lane.Type } };
    }

    private IEnumerable<Measurement<long>> ObserveRefused() =>
        from outcome in new[] { SubmitOutcome.Conflict, SubmitOutcome.Rejected, SubmitOutcome.Overloaded, SubmitOutcome.Unavailable }
        select new Measurement<long>(Volatile.Read(ref _refused[(int)outcome]), new KeyValuePair<string, object?>("reason", JobTracing.Word(outcome)));

    private static string Word(CommitOutcome outcome) => outcome switch
    {
        CommitOutcome.Applied => "applied",
        CommitOutcome.Fenced => "fenced",
        CommitOutcome.Lost => "lost",
        _ => "full",
    };
}

/// <summary>The clock of a silo beside the store's.</summary>
internal readonly record struct ClockFigures(TimeSpan Offset, bool IsWrong);

/// <summary>The slots of a silo at one moment.</summary>
internal readonly record struct SlotFigures(int Limit, int Busy, int Stuck, bool Draining);
